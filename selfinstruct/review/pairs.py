"""Two students' answers to the same dev rows, side by side, without saying whose is whose.

Pure: rows and answers in, pairs out. Which rows, in which order, and which answer is on the left go
by chance alone, the same for the same seed. `dev` alone: what people see of gate or final rows
would be a look at them.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from selfinstruct import stats
from selfinstruct.judging.comparison import MIN_ROWS, finding
from selfinstruct.review.nouns import Agreement, Conflict
from selfinstruct.types import Example, Interval, digest
from selfinstruct.verdict import Finding

Pick = Literal["left", "right", "equal", "bad", "skip", "undo"]
SETTLING: tuple[Pick, ...] = ("left", "right", "equal", "bad")
"""What decides; a pair that was skipped is open and comes again at the end."""
Word = Literal["first", "second", "equal"]
"""What a person, or a judge, says of the two students on a row; both bad is no preference too."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Two students that are compared by people, by name; `rows` dev rows were answered by both.

    `id` is that of the two whichever is named first, and of the way they are asked.
    """

    id: str
    first: str
    second: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """One row with two answers, as it is shown but for `first_left`: whether the first student's
    answer is the one on the left. `position` is its place among all pairs, from 0.
    """

    id: str
    contest: str
    position: int
    example: Example
    left: str
    right: str
    first_left: bool

    @property
    def hash(self) -> str:
        """Changes with anything that a person sees."""
        return digest([self.example.id, self.left, self.right])

    @property
    def answers(self) -> tuple[str, str]:
        """The first student's answer, and the second's."""
        return (self.left, self.right) if self.first_left else (self.right, self.left)


@dataclass(frozen=True, slots=True)
class Choice:
    """One stored line. `id` is the client's UUID: the same twice is one choice. The other fields
    are as in `Decision`.
    """

    id: str
    pair: str
    pair_hash: str
    action: Pick
    reviewer: str = ""
    ms: int = 0
    at: float = 0.0
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of a choice: the line that holds, perhaps of before, or a conflict."""

    stored: Choice | None = None
    duplicate: bool = False
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What people say of two students. Of `rows` that both answered, `pairs` were answered
    differently and `done` of those are judged.

    `prefer_first` is the first student's share of the pairs where one was preferred (95 %, Wilson),
    None where none was; `p_value` is of the exact two-sided sign test on the same; `verdict` is on
    the first student, as `comparison` has it: on fewer than 20 judged pairs it is inconclusive.
    `judge` is how far a model that judged the same pairs agrees, ties among its words.
    """

    contest: Contest
    pairs: int
    done: int
    first: int
    second: int
    equal: int
    bad: int
    skipped: int
    prefer_first: Interval | None
    p_value: float
    verdict: Finding
    judge: Agreement

    @property
    def alike(self) -> int:
        """Rows to which both gave the same answer: nobody is asked about them."""
        return self.contest.rows - self.pairs


def contest_of(names: tuple[str, str], manners: tuple[str, str]) -> Contest:
    """The contest of two students by their names, and by digests of what each is and how it is
    asked. Any two equal manners are one student.
    """
    return Contest(digest(["contest", *sorted(manners)]), *names)


def drawn(rows: Sequence[Example], count: int, seed: int) -> list[Example]:
    """So many of the rows by chance; more of them begin with the same ones."""
    ids = sorted({row.id: row for row in rows}.items())
    order = [row for _, row in ids]
    random.Random(f"{seed}/pairs").shuffle(order)
    return order[:count]


def pairs_of(
    contest: Contest,
    rows: Sequence[Example],
    first: Mapping[str, str],
    second: Mapping[str, str],
    seed: int,
    start: int = 0,
) -> list[Pair]:
    """The rows that were answered differently, at positions from `start` on; white space around an
    answer is none of it. `first` and `second` map a row's id to an answer.
    """
    pairs: list[Pair] = []
    for row in rows:
        ours, theirs = first[row.id], second[row.id]
        if ours.strip() == theirs.strip():
            continue
        coin = random.Random(f"{seed}/pairs/{contest.id}/{row.id}")
        first_left = coin.random() < 0.5
        left, right = (ours, theirs) if first_left else (theirs, ours)
        id_ = digest(["pair", contest.id, row.id])
        pairs.append(Pair(id_, contest.id, start + len(pairs), row, left, right, first_left))
    return pairs


def word(action: str, *, first_left: bool) -> Word:
    """What a choice that settles says of the two students."""
    if action not in ("left", "right"):
        return "equal"
    return "first" if (action == "left") == first_left else "second"


def outcome(contest: Contest, chosen: Iterable[tuple[str | None, bool, Word | None]]) -> Outcome:
    """What the choices that hold come to: of each pair the action, None where there is none yet,
    whether the first student is on the left, and the judge's word.
    """
    pairs = list(chosen)
    settled = [(action, side, said) for action, side, said in pairs if action in SETTLING]
    words = [word(str(action), first_left=side) for action, side, _ in settled]
    first, second = words.count("first"), words.count("second")
    bad = sum(action == "bad" for action, _, _ in settled)
    p_value = stats.mcnemar(first, second)
    both = [(said, own) for (_, _, said), own in zip(settled, words, strict=True) if said]
    agree = sum(one == other for one, other in both) / len(both) if both else None
    return Outcome(
        contest=contest,
        pairs=len(pairs),
        done=len(settled),
        first=first,
        second=second,
        equal=len(settled) - first - second - bad,
        bad=bad,
        skipped=sum(action == "skip" for action, _, _ in pairs),
        prefer_first=stats.wilson(first, first + second) if first + second else None,
        p_value=p_value,
        verdict=finding(first - second, p_value) if len(settled) >= MIN_ROWS else "inconclusive",
        judge=Agreement(len(both), agree, stats.cohen_kappa(both)),
    )
