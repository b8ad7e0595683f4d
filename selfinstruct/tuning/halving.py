"""Which shares of a sweep are worth a full training: scores of two short trainings in, a verdict.

Successive halving (Jamieson & Talwalkar, AISTATS 2016) with the check it is only safe with: every
share is trained for a quarter and for half of the steps, and the worse half is dropped only where
both put the shares in nearly the same order. That takes three quarters of a training for each share
and saves one for each dropped share and seed, so it pays from two or three seeds on. It reads `dev`
scores and knows nothing of training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selfinstruct.errors import UserError
from selfinstruct.pairs import LOWER_IS_BETTER

STABLE = 0.8
"""Spearman's correlation of two rungs from which the order counts as settled: a rule of thumb. Two
orders drawn at random agree so well one time in fifteen with five shares, one in six with three.
"""
FEW = 3
ROUNDING = 1e-9  # the limit itself, 4 / 5 with five shares, is not reached to the last bit

Ranks = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Halving:
    """What the short trainings said; `correlation` is None where there is no order to compare."""

    correlation: float | None
    stable: bool
    dropped: tuple[float, ...]
    why: str


def rungs(steps: int) -> tuple[int, int]:
    """A quarter and a half of the steps. Raises `UserError` for fewer than four."""
    if steps < 4:
        raise UserError(
            f"halving takes a quarter of the steps of a training, which has {steps}",
            next_step="leave --halving out, or raise student.max_steps",
        )
    return steps // 4, steps // 2


def halve(quarter: Mapping[float, float], half: Mapping[float, float], metric: str) -> Halving:
    """The score of each share after a quarter and after half of the steps in, what to drop out.

    Kept are half of the shares (of an odd number the larger half): real rows alone and the best by
    the later score, of equal ones the smaller share. A share without a score in one of the two is
    kept as well: what was not ranked cannot lose.
    """
    ranked = sorted(quarter.keys() & half.keys())
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    later = {share: sign * half[share] for share in ranked}
    found = spearman([sign * quarter[share] for share in ranked], list(later.values()))
    if len(ranked) < FEW or found is None:
        why = f"{len(ranked)} share(s) with scores in both rungs have no order to go by"
        return Halving(found, stable=False, dropped=(), why=f"{why}, so all are trained in full.")
    told = f"Spearman's correlation of the two rungs is {found:.2f}"
    if found < STABLE - ROUNDING:
        why = f"{told}, below {STABLE:g}: the order is not settled, so all are trained in full."
        return Halving(found, stable=False, dropped=(), why=why)
    best = sorted(ranked, key=lambda share: (share != 0, -later[share], share))
    dropped = tuple(sorted(best[(len(ranked) + 1) // 2 :]))
    names = ", ".join(f"{share:g}" for share in dropped) or "none"
    return Halving(found, stable=True, dropped=dropped, why=f"{told}; dropped: {names}.")


def spearman(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The rank correlation of two paired samples, equal values sharing their mean rank.

    None where either has fewer than two values that differ (Spearman, Am. J. Psychol. 15:72, 1904).
    """
    if len(set(ours)) < 2 or len(set(theirs)) < 2:
        return None
    return float(np.corrcoef(_ranks(ours), _ranks(theirs))[0, 1])


def _ranks(values: Sequence[float]) -> Ranks:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: Ranks = last - (counts - 1) / 2
    return means[place]
