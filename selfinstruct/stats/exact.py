"""Right or wrong, row by row: exact tests and closed-form intervals for proportions.

Counts in, p-values and intervals out. A paired sample is told as its flipped rows: `wins` only the
candidate got right, `losses` only the champion. An empty sample raises `ValueError`.
"""

import math
from typing import Literal

from scipy import stats

from selfinstruct.types import Interval


def mcnemar(
    wins: int,
    losses: int,
    alternative: Literal["two-sided", "greater"] = "two-sided",
    *,
    mid_p: bool = False,
) -> float:
    """McNemar's exact conditional test: the p-value of `wins` out of `wins + losses` flipped rows.

    Given which rows flipped, each is a fair coin under the null (McNemar 1947). `greater` asks
    whether the wins prevail. `mid_p` counts the outcome seen for a half: a little less strict, it
    may err slightly more often than it says, hardly ever in practice (Fagerland, Lydersen & Laake,
    BMC Med. Res. Methodol. 13:91, 2013). Without a flipped row the p-value is 1.
    """
    flips = wins + losses
    if flips == 0:
        return 1.0
    exact = float(stats.binomtest(wins, flips, 0.5, alternative=alternative).pvalue)
    if not mid_p:
        return exact
    seen = float(stats.binom.pmf(wins, flips, 0.5))
    if alternative == "greater":
        return exact - seen / 2
    # Both tails hold the outcome seen; where the two counts are equal they share it, and p is 1.
    return 1.0 if wins == losses else exact - seen


def paired_binary_interval(wins: int, losses: int, n: int, level: float = 0.95) -> Interval:
    """The difference of two proportions on the same `n` rows, (wins - losses) / n, with its limits.

    Wald with the Laplace adjustment of Bonett & Price (2012), one of the two closed forms that
    Fagerland, Lydersen & Laake recommend (Stat. Med. 33:2850, 2014). It keeps a width when no row
    flipped, which the bootstrap does not.
    """
    if n < 1:
        raise ValueError("an empty sample has no difference")
    won, lost = (wins + 1) / (n + 2), (losses + 1) / (n + 2)
    centre = won - lost
    z = float(stats.norm.ppf(1 - (1 - level) / 2))
    half = z * math.sqrt((won + lost - centre**2) / (n + 2))
    return Interval((wins - losses) / n, max(-1.0, centre - half), min(1.0, centre + half))


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """A proportion with Wilson's score interval (Wilson, JASA 22:209, 1927)."""
    if n < 1:
        raise ValueError("an empty sample has no proportion")
    interval = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    return Interval(successes / n, float(interval.low), float(interval.high))
