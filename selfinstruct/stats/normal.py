"""The normal distribution, from `scipy.special`: `scipy.stats` takes a second to load."""

from scipy import special


def quantile(probability: float) -> float:
    """The z that a standard normal variable stays below with this probability."""
    return float(special.ndtri(probability))
