import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm

from selfinstruct import stats

counts = st.integers(0, 60)


@pytest.mark.parametrize(
    ("mid_p", "alternative", "p_value"),
    [
        (False, "two-sided", 0.0703),
        (True, "two-sided", 0.0391),
        (False, "greater", 0.0352),
        (True, "greater", 0.0195),
    ],
)
def test_mcnemar_gives_the_published_p_values(
    mid_p: bool, alternative: Literal["two-sided", "greater"], p_value: float
) -> None:
    """Airway hyper-responsiveness, 1 against 7 flips: Fagerland et al. 2013, table 1."""
    found = stats.mcnemar(7, 1, alternative, mid_p=mid_p)
    assert found == pytest.approx(p_value, abs=5e-5)


@given(counts, counts)
def test_the_mid_p_value_lies_between_the_strict_and_the_next_one(wins: int, losses: int) -> None:
    exact, mid = (
        stats.mcnemar(wins, losses, "greater"),
        stats.mcnemar(wins, losses, "greater", mid_p=True),
    )
    if wins + losses:
        assert exact - mid == pytest.approx(float(binom.pmf(wins, wins + losses, 0.5)) / 2)
    assert stats.mcnemar(wins, losses, mid_p=True) <= stats.mcnemar(wins, losses)
    other = stats.mcnemar(losses, wins, "greater", mid_p=True)
    assert wins + losses == 0 or mid + other == pytest.approx(1)


@given(counts, counts)
def test_mcnemar_is_the_sum_over_the_binomial_tail(wins: int, losses: int) -> None:
    flips = wins + losses
    tail = sum(math.comb(flips, k) for k in range(wins, flips + 1)) / 2**flips
    assert stats.mcnemar(wins, losses, "greater") == pytest.approx(tail)


@given(counts, counts)
def test_mcnemar_two_sided_does_not_care_who_is_who(wins: int, losses: int) -> None:
    assert stats.mcnemar(wins, losses) == pytest.approx(stats.mcnemar(losses, wins))
    fewer = min(wins, losses)
    oracle = min(1.0, 2 * float(binom.cdf(fewer, wins + losses, 0.5)))
    assert stats.mcnemar(wins, losses) == pytest.approx(oracle)


@pytest.mark.parametrize(
    ("wins", "losses", "n", "low", "high"),
    [(6, 16, 161, -0.1195, -0.0032), (16, 6, 161, 0.0032, 0.1195)],
)
def test_paired_binary_interval_gives_the_published_limits(
    wins: int, losses: int, n: int, low: float, high: float
) -> None:
    """Complete response before and after therapy: Fagerland et al. 2014, Bonett-Price row."""
    found = stats.paired_binary_interval(wins, losses, n)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


@given(counts, counts, counts)
def test_paired_binary_interval_holds_its_estimate(wins: int, losses: int, ties: int) -> None:
    n = wins + losses + ties + 1
    found = stats.paired_binary_interval(wins, losses, n)
    assert -1 <= found.low <= found.value == (wins - losses) / n <= found.high <= 1


def test_paired_binary_interval_keeps_a_width_where_nothing_flipped() -> None:
    found = stats.paired_binary_interval(0, 0, 20)
    assert found.low < 0 < found.high


def test_paired_binary_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    flips = rng.multinomial(80, (0.15, 0.05, 0.8), size=4000)
    found = [stats.paired_binary_interval(int(w), int(x), 80) for w, x, _ in flips]
    share = np.mean([interval.low <= 0.1 <= interval.high for interval in found])
    assert share == pytest.approx(0.95, abs=0.015)


@given(counts, counts)
def test_wilson_solves_its_quadratic(successes: int, failures: int) -> None:
    n = successes + failures + 1
    found = stats.wilson(successes, n)
    z = norm.ppf(0.975)
    for limit in (found.low, found.high):
        miss = (successes / n - limit) ** 2 - z**2 * limit * (1 - limit) / n
        assert limit in (0, 1) or miss == pytest.approx(0, abs=1e-9)


def test_wilson_never_leaves_the_unit_interval() -> None:
    assert stats.wilson(0, 10).low == 0
    assert stats.wilson(10, 10).high == 1


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        stats.wilson(0, 0)
    with pytest.raises(ValueError, match="empty"):
        stats.paired_binary_interval(0, 0, 0)


@given(counts, counts)
def test_p_values_and_limits_are_those_of_scipy(wins: int, losses: int) -> None:
    n = wins + losses
    for side in ("two-sided", "greater"):
        expected = binomtest(wins, n, 0.5, alternative=side).pvalue if n else 1.0
        assert stats.mcnemar(wins, losses, side) == pytest.approx(float(expected))
    if n:
        theirs = binomtest(wins, n).proportion_ci(method="wilson")
        found = stats.wilson(wins, n)
        assert [found.low, found.high] == pytest.approx([theirs.low, theirs.high])


def test_non_inferiority_gives_the_published_value() -> None:
    """Two ways to disinfect contact lenses, 43 both, 1 only the old: Tango 1998, Z = 1.709."""
    found = stats.non_inferiority(0, 1, 44, 0.1)
    assert found == pytest.approx(float(norm.sf(1.709)), abs=5e-5)


def likelihood(wins: int, losses: int, n: int, lost: float, margin: float) -> float:
    won = lost - margin
    cells = ((wins, won), (losses, lost), (n - wins - losses, 1 - won - lost))
    return sum(count * math.log(max(chance, 1e-300)) for count, chance in cells if count)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 60), st.floats(0.02, 0.4))
def test_non_inferiority_estimates_the_flips_under_its_null(
    wins: int, losses: int, ties: int, margin: float
) -> None:
    """The closed form of the nuisance share is the restricted maximum-likelihood one."""
    n = wins + losses + ties
    grid = np.linspace(margin, (1 + margin) / 2, 4001)
    best = float(max(grid, key=lambda lost: likelihood(wins, losses, n, float(lost), margin)))
    z = (wins - losses + n * margin) / math.sqrt(n * (2 * best - margin * (1 + margin)))
    assert stats.non_inferiority(wins, losses, n, margin) == pytest.approx(
        float(norm.sf(z)), abs=0.02
    )


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 60))
def test_a_wider_margin_is_easier_to_hold(wins: int, losses: int, ties: int) -> None:
    n = wins + losses + ties
    p_values = [stats.non_inferiority(wins, losses, n, margin) for margin in (0.02, 0.1, 0.3)]
    assert p_values == sorted(p_values, reverse=True)


@pytest.mark.parametrize(("n", "margin"), [(0, 0.1), (10, 0.0), (10, 1.0)])
def test_non_inferiority_needs_rows_and_a_margin(n: int, margin: float) -> None:
    with pytest.raises(ValueError):
        stats.non_inferiority(0, 0, n, margin)


def test_non_inferiority_rarely_passes_a_loss_of_the_whole_margin() -> None:
    rng = np.random.default_rng(4)
    tables = rng.multinomial(150, (0.10, 0.15, 0.75), size=2000)
    wrong = np.mean(
        [stats.non_inferiority(int(w), int(x), 150, 0.05) <= 0.05 for w, x, _ in tables]
    )
    assert wrong <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 2000)
