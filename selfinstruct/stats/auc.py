"""How well a score tells two kinds of rows apart: the AUC and its interval."""

import numpy as np

from selfinstruct.stats.normal import quantile
from selfinstruct.stats.resampling import Sample
from selfinstruct.types import Interval

HALVINGS = 60
"""Of an interval of length 1, down to less than a float can tell."""


def auc(positives: Sample, negatives: Sample, level: float = 0.95) -> Interval:
    """The chance that a positive's score is above a negative's, ties counting half, in 0..1.

    It is the Mann-Whitney U over the number of pairs. The interval is Newcombe's method 5
    (Statistics in Medicine 25:559, 2006): the values whose own standard error, by Hanley and McNeil
    with exponential scores (Radiology 143:29, 1982), reaches to the estimate. It has width even
    where every pair is in order, where DeLong's and the bootstrap's have none. Positives paired
    with negatives make it wider than need be, never narrower. Raises `ValueError` for an empty
    sample.
    """
    if positives.size == 0 or negatives.size == 0:
        raise ValueError("an AUC needs rows of both kinds")
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    upto = np.searchsorted(ordered, positives, side="right")
    value = float((below + upto).sum() / (2 * positives.size * negatives.size))
    reach = quantile((1 + level) / 2)
    sizes = (positives.size, negatives.size)
    return Interval(value, _end(value, 0.0, reach, sizes), _end(value, 1.0, reach, sizes))


def _end(value: float, outer: float, reach: float, sizes: tuple[int, int]) -> float:
    """The value between the estimate and 0 or 1 that lies `reach` of its own errors from it."""
    inside, outside = value, outer
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if abs(value - middle) <= reach * _error(middle, sizes):
            inside = middle
        else:
            outside = middle
    return inside


def _error(value: float, sizes: tuple[int, int]) -> float:
    m, n = sizes
    more = (m + n) / 2 - 1
    spread = 1 + more * ((1 - value) / (2 - value) + value / (1 + value))
    return float(np.sqrt(value * (1 - value) * spread / (m * n)))
