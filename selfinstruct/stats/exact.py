"""Right or wrong, row by row: exact tests and closed-form intervals for proportions.

Counts in, p-values and intervals out. A paired sample is told as its flipped rows: `wins` only the
candidate got right, `losses` only the champion. An empty sample raises `ValueError`.
"""

import math
from typing import Literal

from selfinstruct.stats.normal import probability_below, quantile
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
    if alternative == "greater":
        at_least, more = _tail(wins, flips), _tail(wins + 1, flips)
        return (at_least + more) / 2 if mid_p else at_least
    most = max(wins, losses)
    at_least, more = _tail(most, flips), _tail(most + 1, flips)
    return min(1.0, at_least + more if mid_p else 2 * at_least)


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
    half = quantile((1 + level) / 2) * math.sqrt((won + lost - centre**2) / (n + 2))
    return Interval((wins - losses) / n, max(-1.0, centre - half), min(1.0, centre + half))


def non_inferiority(wins: int, losses: int, n: int, margin: float) -> float:
    """The p-value of Tango's score test that a paired proportion is worse by `margin` or more.

    Small where the candidate is at most `margin` worse: the null is (wins - losses) / n <= -margin,
    with the share of flipped rows estimated under it (Tango, Stat. Med. 17:891, 1998). `margin` is
    a share of the rows in 0..1, above 0.
    """
    if n < 1:
        raise ValueError("an empty sample has no difference")
    if not 0 < margin < 1:
        raise ValueError(f"a margin of {margin} is not between 0 and 1")
    b = (2 * n + losses - wins) * margin + wins + losses
    lost = (b + math.sqrt(b**2 - 8 * n * losses * margin * (1 + margin))) / (4 * n)
    z = (wins - losses + n * margin) / math.sqrt(n * (2 * lost - margin * (1 + margin)))
    return probability_below(-z)


def wilson(successes: float, n: float, level: float = 0.95) -> Interval:
    """A proportion with Wilson's score interval (Wilson, JASA 22:209, 1927).

    Counts need not be whole: they may be those of as many independent rows as some others are
    worth.
    """
    if n < 1:
        raise ValueError("an empty sample has no proportion")
    z, share = quantile((1 + level) / 2), successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    # At the ends rounding alone keeps the limit from being exact.
    low = 0.0 if successes == 0 else centre - half
    return Interval(share, low, 1.0 if successes == n else centre + half)


def _tail(successes: int, n: int) -> float:
    """The chance of at least so many heads of `n` fair coins, summed in whole numbers."""
    ways = whole = math.comb(n, successes)
    for heads in range(successes, n):
        ways = ways * (n - heads) // (heads + 1)
        whole += ways
    return whole / (1 << n)
