"""Which of two students answers better, by a judge that reads both: a gain for each row.

A judge prefers a place and the longer answer whatever they say, so each pair is asked in both
orders, where a change of mind is a tie (Zheng et al., arXiv 2306.05685, section 3.4), and what
length alone brings is taken out (Dubois et al., arXiv 2404.04475). What it cannot be trusted with
is in its health.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from selfinstruct import chat, stats, text
from selfinstruct.config import JudgeConfig
from selfinstruct.errors import IncompleteError
from selfinstruct.prompting import SHIPPED, Form, Prompts
from selfinstruct.types import Completion, Example, Prompt, Report
from selfinstruct.verdict import JudgeHealth

METRIC = "judge"
FORM = Form(
    "judge/pairwise.j2",
    {
        "criteria": "whether it is true",
        "question": "Name a colour.",
        "first": "Blue.",
        "second": "A cat.",
    },
)
ENOUGH = 8.0
"""The least spread of lengths, sum of (x - mean x)^2, that a slope is taken from: what some 20 rows
of ordinary lengths have. With less, its standard error is above 8^-1/2 = 0.35 where a gain is 1 at
most, and a handful of rows would speak for all.
"""

TAGS = re.compile(r"[<\uff1c\ufe64](?=\W{0,9}(?:question|answer))", re.IGNORECASE)
MARKS = re.compile(r"[*_`\"'()\[\]]")
# Possessive (*+): two runs of blanks side by side would share out a long one in every way there is.
LETTER = re.compile(r"(?:(?:answer|winner|verdict)\b\s*+(?:[:=]\s*+)?)?([ABC])[.!]?", re.IGNORECASE)
JSON = re.compile(r"""\{\s*"winner"\s*:\s*"([ABC])"\s*\}""", re.IGNORECASE)

Choice = Literal["A", "B", "C"]
CHOICES: Mapping[str, Choice] = {"A": "A", "B": "B", "C": "C"}
AskJudge = Callable[[Sequence[Prompt]], Sequence[Completion]]
"""Prompts in, one greedy answer each out, in their order."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Our gain on each row at equal length, whose mean is the share of wins less that of losses,
    and how far the judge can be trusted.

    A row's gain is mostly in -1..1; where lengths differ much, one row may speak for several.
    `said` is what the judge said of each row in both orders, whatever the lengths: 1 ours, -1
    theirs, 0 a tie or no word.
    """

    gains: tuple[float, ...]
    health: JudgeHealth
    said: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """What the judge said of one row: with our answer first, and with theirs first."""

    ours_first: Choice | None
    theirs_first: Choice | None

    @property
    def parsable(self) -> bool:
        return self.ours_first is not None and self.theirs_first is not None

    @property
    def split(self) -> bool:
        return self.ours_first == self.theirs_first and self.ours_first in ("A", "B")

    @property
    def gain(self) -> int:
        said = (self.ours_first, self.theirs_first)
        return int(said == ("A", "B")) - int(said == ("B", "A"))


@dataclass(frozen=True, slots=True)
class _Controlled:
    """Gains at equal length, the slope taken out, and whether length is known to be out of them."""

    gains: Floats
    slope: float
    sure: bool


def judge_answers(
    rows: Sequence[Example],
    ours: Sequence[str],
    theirs: Sequence[str],
    ask: AskJudge,
    cfg: JudgeConfig,
    seed: int,
    prompts: Prompts = SHIPPED,
) -> Judged:
    """Two students' answers to the same rows in, our gains over them out.

    Each row is asked in both orders, under the letters A and B alone; equal answers are a tie and
    are not asked. `seed` draws which order of a row is asked first, so that a judge that changes
    while it is asked favours nobody. Unhealthy is a judge whose answers name no winner on more than
    `cfg.max_unparsable` of the rows asked, one that decided more rows by place than by what they
    say (`split` above wins + losses), and one whose taste for length cannot be told from a gain,
    because one student is longer throughout. Raises `IncompleteError` where a call failed.
    """
    rng = random.Random(f"{seed}/judge")
    asked = [at for at in range(len(rows)) if ours[at].strip() != theirs[at].strip()]
    turns = [(at, ours_first) for at in asked for ours_first in rng.sample((True, False), 2)]
    shown = [
        (ours[at], theirs[at]) if ours_first else (theirs[at], ours[at]) for at, ours_first in turns
    ]
    questions = [
        _prompt(rows[at], answers, cfg.criteria, prompts)
        for (at, _), answers in zip(turns, shown, strict=True)
    ]
    completions = ask(questions) if questions else ()
    said = {
        turn: _choice(completion, rows[turn[0]])
        for turn, completion in zip(turns, completions, strict=True)
    }
    pairs = {at: _Pair(said[at, True], said[at, False]) for at in asked}
    gains = [pairs[at].gain if at in pairs else 0 for at in range(len(rows))]
    words = [
        len(text.words(mine)) - len(text.words(other))
        for mine, other in zip(ours, theirs, strict=True)
    ]
    found = _control_length(np.array(gains, dtype=np.float64), np.array(words, dtype=np.float64))
    health = _health(gains, list(pairs.values()), found, cfg.max_unparsable)
    return Judged(tuple(found.gains.tolist()), health, tuple(gains))


def with_judge(ours: Report, theirs: Report, judged: Judged) -> tuple[Report, Report]:
    """Both reports with the score `judge`: a row's gain is what ours has more than theirs, and the
    two share one, as two players share a point.
    """
    shares = [(0.5 + gain / 2, 0.5 - gain / 2) for gain in judged.gains]
    mine, other = (tuple(share[side] for share in shares) for side in (0, 1))
    return (
        replace(ours, scores={**ours.scores, METRIC: mine}),
        replace(theirs, scores={**theirs.scores, METRIC: other}),
    )


def read_choice(answer: str) -> Choice | None:
    """The letter that an answer names, None where it names none or more than one.

    The letter stands alone on the first line, up to emphasis, brackets, a full stop and a leading
    "Answer:", or as {"winner": "A"}. What is said after it does not count, unless it is another
    letter; a letter inside a sentence is never taken for a choice. A block of thought is skipped.
    """
    plain = chat.read_answer(answer, "response").response
    if whole := JSON.fullmatch(plain):
        return CHOICES[whole[1].upper()]
    lines = [MARKS.sub("", line).strip() for line in plain.splitlines() if line.strip()]
    named = [match[1].upper() for line in lines if (match := LETTER.fullmatch(line))]
    alone = len(named) == 1 and LETTER.fullmatch(lines[0])
    return CHOICES[named[0]] if alone else None


def _prompt(row: Example, answers: tuple[str, str], criteria: str, prompts: Prompts) -> Prompt:
    turns = chat.prompt_messages(row, system="")
    question = "\n\n".join(
        turn.content if len(turns) == 1 else f"{turn.role}: {turn.content}" for turn in turns
    )
    first, second = answers
    return prompts.build(
        FORM,
        (),
        criteria=criteria,
        question=_as_data(question),
        first=_as_data(first.strip()),
        second=_as_data(second.strip()),
    )


def _as_data(words: str) -> str:
    """The text with every "<" that might open one of the template's tags written as `&lt;`."""
    return TAGS.sub("&lt;", words)


def _choice(completion: Completion, row: Example) -> Choice | None:
    if completion.finish_reason == "error":
        raise IncompleteError(
            f"the judge failed on row {row.id}: {completion.error}",
            next_step="mend that, and start the same command again",
        )
    return read_choice(completion.text)


def _control_length(gains: Floats, longer: Floats) -> _Controlled:
    """Gains and the words we have more in, gains at equal length out, as jackknife influences.

    As in Length-Controlled AlpacaEval, x is the hyperbolic tangent of the difference in standard
    deviations, and the gain at x = 0 counts; here by a straight line through the gains, whose
    intercept needs no prior. Gain minus slope times x would have the same mean and too little
    spread: it forgets that the slope is estimated, and where one student is a standard deviation
    longer it finds a gain between equal ones three times as often as it says. The influences
    (Tukey, Ann. Math. Stat. 29:614, 1958), from the sums without each row, do not.
    """
    spread = longer.std() if longer.size else 0.0
    x = np.tanh(longer / spread) if spread > 0 else np.sign(longer)
    of_row = np.stack([np.ones_like(x), x, gains, x * x, x * gains])
    total = of_row.sum(axis=1)
    n, sum_x, _, sum_xx, _ = total
    if sum_xx - sum_x**2 / max(n, 1) < ENOUGH:
        return _Controlled(gains, 0.0, sure=bool(sum_xx < ENOUGH))
    level, slope = _line(total)
    without, _ = _line(total[:, None] - of_row)
    return _Controlled(stats.influences(float(level), without), float(slope), sure=True)


def _line(sums: Floats) -> tuple[Floats, Floats]:
    """Sums of 1, x, y, x^2 and x y in, intercept and slope of the least squares line out."""
    n, x, y, xx, xy = sums
    slope = (xy - x * y / n) / (xx - x * x / n)
    return (y - slope * x) / n, slope


def _health(
    gains: Sequence[int], pairs: Sequence[_Pair], found: _Controlled, max_unparsable: float
) -> JudgeHealth:
    named = [
        choice
        for pair in pairs
        for choice in (pair.ours_first, pair.theirs_first)
        if choice in ("A", "B")
    ]
    wins, losses = gains.count(1), gains.count(-1)
    split = sum(pair.split for pair in pairs)
    unparsable = sum(not pair.parsable for pair in pairs)
    doubt = ""
    if unparsable > max_unparsable * len(pairs):
        doubt = f"named no winner on {unparsable} of {len(pairs)} rows that it was asked about"
    elif split > wins + losses:
        doubt = f"went by the place of an answer on {split} rows, more than it decided"
    elif not found.sure:
        doubt = "cannot be told apart from one that goes by length alone"
    return JudgeHealth(
        rows=len(gains),
        wins=wins,
        losses=losses,
        ties=len(gains) - wins - losses,
        split=split,
        unparsable=unparsable,
        first=named.count("A") / len(named) if named else 0.5,
        length=found.slope * float(np.tanh(1.0)),
        healthy=not doubt,
        doubt=doubt,
    )
