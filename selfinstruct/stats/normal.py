"""The normal distribution from the standard library: `scipy.special` takes half a second to load.

Commands that only read a run are waited for, and need no more of scipy than this.
"""

import math
from statistics import NormalDist

STANDARD = NormalDist()


def quantile(probability: float) -> float:
    """The z that a standard normal variable stays below with this probability, in 0..1 exclusive.

    Wichura's algorithm AS 241, to about 16 digits.
    """
    return STANDARD.inv_cdf(probability)


def probability_below(z: float) -> float:
    """The chance that a standard normal variable is below `z`; small ones keep their digits."""
    return math.erfc(-z / math.sqrt(2)) / 2
