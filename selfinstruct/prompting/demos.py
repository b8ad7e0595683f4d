"""The examples that a prompt shows."""

import random
from collections.abc import Sequence

from selfinstruct.config import DemosConfig
from selfinstruct.types import Example


def choose_demos(
    train: Sequence[Example],
    pool: Sequence[Example],
    cfg: DemosConfig,
    rng: random.Random,
    label: str | None = None,
) -> tuple[Example, ...]:
    """`cfg.real` rows of `train` and `cfg.synthetic` of the pool, shuffled.

    Real rows fill in while the pool is short, as in Self-Instruct (arXiv 2212.10560, section 2.2).
    With a label, rows of that label alone, and fewer where it has fewer: another label's row would
    teach the teacher to miss it.
    """
    real = [row for row in train if label is None or row.label == label]
    shallow = [row for row in pool if row.depth <= cfg.max_depth]
    grown = [row for row in shallow if label is None or row.label == label]
    synthetic = rng.sample(grown, min(cfg.synthetic, len(grown)))
    wanted = cfg.real + cfg.synthetic - len(synthetic)
    demos = [*rng.sample(real, min(wanted, len(real))), *synthetic]
    rng.shuffle(demos)
    return tuple(demos)
