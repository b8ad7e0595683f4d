"""Means of small samples: bootstrap intervals and sign-flip tests, by row or by group of rows.

Below a few hundred rows, normal-theory error bars are too narrow (Bowyer, Aitchison & Ivanova,
ICML 2025), so nothing here rests on them. A sample is a 1-d array of finite floats, one entry a
row; a paired sample is given as its differences, candidate - champion. `groups` names the group of
each row: rows of one group are drawn, and have their signs flipped, together, because they say
nearly the same thing (Miller, arXiv 2411.00640, section 2.2). Everything is seeded.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from selfinstruct.stats.normal import probability_below, quantile
from selfinstruct.types import Interval

Sample = npt.NDArray[np.float64]
Groups = Sequence[Hashable] | None

RESAMPLES = 9999  # scipy's default: a randomised p-value is a multiple of 1/10000
CELLS = 2**20  # of a batch of resamples: eight megabytes, which stay in the cache
SAME = 1e-12  # a spread that is only rounding; BCa divides by it and would answer NaN
FEW = 13  # 2^13 patterns of signs are fewer than RESAMPLES, so all of them are tried


Side = Literal["greater", "two-sided"]


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The mean difference with its interval, and the chance of so large a mean were it zero."""

    gain: Interval
    p_value: float


def paired_test(
    differences: Sample,
    seed: int = 0,
    level: float = 0.95,
    groups: Groups = None,
    alternative: Side = "greater",
) -> PairedTest:
    """A BCa bootstrap interval of the mean difference and a sign-flip p-value.

    The two models are exchangeable within a row (or group) under the null, so every pattern of
    flipped signs is equally likely (Fisher 1935; Edgington & Onghena, Randomization Tests, 2007).
    The p-value is exact where all patterns can be tried, else the share of `RESAMPLES` random ones,
    the observed one included; one row alone gives 1/2, never a small number. Two-sided, the mean
    is measured by its size: flipping all signs is one of the patterns.
    """
    return PairedTest(
        mean_interval(differences, seed, level, groups),
        _sign_flips(differences, seed, groups, alternative),
    )


def mean_non_inferiority(
    differences: Sample, margin: float, seed: int = 0, groups: Groups = None
) -> float:
    """The p-value of a mean loss of `margin` or more, `differences` signed so that more is better.

    The sign-flip test of `paired_test` after a shift by the margin, which a mean of -margin would
    be centred on (Lehmann & Romano, Testing Statistical Hypotheses, 2005, section 5.12). Raises
    `ValueError` for a margin that is not above 0: no sample rules out a loss of nothing.
    """
    if not margin > 0:
        raise ValueError(f"a margin of {margin} is not above 0")
    return _sign_flips(differences + margin, seed, groups, "greater")


def mean_interval(
    values: Sample, seed: int = 0, level: float = 0.95, groups: Groups = None
) -> Interval:
    """The mean with its BCa bootstrap interval (Efron, JASA 82:171, 1987).

    Several equal values give an interval without width; a single row, or a single group, tells
    nothing of its spread and gives an unbounded one.
    """
    sums, sizes = _by_group(values, groups)
    value = float(values.mean())
    if len(sums) == 1:
        return Interval(value, -math.inf, math.inf)
    if np.ptp(values) <= SAME * max(1.0, abs(value)):
        return Interval(value, value, value)
    _, draws = np.random.default_rng(seed).spawn(2)
    low, high = _bca(sums, sizes, level, draws)
    # Resampled means are summed in another order and may leave the sample by the last bit.
    low, high = np.clip([low, high], values.min(), values.max())
    return Interval(value, float(low), float(high))


def standard_error(values: Sample, groups: Groups = None) -> float:
    """The standard error of the mean; of grouped rows the clustered one, which is larger.

    sqrt(sum over groups of (sum of the residuals)^2) / n (Miller, arXiv 2411.00640, equation 4). A
    single row, or a single group, has none: infinity.
    """
    sums, sizes = _by_group(values, groups)
    if len(sums) == 1:
        return math.inf
    residuals = sums - sizes * values.mean()
    return float(np.sqrt((residuals**2).sum()) / values.size)


def _by_group(values: Sample, groups: Groups) -> tuple[Sample, Sample]:
    """The sum and the number of rows of each group, in the order of first appearance."""
    if values.size < 1:
        raise ValueError("an empty sample has no mean")
    if groups is None:
        return values, np.ones_like(values)
    number: dict[Hashable, int] = {}
    of_row = [number.setdefault(group, len(number)) for group in groups]
    if len(of_row) != values.size:
        raise ValueError(f"{len(of_row)} groups for {values.size} rows")
    sums, sizes = np.bincount(of_row, weights=values), np.bincount(of_row)
    return sums.astype(np.float64), sizes.astype(np.float64)


def _bca(
    sums: Sample, sizes: Sample, level: float, rng: np.random.Generator
) -> tuple[float, float]:
    observed = sums.sum() / sizes.sum()
    drawn = np.sort(_drawn_means(sums, sizes, rng))
    # Rounding alone must not decide on which side of the observed mean a resampled one falls.
    close = SAME * max(1.0, abs(observed))
    below, upto = np.searchsorted(drawn, [observed - close, observed + close])
    bias = quantile(min(max((below + upto) / (2 * len(drawn)), 1e-6), 1 - 1e-6))
    without = (sums.sum() - sums) / (sizes.sum() - sizes)  # the jackknife
    influence = without.mean() - without
    spread = (influence**2).sum() ** 1.5
    acceleration = (influence**3).sum() / (6 * spread) if spread > 0 else 0.0
    tails = [bias + quantile(side) for side in ((1 - level) / 2, (1 + level) / 2)]
    shares = [probability_below(bias + tail / (1 - acceleration * tail)) for tail in tails]
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)


def _drawn_means(sums: Sample, sizes: Sample, rng: np.random.Generator) -> Sample:
    """`RESAMPLES` means of as many rows, drawn with replacement."""
    count = len(sums)
    index = np.uint16 if count <= np.iinfo(np.uint16).max else np.uint32
    batch = max(1, CELLS // count)
    means = []
    for start in range(0, RESAMPLES, batch):
        shape = (min(batch, RESAMPLES - start), count)
        rows = rng.integers(0, count, size=shape, dtype=index)
        drawn = sums.take(rows).sum(axis=1)
        all_alike = sizes[0] == sizes.max() == sizes.min()
        means.append(drawn / (count * sizes[0] if all_alike else sizes.take(rows).sum(axis=1)))
    return np.concatenate(means)


def _sign_flips(differences: Sample, seed: int, groups: Groups, alternative: Side) -> float:
    sums, _ = _by_group(differences, groups)
    sums = sums[sums != 0]  # a tie is the same with either sign
    total = sums.sum()
    size = np.abs if alternative == "two-sided" else np.asarray
    least = float(size(total)) - SAME * max(1.0, np.abs(sums).sum())
    if len(sums) <= FEW:
        signs = 1 - 2 * (np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums)) & 1)
        return float(np.mean(size(signs @ sums) >= least))
    flips, _ = np.random.default_rng(seed).spawn(2)
    batch = max(1, CELLS // len(sums))
    as_large = 1  # the observed pattern is one of those that might have been
    for start in range(0, RESAMPLES, batch):
        shape = (min(batch, RESAMPLES - start), len(sums))
        kept = flips.integers(0, 2, size=shape, dtype=np.int8)
        as_large += int(np.count_nonzero(size(2 * (kept @ sums) - total) >= least))
    return as_large / (RESAMPLES + 1)
