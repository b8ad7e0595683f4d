"""The examples that a prompt shows."""

import random
from collections.abc import Collection, Sequence

from selfinstruct.config import DemosConfig
from selfinstruct.types import Example


def choose_demos(
    train: Sequence[Example],
    pool: Sequence[Example],
    cfg: DemosConfig,
    rng: random.Random,
    label: str | None = None,
    full: Collection[str] = (),
) -> tuple[Example, ...]:
    """`cfg.real` rows of `train` and `cfg.synthetic` of the pool, shuffled.

    Real rows fill in while the pool is short, as in Self-Instruct (arXiv 2212.10560, section 2.2).
    With a label, rows of that label alone, and fewer where it has fewer: another label's row would
    teach the teacher to miss it.

    The rows in `full` have had their share of children, and a prompt that shows one brings nothing
    but rejects. So those of the pool are never shown, and real ones only where no other real row
    is left, since a prompt without real rows would teach the teacher its own ways: better fewer
    rows than full ones. Where `full` is empty the draw is what it would be without it.
    """
    real = unless_full([row for row in train if label is None or row.label == label], full)
    shallow = [row for row in pool if row.depth <= cfg.max_depth and row.id not in full]
    grown = [row for row in shallow if label is None or row.label == label]
    synthetic = rng.sample(grown, min(cfg.synthetic, len(grown)))
    wanted = cfg.real + cfg.synthetic - len(synthetic)
    demos = [*rng.sample(real, min(wanted, len(real))), *synthetic]
    rng.shuffle(demos)
    return tuple(demos)


def unless_full(rows: Sequence[Example], full: Collection[str]) -> list[Example]:
    """The rows that may have more children, or all where none may."""
    return [row for row in rows if row.id not in full] or list(rows)
