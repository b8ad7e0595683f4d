"""Synthetic rows set apart from training for good: the stress set that a run was exported as.

They stand in the ledger, so that a fork keeps them too. A mixture that was made before is made
again as it was; a new one is without them, and without what is as near to one of them as a row may
not come to a held-out one. Nor does a round that begins later show the teacher any of these.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.rows import Row, from_example, to_example
from selfinstruct.store import Store
from selfinstruct.types import Example

KEY = "stress"


def stress_rows(store: Store) -> tuple[Example, ...]:
    """The rows that are set apart, in the order in which they were."""
    return tuple(to_example(row) for row in (store.meta(KEY) or {"rows": []})["rows"])


def set_apart(store: Store, rows: Iterable[Example], cfg: ContaminationConfig) -> None:
    """Add rows to those set apart; `cfg` says from now on what is too near to one of them.

    With each goes the first round that has not begun, which is the first that shows it to nobody:
    what an earlier one showed can still be told.
    """
    before, by_id = store.meta(KEY), {row.id: row for row in stress_rows(store)}
    since = _since(store, before) if before else []
    first = _next_round(store)
    for row in rows:
        if row.id not in by_id:
            by_id[row.id] = row
            since.append(first)
    kept: dict[str, Any] = {
        "rows": [from_example(row) for row in by_id.values()],
        "since": since,
        "contamination": cfg.model_dump(mode="json"),
    }
    store.set_meta(KEY, kept)


def date_set(store: Store) -> None:
    """Note in a set of an earlier version, which did not, from which round on nobody is shown it.

    A run does so before it asks for anything more.
    """
    kept = store.meta(KEY)
    if kept is not None and "since" not in kept:
        store.set_meta(KEY, {**kept, "since": _since(store, kept)})


def carried(store: Store, last: int) -> Row:
    """The set as a fork has it that keeps the candidates up to round `last`: every later round is
    asked for anew, and shows none of the rows.
    """
    kept = store.meta(KEY)
    if kept is None:
        return {}
    return {KEY: {**kept, "since": [min(first, last + 1) for first in _since(store, kept)]}}


def too_near(store: Store, synthetic: Sequence[Example], train: Sequence[Example]) -> list[str]:
    """The ids of those synthetic rows that must not be trained on, sorted."""
    apart = _read(store, train)
    return sorted({row.id for row in synthetic if apart.is_near(row)})


def without_stress(
    store: Store, synthetic: Sequence[Example], train: Sequence[Example]
) -> tuple[Example, ...]:
    """The synthetic rows that may be trained on, in order."""
    apart = _read(store, train)
    return tuple(row for row in synthetic if not apart.is_near(row))


def to_show(
    store: Store, index: int, train: Sequence[Example]
) -> Callable[[Sequence[Example]], tuple[Example, ...]]:
    """What keeps of synthetic rows, in order, those that round `index` may show the teacher."""
    apart = _read(store, train, index)
    return lambda rows: tuple(row for row in rows if not apart.is_near(row))


@dataclass(frozen=True)
class _Apart:
    """Rows set apart, and what is too near to one; what was found of a row is remembered."""

    ids: frozenset[str] = frozenset()
    held_out: HeldOut | None = None
    found: dict[str, bool] = field(default_factory=dict)

    def is_near(self, row: Example) -> bool:
        if self.held_out is None:
            return False
        if row.id not in self.found:
            near = row.id in self.ids or self.held_out.leak(row) is not None
            self.found[row.id] = near
        return self.found[row.id]


def _read(store: Store, train: Sequence[Example], index: int | None = None) -> _Apart:
    """All that is set apart, or what was when round `index` began."""
    kept = store.meta(KEY)
    if kept is None:
        return _Apart()
    pairs = zip(stress_rows(store), _since(store, kept), strict=True)
    rows = [row for row, first in pairs if index is None or first <= index]
    if not rows:
        return _Apart()
    cfg = ContaminationConfig.model_validate(kept["contamination"])
    return _Apart(frozenset(row.id for row in rows), HeldOut.build(rows, cfg, train))


def _since(store: Store, kept: Row) -> list[int]:
    """By row the first round that shows it to nobody. An earlier version kept no word of that and
    went on showing its rows, so of those it is the round after the last there is.
    """
    if "since" in kept:
        return list(kept["since"])
    return [_next_round(store)] * len(kept["rows"])


def _next_round(store: Store) -> int:
    """The first without a wave. Calls do not tell: a fork has those of rounds that it left out."""
    return 1 + max((index for index, _ in store.waves()), default=0)
