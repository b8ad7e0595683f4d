"""A few rows of a run for the eye: kept ones, and dropped ones of every reason with what they were
near.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from selfinstruct.report.gather import Facts
from selfinstruct.text import whole_question
from selfinstruct.types import Example

T = TypeVar("T")

KEPT, DROPPED = 8, 3
"""Rows kept, and rows dropped for one reason."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A dropped candidate as a page shows it; `near` is the text of its neighbour, of a gate or
    final row its id alone.

    `measured` is the value and the limit it broke, in words.
    """

    round: int
    reason: str
    asked: str
    answer: str
    measured: str
    near: str


def kept_samples(facts: Facts, most: int = KEPT) -> list[Example]:
    """Evenly spaced rows of all that were kept, the first and the last among them."""
    return spaced(facts.synthetic, most)


def dropped_samples(facts: Facts, most: int = DROPPED) -> list[Dropped]:
    """At most so many dropped candidates of every reason, the commonest reason first."""
    by_reason: dict[str, list[Dropped]] = {}
    texts = {row.id: _words(row) for row in _known(facts)}
    for each in facts.bootstrap_rounds:
        for item in each.rejected:
            near = texts.get(item.neighbour or "", item.neighbour or "")
            measured = "" if item.value is None else f"{_number(item.value)}"
            if item.threshold is not None:
                measured += f" (limit {_number(item.threshold)})"
            by_reason.setdefault(item.reason, []).append(
                Dropped(
                    each.index,
                    item.reason,
                    whole_question(item.what),
                    item.what.response,
                    measured.strip(),
                    near,
                )
            )
    ranked = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    return [one for _, found in ranked for one in spaced(found, most)]


def spaced(rows: Sequence[T], most: int) -> list[T]:
    """At most `most` of the rows, evenly spaced, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    if most == 1:
        return [rows[0]]
    return [rows[at * (len(rows) - 1) // (most - 1)] for at in range(most)]


def _known(facts: Facts) -> list[Example]:
    real = (facts.data.train, facts.data.dev)  # a page is passed around, and gate rows are not
    dropped = (item.what for each in facts.bootstrap_rounds for item in each.rejected)
    # Real rows last: of rows with equal words they are the ones a reader wants to see.
    return [*dropped, *facts.synthetic, *(row for split in real for row in split)]


def _words(row: Example) -> str:
    origin = "real" if row.origin == "real" else f"synthetic, round {row.round}"
    return f"{whole_question(row)} ({origin})"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"
