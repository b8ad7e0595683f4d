"""Two fates of each candidate side by side: how many fell for what, and which moved."""

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from selfinstruct.refilter.answers import NOT_ASKED
from selfinstruct.refilter.rules import NOT_MEASURED
from selfinstruct.text import question_text
from selfinstruct.types import ROUND_FULL, Example, Rejection, Screened

KINDS = ("dropped", "kept", "unknown", "reason")
"""What may happen to a candidate: see `Moved.kind`."""
UNKNOWN = (NOT_ASKED, NOT_MEASURED)
"""Reasons of candidates of which nobody can say whether they would be kept."""


@dataclass(frozen=True, slots=True)
class Fate:
    """A candidate and why it fell, None for one that was kept."""

    row: Example
    why: Rejection | None = None

    @property
    def reason(self) -> str | None:
        """The reason's name, None for a row that was kept."""
        return None if self.why is None else self.why.reason


@dataclass(frozen=True, slots=True)
class Moved:
    """A candidate whose fate changed; None for a side on which it does not exist.

    A question that fell before it had an answer is the same candidate as the row made of it.
    """

    round: int
    wave: int
    before: Fate | None
    after: Fate | None

    @property
    def row(self) -> Example:
        """The candidate in its fullest form: as it was, or is now, when it is kept."""
        sides = [fate for fate in (self.after, self.before) if fate is not None]
        return next((fate.row for fate in sides if fate.why is None), sides[0].row)

    @property
    def kind(self) -> str:
        """`dropped` for a row that was kept and falls now, `kept` for one that comes in, `unknown`
        for one of which only asking could tell, and `reason` where another filter drops it.
        """
        was = self.before is not None and self.before.why is None
        if self.after is not None and self.after.why is None:
            return "reason" if was else "kept"
        if was:
            return "dropped"
        return "unknown" if self.after is not None and self.after.reason in UNKNOWN else "reason"


def fates(wave: Screened) -> list[Fate]:
    """Every candidate of a wave, those kept first."""
    return [
        *(Fate(row) for row in wave.accepted),
        *(Fate(item.what, item) for item in wave.rejected),
    ]


def count(waves: Iterable[Screened]) -> Counter[str]:
    """How many candidates fell for each reason."""
    return Counter(item.reason for wave in waves for item in wave.rejected)


def fit(waves: Iterable[Screened]) -> int:
    """How many candidates pass every filter, whether their round had room for them or not."""
    each = list(waves)
    return sum(len(wave.accepted) for wave in each) + count(each)[ROUND_FULL]


def moved(place: tuple[int, int], before: Screened, after: Screened) -> list[Moved]:
    """The candidates of one wave whose fates differ.

    A value, threshold or neighbour that differs counts as well.
    """
    pairs = _match(fates(before), fates(after))
    return [Moved(*place, old, new) for old, new in pairs if old != new]


def _match(before: list[Fate], after: list[Fate]) -> Iterator[tuple[Fate | None, Fate | None]]:
    """By all their words and the call first, then by the question: one that fell before it had an
    answer may have become several rows, and the other way round.
    """
    same: defaultdict[Hashable, deque[Fate]] = defaultdict(deque)
    for fate in before:
        same[fate.row.id, fate.row.attempt].append(fate)
    new: defaultdict[Hashable, list[Fate]] = defaultdict(list)
    for fate in after:
        waiting = same[fate.row.id, fate.row.attempt]
        if waiting:
            yield waiting.popleft(), fate
        else:
            new[_question(fate.row)].append(fate)
    old: defaultdict[Hashable, list[Fate]] = defaultdict(list)
    for waiting in same.values():
        for fate in waiting:
            old[_question(fate.row)].append(fate)
    for question in dict.fromkeys([*new, *old]):
        for at in range(max(len(old[question]), len(new[question]))):
            yield _at(old[question], at), _at(new[question], at)


def _at(fates: list[Fate], place: int) -> Fate | None:
    """The last one stands for all beyond it; None where there is none at all."""
    return fates[min(place, len(fates) - 1)] if fates else None


def _question(row: Example) -> Hashable:
    return (row.label, question_text(row))
