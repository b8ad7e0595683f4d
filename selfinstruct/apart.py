"""Synthetic rows set apart from training for good: the stress set that a run was exported as.

They stand in the ledger, so that a fork keeps them too. A mixture that was made before is made
again as it was; a new one is without them, and without what is as near to one of them as a row may
not come to a held-out one.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.rows import from_example, to_example
from selfinstruct.store import Store
from selfinstruct.types import Example

KEY = "stress"


def stress_rows(store: Store) -> tuple[Example, ...]:
    """The rows that are set apart, in the order in which they were."""
    return tuple(to_example(row) for row in (store.meta(KEY) or {"rows": []})["rows"])


def set_apart(store: Store, rows: Iterable[Example], cfg: ContaminationConfig) -> None:
    """Add rows to those set apart; `cfg` says from now on what is too near to one of them."""
    by_id = {row.id: row for row in (*stress_rows(store), *rows)}
    kept: dict[str, Any] = {
        "rows": [from_example(row) for row in by_id.values()],
        "contamination": cfg.model_dump(mode="json"),
    }
    store.set_meta(KEY, kept)


def too_near(store: Store, synthetic: Sequence[Example], train: Sequence[Example]) -> list[str]:
    """The ids of those synthetic rows that must not be trained on, sorted."""
    rows = stress_rows(store)
    if not rows:
        return []
    cfg = ContaminationConfig.model_validate(store.meta(KEY)["contamination"])
    held_out, ids = HeldOut.build(rows, cfg, train), {row.id for row in rows}
    return sorted({row.id for row in synthetic if row.id in ids or held_out.leak(row) is not None})


def without_stress(
    store: Store, synthetic: Sequence[Example], train: Sequence[Example]
) -> tuple[Example, ...]:
    """The synthetic rows that may be trained on, in order."""
    gone = set(too_near(store, synthetic, train))
    return tuple(row for row in synthetic if row.id not in gone)
