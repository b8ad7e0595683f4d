"""The synthetic rows that prompts may show, found by label without a look at all the others."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, overload

from selfinstruct.config import DemosConfig
from selfinstruct.types import Example

Kind = Literal["row", "answered", "talk"]
"""Any row, those with a response, and of these the conversations."""


class Shelf:
    """Rows in the order in which they were made, each id once; it grows by what is accepted.

    A row deeper than `max_depth` is never shown, nor is one that was taken off.
    """

    def __init__(
        self, rows: Iterable[Example] = (), max_depth: int = DemosConfig().max_depth
    ) -> None:
        self.rows: list[Example] = []
        self._max_depth = max_depth
        self._places: dict[str, int] = {}
        self._shown: defaultdict[tuple[Kind, str | None], list[int]] = defaultdict(list)
        self._counts: Counter[tuple[Kind, str | None]] = Counter()
        self.add(rows)

    def add(self, rows: Iterable[Example]) -> None:
        """Put rows behind the others."""
        for row in rows:
            place = len(self.rows)
            self.rows.append(row)
            self._places[row.id] = place
            keys = _keys(row)
            self._counts.update(keys)
            if row.depth <= self._max_depth:
                for key in keys:
                    self._shown[key].append(place)

    def take_off(self, ids: Iterable[str]) -> None:
        """Show these no more, as far as they are here."""
        for place in (self._places[id_] for id_ in ids if id_ in self._places):
            for key in _keys(self.rows[place]):
                shown = self._shown[key]
                at = bisect_left(shown, place)
                if shown[at : at + 1] == [place]:
                    del shown[at]

    def of(self, label: str | None = None, kind: Kind = "row") -> Sequence[Example]:
        """The rows of a label that may be shown, of any where it is None."""
        return _Picked(self.rows, self._shown.get((kind, label), []))

    def count(self, label: str | None = None, kind: Kind = "row") -> int:
        """How many rows of a label were put here, shown or not; of any where it is None."""
        return self._counts[kind, label]

    def shallow(self, label: str | None = None) -> list[Example]:
        """The rows of a label that may be shown or were taken off: a look at all rows."""
        return [
            row
            for row in self.rows
            if row.depth <= self._max_depth and (label is None or row.label == label)
        ]


class _Picked(Sequence[Example]):
    """The rows at some places, in order, none of them copied."""

    def __init__(self, rows: Sequence[Example], places: Sequence[int]) -> None:
        self._rows = rows
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Example: ...

    @overload
    def __getitem__(self, at: slice) -> list[Example]: ...

    def __getitem__(self, at: int | slice) -> Example | list[Example]:
        if isinstance(at, slice):
            return [self._rows[place] for place in self._places[at]]
        return self._rows[self._places[at]]


def _keys(row: Example) -> list[tuple[Kind, str | None]]:
    kinds: list[Kind] = ["row"]
    if row.response:
        kinds.append("answered")
        if row.turns:
            kinds.append("talk")
    labels = [None] if row.label is None else [None, row.label]
    return [(kind, label) for kind in kinds for label in labels]
