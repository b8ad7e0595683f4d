import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from selfinstruct import stats
from selfinstruct.types import Interval

counts = st.integers(0, 60)
samples = st.lists(st.integers(-1000, 1000), min_size=2, max_size=40).map(
    lambda values: np.array(values) / 100
)


def test_mcnemar_gives_the_published_p_value() -> None:
    """Airway hyper-responsiveness, 1 against 7 flips: Fagerland et al. 2013, table 1."""
    assert stats.mcnemar(1, 7) == pytest.approx(0.0703, abs=5e-5)


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


@given(samples)
@settings(max_examples=25, deadline=None)
def test_mean_interval_holds_the_mean_and_stays_within_the_sample(values: stats.Sample) -> None:
    found = stats.mean_interval(values)
    assert values.min() <= found.low <= found.value <= found.high <= values.max()
    assert found == stats.mean_interval(values)


@given(samples)
@settings(max_examples=25, deadline=None)
def test_sign_flips_of_the_negated_sample_count_the_other_tail(values: stats.Sample) -> None:
    test, other = stats.paired_test(values), stats.paired_test(-values)
    assert test.gain.value == pytest.approx(-other.gain.value)
    assert test.p_value + other.p_value >= 1 - 0.05


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=9))
@settings(max_examples=25, deadline=None)
def test_few_rows_try_every_pattern_of_signs(values: list[int]) -> None:
    patterns = range(2 ** len(values))
    sums = [sum(v if p >> i & 1 else -v for i, v in enumerate(values)) for p in patterns]
    oracle = sum(total >= sum(values) for total in sums) / len(sums)
    assert stats.paired_test(np.array(values, dtype=float)).p_value == pytest.approx(oracle)


def test_sign_flips_agree_with_mcnemar_on_right_or_wrong() -> None:
    differences = np.array([1.0] * 14 + [-1.0] * 4 + [0.0] * 60)
    exact = stats.mcnemar(14, 4, "greater")
    assert stats.paired_test(differences).p_value == pytest.approx(exact, abs=0.005)


@pytest.mark.parametrize(
    ("values", "gain", "p_value"),
    [
        ([0.7], Interval(0.7, -math.inf, math.inf), 0.5),
        ([-0.7], Interval(-0.7, -math.inf, math.inf), 1.0),
        ([0.0, 0.0, 0.0], Interval(0.0, 0.0, 0.0), 1.0),
        ([0.5, 0.5], Interval(0.5, 0.5, 0.5), 0.25),
    ],
)
def test_degenerate_samples(values: list[float], gain: Interval, p_value: float) -> None:
    test = stats.paired_test(np.array(values))
    assert (test.gain, test.p_value) == (gain, p_value)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(400):
        found = stats.mean_interval(rng.gamma(2.0, 1.0, 60), seed=trial)
        hits += found.low <= 2.0 <= found.high
    assert hits / 400 == pytest.approx(0.95, abs=0.035)


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


@pytest.mark.parametrize(
    ("n", "points"), [(100, 13.6), (200, 9.6), (300, 7.9), (500, 6.1), (1000, 4.3)]
)
def test_detectable_gain_at_three_flips_in_ten(n: int, points: float) -> None:
    gain = stats.detectable_gain(math.sqrt(0.3), n, alpha=0.05)
    assert 100 * gain == pytest.approx(points, abs=0.06)


def test_a_detectable_gain_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(1)
    n, flips = 400, 0.3
    gain = stats.detectable_gain(math.sqrt(flips), n, alpha=0.05)
    shares = ((flips + gain) / 2, (flips - gain) / 2, 1 - flips)
    tables = rng.multinomial(n, shares, size=2000)
    found = np.mean([stats.mcnemar(int(w), int(x), "greater") <= 0.05 for w, x, _ in tables])
    assert found == pytest.approx(0.8, abs=0.04)  # the exact test is a little strict


@given(st.floats(0.05, 2), st.floats(0.01, 0.5), st.sampled_from([0.01, 0.05]))
def test_rows_needed_is_the_least_number_that_detects(sd: float, gain: float, alpha: float) -> None:
    n = stats.rows_needed(sd, gain, alpha)
    assert stats.detectable_gain(sd, n, alpha) <= gain * (1 + 1e-9)
    assert n == 1 or stats.detectable_gain(sd, n - 1, alpha) > gain * (1 - 1e-9)


def test_no_number_of_rows_shows_nothing() -> None:
    with pytest.raises(ValueError, match="gain of 0"):
        stats.rows_needed(0.5, 0, 0.05)


def test_alpha_is_shared_out_over_the_rounds() -> None:
    assert stats.alpha_of_round(0.05, 10) == pytest.approx(0.005)


def test_an_empty_sample_has_no_mean() -> None:
    nothing = np.array([])
    with pytest.raises(ValueError, match="empty"):
        stats.paired_test(nothing)
    with pytest.raises(ValueError, match="empty"):
        stats.mean_interval(nothing)
    with pytest.raises(ValueError, match="empty"):
        stats.wilson(0, 0)
    with pytest.raises(ValueError, match="empty"):
        stats.paired_binary_interval(0, 0, 0)
    with pytest.raises(ValueError, match="empty"):
        stats.detectable_gain(1.0, 0, 0.05)


def test_a_spread_of_rounding_alone_is_no_spread() -> None:
    values = np.asarray([0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2])
    found = stats.mean_interval(values)
    assert found.low == found.high == found.value
