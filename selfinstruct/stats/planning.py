"""What a test can see before it is made, and how one error is shared out over many tests."""

import math
from collections.abc import Sequence

from selfinstruct.stats.normal import quantile


def detectable_gain(sd: float, n: int, alpha: float, power: float = 0.8) -> float:
    """The smallest mean difference that a one-sided test at `alpha` finds with this `power`.

    (z_{1-alpha} + z_power) sd / sqrt(n), where `sd` is that of the per-row differences (Miller,
    arXiv 2411.00640, section 5). For right-or-wrong scores it is the square root of the share of
    rows that flip. At alpha 5 % and power 80 % this is 2.49 sd / sqrt(n). Raises `ValueError`
    without rows.
    """
    if n < 1:
        raise ValueError("an empty sample detects nothing")
    return (quantile(1 - alpha) + quantile(power)) * sd / math.sqrt(n)


def rows_needed(sd: float, gain: float, alpha: float, power: float = 0.8) -> int:
    """How many rows it takes to find a mean difference of `gain`: `detectable_gain` solved for n.

    Raises `ValueError` for a gain that is not above 0, which no number of rows can show.
    """
    if gain <= 0:
        raise ValueError(f"no number of rows shows a gain of {gain}")
    return math.ceil(((quantile(1 - alpha) + quantile(power)) * sd / gain) ** 2)


def alpha_of_round(alpha: float, index: int, rounds_max: int | None) -> float:
    """What round `index` (from 1) may use, so that all rounds together err with `alpha`.

    An equal part for each of `rounds_max` rounds (Bonferroni). With None the horizon is open, and
    round r gets 6 alpha / (pi^2 r^2): those parts add up to alpha however many rounds there are. It
    holds although later candidates depend on earlier verdicts, as long as the verdict is all that
    the loop learns from the gate: up to the first false accept there is one transcript only.
    """
    if rounds_max is None:
        return 6 * alpha / (math.pi * index) ** 2
    return alpha / rounds_max


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in order: below alpha where Holm's step-down test rejects at alpha.

    The chance of any wrong rejection among them stays below alpha whatever their dependence (Holm,
    Scand. J. Statist. 6:65, 1979).
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = largest
    return adjusted
