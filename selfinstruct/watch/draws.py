"""Which rows are compared in each draw: as many watched rows as real ones, and rows held apart.

A mixture holds the real rows themselves. Where a draw of it takes some, the real draw takes the
same ones, so that only the synthetic rows and the real rows they stand in for can differ; neither
draw takes a row of the reference, which is what coverage and distances are measured against.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from selfinstruct.stats.halves import Chain, Places, delete_factor
from selfinstruct.types import Example

FEW_ROWS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """Draws of equal size: each line of `watched`, `real` and `reference` holds places in `rows`.

    `rows` are the real ones, each of them once, and then the others; so are the parts (0 and 1) of
    the `chain`.
    """

    rows: tuple[Example, ...]
    watched: Places
    real: Places
    reference: Places
    chain: Chain


def plan_draws(
    watched: Sequence[Example],
    real: Sequence[Example],
    draws: int,
    max_rows: int,
    rng: np.random.Generator,
) -> Plan | None:
    """Watched and real rows in, `draws` pairs of samples without replacement out.

    At most `max_rows` random ones of each side are looked at, half of the smaller side in each
    draw. A real row of a mixture counts once however often `mixture.repeat` copies it, for that is
    no collapse, but the draws keep the mixture's share of real rows, copies included. None with
    fewer than `FEW_ROWS` rows on a side: half of them say nothing.
    """
    distinct = tuple({row.id: row for row in real}.values())
    reals, seen = _sample(distinct, max_rows, rng), _sample(watched, max_rows, rng)
    if not seen:
        return None
    place = {row.id: index for index, row in enumerate(reals)}
    mixed = [row.origin == "real" and row.id in place for row in seen]
    shared = np.array(sorted({place[row.id] for row in compress(seen, mixed)}), np.intp)
    others = [row for row, is_real in zip(seen, mixed, strict=True) if not is_real]
    copies = len(seen) - len(others)
    size = min(len(reals), len(seen)) // 2
    if copies:  # no draw takes a real row twice
        size = min(size, len(shared) * len(seen) // copies)
    if size < FEW_ROWS // 2:
        return None
    kept = -(-size * copies // len(seen))
    urn = _Urn(len(reals), shared, len(others), size, kept)
    redrawn = np.arange(draws - 1) % 2 if size > kept else np.zeros(draws - 1, np.intp)
    lines = urn.chain(redrawn, rng)
    return Plan(
        rows=(*reals, *others),
        watched=np.array([line[0] for line in lines]),
        real=np.array([line[1] for line in lines]),
        reference=np.array([line[2] for line in lines]),
        chain=Chain(redrawn, urn.factors(), min(len(reals), len(seen)) - 1),
    )


def _sample(rows: Sequence[Example], limit: int, rng: np.random.Generator) -> tuple[Example, ...]:
    if len(rows) <= limit:
        return tuple(rows)
    return tuple(rows[index] for index in sorted(rng.choice(len(rows), limit, replace=False)))


@dataclass(frozen=True, slots=True)
class _Urn:
    """`size` rows are drawn of each side, `kept` of them from the `shared` ones."""

    reals: int
    shared: Places
    others: int
    size: int
    kept: int

    def chain(
        self, redrawn: Places, rng: np.random.Generator
    ) -> list[tuple[Places, Places, Places]]:
        kept, rest = self._real(rng)
        new = self._others(rng)
        lines = []
        for part in (None, *redrawn.tolist()):
            if part == 0:
                kept, rest = self._real(rng)
            if part == 1:
                new = self._others(rng)
            fill = self.size - self.kept
            watched = rng.permutation(np.concatenate([kept, new]))
            real = rng.permutation(np.concatenate([kept, rest[:fill]]))
            lines.append((watched, real, rest[fill:]))
        return lines

    def factors(self) -> tuple[float, float]:
        """The variance of a mean over that of its draws, for each part.

        In the mean over all rows a shared real row counts share / shared on the watched side and
        1 / reals on the real one, which is where the first variance comes from. In a draw the two
        sides differ by `new` real rows, that of the second. Nothing is left to vary where every
        watched row is a real one.
        """
        new = self.size - self.kept
        if not new:
            return 0.0, 0.0
        share = self.kept / self.size
        apart = share**2 / len(self.shared) if self.kept else 0.0
        variance = apart + (1 - 2 * share) / self.reals
        drawn = new / self.size**2 * (1 - new / self.reals)
        return variance / drawn, delete_factor(new, self.others)

    def _real(self, rng: np.random.Generator) -> tuple[Places, Places]:
        kept = rng.permutation(self.shared)[: self.kept]
        return kept, rng.permutation(np.setdiff1d(np.arange(self.reals), kept))

    def _others(self, rng: np.random.Generator) -> Places:
        return self.reals + rng.permutation(self.others)[: self.size - self.kept]
