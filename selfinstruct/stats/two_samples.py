"""Shares of two independent samples whose rows come in clusters: are they different?

A cluster is a pair of counts, its successes and its rows. Rows of one cluster say nearly the same
thing, such as answers to one prompt, so that whole clusters are what was drawn.
"""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from selfinstruct.stats.exact import wilson
from selfinstruct.stats.resampling import CELLS, RESAMPLES, SAME
from selfinstruct.types import Interval

Clusters = Sequence[tuple[int, int]]
Counts = npt.NDArray[np.int64]


def share_difference(ours: Clusters, theirs: Clusters, level: float = 0.95) -> Interval:
    """The share of ours less that of theirs, with Newcombe's hybrid score interval.

    The limits are made of Wilson's for each share (Newcombe, Stat. Med. 17:873, 1998, method 10),
    with as many rows as so many independent ones would be: n over the design effect (Rao & Scott,
    Biometrics 48:577, 1992), which is taken as 1 at least, and where all rows of a sample are
    alike as if each cluster were one row. A single cluster tells nothing of its spread: then the
    limits are -1 and 1. Raises `ValueError` for a sample without rows.
    """
    (one, n), (other, m) = _share(ours), _share(theirs)
    if len(ours) == 1 or len(theirs) == 1:
        return Interval(one - other, -1.0, 1.0)
    mine, other_s = wilson(one * n, n, level), wilson(other * m, m, level)
    below = math.hypot(one - mine.low, other_s.high - other)
    above = math.hypot(mine.high - one, other - other_s.low)
    return Interval(one - other, one - other - below, one - other + above)


def share_ratio(ours: Clusters, theirs: Clusters, level: float = 0.95) -> Interval | None:
    """The share of ours over that of theirs; None where theirs is 0 or a sample is one cluster.

    The limits are made of Wilson's for each share by MOVER (Donner & Zou, Stat. Methods Med. Res.
    21:347, 2012, formula 12), with as many rows as in `share_difference`. Raises `ValueError` for a
    sample without rows.
    """
    (one, n), (other, m) = _share(ours), _share(theirs)
    if not other or len(ours) == 1 or len(theirs) == 1:
        return None
    mine, theirs_s = wilson(one * n, n, level), wilson(other * m, m, level)
    both = one * other
    # Each limit l stands in a product l (2 share - l), which is share^2 - (share - l)^2.
    low_mine, high_mine = (limit * (2 * one - limit) for limit in (mine.low, mine.high))
    low_theirs, high_theirs = (
        limit * (2 * other - limit) for limit in (theirs_s.low, theirs_s.high)
    )
    # The low limit as its formula multiplied out, which has nothing to cancel.
    below = low_mine / (both + math.sqrt(both**2 - low_mine * high_theirs)) if one else 0.0
    above = (both + math.sqrt(both**2 - high_mine * low_theirs)) / low_theirs
    return Interval(one / other, below, above)


def exchange_test(ours: Clusters, theirs: Clusters, seed: int = 0) -> float:
    """The two-sided p-value of the difference of the shares, were clusters dealt out by chance.

    The share of all ways to deal them out in which the shares differ as much (Fisher 1935;
    Edgington & Onghena, Randomization Tests, 2007, chapter 4): all of them where there are fewer
    than `RESAMPLES`, else so many random ones, the observed one included. With clusters of one row
    it is a conditional exact test of the 2x2 table. Raises `ValueError` for a sample without rows.
    """
    observed = abs(_share(ours)[0] - _share(theirs)[0]) - SAME
    counts = np.array([*ours, *theirs], dtype=np.int64)
    size = len(ours)
    if math.comb(len(counts), size) <= RESAMPLES:
        dealt = np.array([*combinations(range(len(counts)), size)], dtype=np.intp)
        return float(np.mean(_differences(counts, dealt) >= observed))
    rng = np.random.default_rng(seed)
    batch = max(1, CELLS // len(counts))
    as_large = 1  # the observed one is one of those that might have been
    for start in range(0, RESAMPLES, batch):
        keys = rng.random((min(batch, RESAMPLES - start), len(counts)))
        dealt = np.argpartition(keys, size - 1, axis=1)[:, :size]
        as_large += int(np.count_nonzero(_differences(counts, dealt) >= observed))
    return as_large / (RESAMPLES + 1)


def _differences(counts: Counts, dealt: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """How much the shares differ, by the places of the clusters that are dealt to the first."""
    whole, first = counts.sum(axis=0), counts[dealt].sum(axis=1)
    rest = whole - first
    found: npt.NDArray[np.float64] = np.abs(first[:, 0] / first[:, 1] - rest[:, 0] / rest[:, 1])
    return found


def _share(clusters: Clusters) -> tuple[float, float]:
    """A sample's share, and how many independent rows would tell as much of it."""
    if not clusters or min(rows for _, rows in clusters) < 1:
        raise ValueError("a sample without rows, or a cluster without, has no share")
    kept, rows = (sum(column) for column in zip(*clusters, strict=True))
    share, count = kept / rows, len(clusters)
    if kept in (0, rows):
        return share, count
    spread = sum((successes - share * size) ** 2 for successes, size in clusters)
    variance = spread * count / max(1, count - 1) / rows**2
    effect = variance / (share * (1 - share) / (rows - 1))  # 1 where each cluster is one row
    return share, rows / max(1.0, effect)
