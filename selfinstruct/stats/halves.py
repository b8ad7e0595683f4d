"""Ratios of statistics that depend on the number of rows, by drawing parts without replacement.

Diversity counts repeats, and a bootstrap sample repeats rows by its nature: of the same rows it
says they are less diverse than they are. Rows drawn without replacement do not, and how much a
statistic varies over such draws tells its standard error all the same: the delete-d jackknife (Shao
& Wu, Ann. Statist. 17:1176, 1989), consistent for statistics that are not smooth too, such as
quantiles. It errs on the wide side (Efron & Stein, Ann. Statist. 9:586, 1981).
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selfinstruct.types import Interval

Draws = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

UPPER = 0.975  # where the upper end of a 95 % interval stands


@dataclass(frozen=True, slots=True)
class Chain:
    """How draws follow each other: each redraws one independent part of the rows of the one before.

    `redrawn[i]` is the part that differs between draws i and i + 1, so that half the mean square of
    these steps is the variance over draws of that part. `factors[part]` makes of it the variance of
    the statistic of all rows; `degrees` are those of Student's t.
    """

    redrawn: Places
    factors: tuple[float, ...]
    degrees: float


def draw_halves(n: int, draws: int, rng: np.random.Generator) -> tuple[Places, Chain]:
    """The places of half of `n` rows, rounded down, in each draw, and the chain they make."""
    places = rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)[:, : n // 2]
    return places, Chain(np.zeros(draws - 1, np.intp), (delete_factor(n // 2, n),), n - 1)


def delete_factor(taken: float, n: float) -> float:
    """From the variance over draws of `taken` of `n` rows to that of all of them: (n - d) / d where
    d are left out.
    """
    return taken / (n - taken)


def ratio_of_draws(
    ours: Draws, theirs: Draws, chain: Chain, whole: tuple[float, float] | None = None
) -> Interval | None:
    """The ratio of two statistics with its 95 % interval, from their values over a chain of draws.

    `ours[i]` and `theirs[i]` were taken on as many rows. The ratio is that of their means over the
    draws, or of `whole`, where a statistic of all rows means the same at every size. The interval
    is symmetric for the logarithm, by the delta method. None where there is nothing to divide by; a
    statistic that is 0 in every draw is 0 without doubt.
    """
    from scipy import special  # half a second, which a finished run does not need

    value, beside = whole or (float(ours.mean()), float(theirs.mean()))
    if not beside:
        return None
    if not value:
        return Interval(0.0, 0.0, 0.0)
    steps = np.diff(ours / ours.mean() - theirs / theirs.mean())
    variance = 0.0
    for part, factor in enumerate(chain.factors):
        own = steps[chain.redrawn == part]
        if own.size:
            variance += factor * float(np.square(own).mean()) / 2
    times = math.exp(float(special.stdtrit(chain.degrees, UPPER)) * math.sqrt(variance))
    return Interval(value / beside, value / beside / times, value / beside * times)
