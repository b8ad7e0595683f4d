"""The examples that a prompt shows."""

import random
from collections.abc import Collection, Sequence

from selfinstruct.config import DemosConfig
from selfinstruct.prompting.shelf import Kind, Shelf
from selfinstruct.types import Example


def choose_demos(
    train: Sequence[Example],
    pool: Shelf,
    cfg: DemosConfig,
    rng: random.Random,
    label: str | None = None,
    full: Collection[str] = (),
    kind: Kind = "row",
) -> tuple[Example, ...]:
    """`cfg.real` rows of `train` and `cfg.synthetic` of the pool of this kind, shuffled.

    Real rows fill in while the pool is short, as in Self-Instruct (arXiv 2212.10560, section 2.2).
    With a label, rows of that label alone, and fewer where it has fewer: another label's row would
    teach the teacher to miss it.

    The rows in `full` have had their share of children, and a prompt that shows one brings nothing
    but rejects. So those of the pool are taken off it, and real ones shown only where no other real
    row is left, since a prompt without real rows would teach the teacher its own ways: better fewer
    rows than full ones. Where `full` is empty the draw is what it would be without it.
    """
    own = _of_label(train, label)
    real = _unless_full(own, full) or own
    grown = pool.of(label, kind)
    synthetic = rng.sample(grown, min(cfg.synthetic, len(grown)))
    wanted = cfg.real + cfg.synthetic - len(synthetic)
    demos = [*rng.sample(real, min(wanted, len(real))), *synthetic]
    rng.shuffle(demos)
    return tuple(demos)


def choose_row(
    train: Sequence[Example],
    pool: Shelf,
    rng: random.Random,
    label: str | None = None,
    full: Collection[str] = (),
) -> Example:
    """One row of both, of a label if one is given; one that is full only where all are.

    Raises `IndexError` where there is none.
    """
    own = _of_label(train, label)
    real: Sequence[Example] = _unless_full(own, full)
    grown = pool.of(label)
    if not real and not grown:
        real, grown = own, pool.shallow(label)
    at = rng.choice(range(len(real) + len(grown)))
    return real[at] if at < len(real) else grown[at - len(real)]


def _of_label(rows: Sequence[Example], label: str | None) -> list[Example]:
    return [row for row in rows if label is None or row.label == label]


def _unless_full(rows: Sequence[Example], full: Collection[str]) -> list[Example]:
    return [row for row in rows if row.id not in full]
