"""Two sets of rows side by side: what came, what went, what was reworded, how labels moved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.types import Example

NO_LABEL = ""


@dataclass(frozen=True)
class Reworded:
    """A row of the first set, and the one of the second that was made from it in its place."""

    before: Example
    after: Example


@dataclass(frozen=True)
class Change:
    """From one set to another. A row is itself by its id, a digest of its words and label.

    `both` counts what is in both; `labels` has for each label its rows in the first and the second,
    the largest shift of share first.
    """

    both: int
    added: tuple[Example, ...]
    removed: tuple[Example, ...]
    reworded: tuple[Reworded, ...]
    labels: Mapping[str, tuple[int, int]]


def change(before: Sequence[Example], after: Sequence[Example]) -> Change:
    """What it takes to get from one set of rows to the other; a row counts once in each.

    A row that is gone and whose child came instead, or whose text now has another answer or
    label, is reworded; each row is in at most one such pair.
    """
    old, new = _by_id(before), _by_id(after)
    gone = {id_: row for id_, row in old.items() if id_ not in new}
    came = {id_: row for id_, row in new.items() if id_ not in old}
    reworded = []
    by_text = {_text(row): id_ for id_, row in reversed(gone.items())}
    for id_, row in list(came.items()):
        place = next((parent for parent in row.parents if parent in gone), by_text.get(_text(row)))
        if place is not None and place in gone:
            reworded.append(Reworded(gone.pop(place), came.pop(id_)))
    return Change(
        both=len(old.keys() & new.keys()),
        added=tuple(came.values()),
        removed=tuple(gone.values()),
        reworded=tuple(reworded),
        labels=_labels(old.values(), new.values()),
    )


def _by_id(rows: Iterable[Example]) -> dict[str, Example]:
    return {row.id: row for row in rows}


def _text(row: Example) -> tuple[object, ...]:
    return (row.instruction, row.input, row.turns)


def _labels(old: Iterable[Example], new: Iterable[Example]) -> dict[str, tuple[int, int]]:
    first = Counter(row.label or NO_LABEL for row in old)
    second = Counter(row.label or NO_LABEL for row in new)
    of_first, of_second = max(1, first.total()), max(1, second.total())

    def shift(label: str) -> tuple[float, str]:
        return (-abs(second[label] / of_second - first[label] / of_first), label)

    return {label: (first[label], second[label]) for label in sorted(first | second, key=shift)}
