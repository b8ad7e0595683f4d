"""Two students' answers to the same dev rows, side by side, without saying whose is whose.

Which answer is on the left goes by a digest, so that it is the same after a restart and nobody can
learn it. `dev` alone: what people see of gate rows would be a look at them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.types import Example, Interval, Report, digest

Choice = Literal["a", "b", "equal"]


@dataclass(frozen=True, slots=True)
class Pair:
    """One row with two answers; `first_is_a` says on which side the first student's is."""

    id: str
    position: int
    example: Example
    a: str
    b: str
    first_is_a: bool


@dataclass(frozen=True, slots=True)
class Preference:
    """How often people preferred each student's answer, and the first one's share of the rows where
    they did prefer one (95 %, Wilson), None where they never did; `p` is the two-sided exact
    p-value that neither is preferred.
    """

    first: int
    second: int
    equal: int
    share: Interval | None
    p: float


def pairs_of(first: Report, second: Report, dev: Sequence[Example]) -> list[Pair]:
    """The rows that both answered, differently, in an order that says nothing of the rows.

    Raises `UserError` for reports of another split than dev, of one student, or without answers.
    """
    if first.split != "dev" or second.split != "dev":
        raise UserError("answers are compared by people on dev rows alone")
    if first.checkpoint == second.checkpoint:
        raise UserError("both reports are of one student, so there is nothing to compare")
    rows = {row.id: row for row in dev}
    of_first = dict(zip(first.ids, first.answers, strict=True))
    of_second = dict(zip(second.ids, second.answers, strict=True))
    names = sorted((first.checkpoint, second.checkpoint))
    both = [id_ for id_ in first.ids if id_ in rows and id_ in of_second]
    if not any(of_first[id_] or of_second[id_] for id_ in both):
        raise UserError("these reports have no answers to compare, only scores")
    differ = [id_ for id_ in both if of_first[id_] != of_second[id_]]
    pairs = []
    for position, id_ in enumerate(sorted(differ, key=lambda each: digest([*names, each]))):
        first_is_a = int(digest([*names, id_, "side"]), 16) % 2 == (first.checkpoint == names[0])
        sides = (of_first[id_], of_second[id_]) if first_is_a else (of_second[id_], of_first[id_])
        pairs.append(Pair(id_, position, rows[id_], *sides, first_is_a))
    return pairs


def preference(choices: Iterable[tuple[Pair, Choice]]) -> Preference:
    """What people's choices say of the two students."""
    first = second = equal = 0
    for pair, choice in choices:
        if choice == "equal":
            equal += 1
        elif (choice == "a") == pair.first_is_a:
            first += 1
        else:
            second += 1
    share = stats.wilson(first, first + second) if first + second else None
    return Preference(first, second, equal, share, stats.mcnemar(first, second))
