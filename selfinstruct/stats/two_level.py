"""Differences of students trained several times: the luck of the rows and that of the training.

Trainings that differ in nothing but their seed often score further apart than the rows alone would
let one think, so a test over rows only calls luck a difference. Here both count.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selfinstruct.stats.resampling import Groups, standard_error
from selfinstruct.types import Interval

Grid = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoLevelTest:
    """The mean difference with its t interval, two-sided p-value and standard error."""

    gain: Interval
    p_value: float
    error: float


def seed_variance(grids: list[Grid]) -> tuple[float, int]:
    """The variance of a training's mean difference, pooled over grids [seeds, rows], and its
    degrees of freedom; (0, 0) with a single seed, which tells nothing of it.
    """
    spreads = [float(grid.mean(axis=1).var(ddof=1)) for grid in grids if len(grid) > 1]
    if not spreads:
        return 0.0, 0
    return sum(spreads) / len(spreads), sum(len(grid) - 1 for grid in grids if len(grid) > 1)


def two_level_test(
    differences: Grid,
    between: tuple[float, int],
    groups: Groups = None,
    level: float = 0.95,
) -> TwoLevelTest:
    """Differences [seeds, rows] and the result of `seed_variance` in, the test out.

    The variances of the two levels add up, and the t distribution has the degrees of freedom of
    Satterthwaite (Biometrics Bulletin 2:110, 1946). With a single seed only the rows speak. Raises
    `ValueError` without rows.
    """
    from scipy import special  # half a second, which the tests of one student do not need

    seeds, rows = differences.shape
    variance, freedom = between
    of_rows = standard_error(differences.mean(axis=0), groups) ** 2
    of_seeds = variance / seeds
    error = math.sqrt(of_rows + of_seeds)
    value = float(differences.mean())
    if not 0 < error < math.inf:  # rows that all say the same, or one group that says nothing
        sure = error == 0 and value != 0
        return TwoLevelTest(Interval(value, value - error, value + error), 1.0 - sure, error)
    units = len(set(groups)) if groups is not None else rows
    parts = of_rows**2 / (units - 1) + (of_seeds**2 / freedom if freedom else 0.0)
    df = (of_rows + of_seeds) ** 2 / parts
    half = float(special.stdtrit(df, (1 + level) / 2)) * error
    p_value = 2 * float(special.stdtr(df, -abs(value) / error))
    return TwoLevelTest(Interval(value, value - half, value + half), p_value, error)
