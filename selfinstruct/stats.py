"""Exact and resampling statistics for small paired samples: numbers in, intervals and p-values out.

Below a few hundred rows, normal-theory error bars are too narrow (Bowyer, Aitchison & Ivanova,
ICML 2025), so nothing here rests on them but the planning formulas. All samples are 1-d arrays of
finite floats, one entry a row; a paired sample is given as its differences, candidate - champion.
An empty sample has no mean: it raises `ValueError`.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

from selfinstruct.types import Interval

Sample = npt.NDArray[np.float64]

RESAMPLES = 9999  # scipy's default: a randomised p-value is a multiple of 1/10000
BATCH = 1000  # resamples held in memory at once
SAME = 1e-12  # a spread that is only rounding; BCa divides by it and would answer NaN


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The mean difference with its interval, and the chance of so large a mean were it zero."""

    gain: Interval
    p_value: float


def mcnemar(
    wins: int, losses: int, alternative: Literal["two-sided", "greater"] = "two-sided"
) -> float:
    """McNemar's exact conditional test: the p-value of `wins` out of `wins + losses` flipped rows.

    Given which rows flipped, each is a fair coin under the null (McNemar 1947; Fagerland, Lydersen
    & Laake, BMC Med. Res. Methodol. 13:91, 2013). `greater` asks whether the wins prevail. Without
    a flipped row the p-value is 1.
    """
    if wins + losses == 0:
        return 1.0
    return float(stats.binomtest(wins, wins + losses, 0.5, alternative=alternative).pvalue)


def paired_binary_interval(wins: int, losses: int, n: int, level: float = 0.95) -> Interval:
    """The difference of two proportions on the same `n` rows, (wins - losses) / n, with its limits.

    Wald with the Laplace adjustment of Bonett & Price (2012), one of the two closed forms that
    Fagerland, Lydersen & Laake recommend (Stat. Med. 33:2850, 2014). It keeps a width when no row
    flipped, which the bootstrap does not.
    """
    _require(n)
    won, lost = (wins + 1) / (n + 2), (losses + 1) / (n + 2)
    centre = won - lost
    half = _z(1 - (1 - level) / 2) * math.sqrt((won + lost - centre**2) / (n + 2))
    return Interval((wins - losses) / n, max(-1.0, centre - half), min(1.0, centre + half))


def paired_test(differences: Sample, seed: int = 0, level: float = 0.95) -> PairedTest:
    """A BCa bootstrap interval of the mean difference and a one-sided sign-flip p-value.

    The two models are exchangeable within a row under the null, so every pattern of flipped signs
    is equally likely (Fisher 1935; Edgington & Onghena, Randomization Tests, 2007). The p-value is
    exact where all 2^n patterns can be tried, else the share of `RESAMPLES` random ones, the
    observed one included; one row alone gives 1/2, never a small number.
    """
    _require(differences.size)
    gain = mean_interval(differences, seed, level)
    if differences.size == 1:  # scipy refuses it; of the two patterns one is as large
        return PairedTest(gain, 0.5 if gain.value > 0 else 1.0)
    flips, _ = np.random.default_rng(seed).spawn(2)
    test = stats.permutation_test(
        (differences,),
        _mean,
        permutation_type="samples",
        vectorized=True,
        alternative="greater",
        n_resamples=RESAMPLES,
        batch=BATCH,
        rng=flips,
    )
    return PairedTest(gain, float(test.pvalue))


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """A proportion with Wilson's score interval (Wilson, JASA 22:209, 1927)."""
    _require(n)
    interval = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
    return Interval(successes / n, float(interval.low), float(interval.high))


def mean_interval(values: Sample, seed: int = 0, level: float = 0.95) -> Interval:
    """The mean with its BCa bootstrap interval (Efron, JASA 82:171, 1987).

    Several equal values give an interval without width; a single one tells nothing of its spread
    and gives an unbounded one.
    """
    _require(values.size)
    value = float(values.mean())
    if values.size == 1:
        return Interval(value, -math.inf, math.inf)
    if np.ptp(values) <= SAME * max(1.0, abs(value)):
        return Interval(value, value, value)
    _, draws = np.random.default_rng(seed).spawn(2)
    found = stats.bootstrap(
        (values,),
        _mean,
        vectorized=True,
        confidence_level=level,
        method="BCa",
        n_resamples=RESAMPLES,
        batch=BATCH,
        rng=draws,
    ).confidence_interval
    # Resampled means are summed in another order and may leave the sample by the last bit.
    low, high = np.clip([found.low, found.high], values.min(), values.max())
    return Interval(value, float(low), float(high))


def detectable_gain(sd: float, n: int, alpha: float, power: float = 0.8) -> float:
    """The smallest mean difference that a one-sided test at `alpha` finds with this `power`.

    (z_{1-alpha} + z_power) sd / sqrt(n), where `sd` is that of the per-row differences (Miller,
    arXiv 2411.00640, section 5). For right-or-wrong scores it is the square root of the share of
    rows that flip. At alpha 5 % and power 80 % this is 2.49 sd / sqrt(n).
    """
    _require(n)
    return (_z(1 - alpha) + _z(power)) * sd / math.sqrt(n)


def rows_needed(sd: float, gain: float, alpha: float, power: float = 0.8) -> int:
    """How many rows it takes to find a mean difference of `gain`: `detectable_gain` solved for n.

    Raises `ValueError` for a gain that is not above 0, which no number of rows can show.
    """
    if gain <= 0:
        raise ValueError(f"no number of rows shows a gain of {gain}")
    return math.ceil(((_z(1 - alpha) + _z(power)) * sd / gain) ** 2)


def alpha_of_round(alpha: float, rounds_max: int) -> float:
    """Bonferroni: what one of `rounds_max` rounds may use so that all together err with `alpha`.

    It holds although later candidates depend on earlier verdicts, as long as the verdict is all
    that the loop learns from the gate: up to the first false accept there is one transcript only.
    """
    return alpha / rounds_max


def _mean(values: Sample, axis: int) -> Sample:
    return np.asarray(np.mean(values, axis=axis))


def _z(probability: float) -> float:
    return float(stats.norm.ppf(probability))


def _require(n: int) -> None:
    if n < 1:
        raise ValueError("an empty sample has no mean")
