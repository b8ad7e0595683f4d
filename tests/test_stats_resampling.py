import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, permutation_test, ttest_1samp

from selfinstruct import stats
from selfinstruct.types import Interval

samples = st.lists(st.integers(-1000, 1000), min_size=2, max_size=40).map(
    lambda values: np.array(values) / 100
)
grouped = st.lists(st.tuples(st.integers(-1000, 1000), st.integers(0, 6)), min_size=3, max_size=40)


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


def test_a_spread_of_rounding_alone_is_no_spread() -> None:
    values = np.asarray([0.1 + 0.2, 0.3, 0.3, 0.1 + 0.2])
    found = stats.mean_interval(values)
    assert found.low == found.high == found.value


@pytest.mark.parametrize("size", [8, 60, 300])
def test_the_interval_is_that_of_scipy(size: int) -> None:
    values = np.random.default_rng(size).gamma(1.0, 1.0, size)
    found = stats.mean_interval(values)
    theirs = bootstrap(
        (values,), np.mean, method="BCa", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert found.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert found.high == pytest.approx(theirs.high, abs=0.03 * width)


@given(grouped)
@settings(deadline=None)
def test_the_clustered_error_sums_over_pairs_of_one_group(rows: list[tuple[int, int]]) -> None:
    """Miller, arXiv 2411.00640, writes it as a sum over all pairs of rows of one group."""
    values, groups = np.array([value / 100 for value, _ in rows]), [group for _, group in rows]
    found = stats.standard_error(values, groups)
    if len(set(groups)) == 1:
        assert found == math.inf
        return
    residuals = values - values.mean()
    pairs = [
        one * other
        for one, mine in zip(residuals, groups, strict=True)
        for other, theirs in zip(residuals, groups, strict=True)
        if mine == theirs
    ]
    assert found**2 == pytest.approx(sum(pairs) / len(values) ** 2, abs=1e-9)


@given(samples)
@settings(max_examples=25, deadline=None)
def test_groups_of_one_row_change_nothing(values: stats.Sample) -> None:
    alone = list(range(len(values)))
    assert stats.paired_test(values, groups=alone) == stats.paired_test(values)
    assert stats.standard_error(values, alone) == pytest.approx(stats.standard_error(values))


def test_a_row_told_three_times_is_no_more_evidence_than_once() -> None:
    once = np.random.default_rng(3).normal(0.2, 1.0, 50)
    thrice, groups = np.repeat(once, 3), np.repeat(np.arange(50), 3).tolist()
    plain, kept = stats.paired_test(once), stats.paired_test(thrice, groups=groups)
    fooled = stats.paired_test(thrice)
    assert kept.p_value == pytest.approx(plain.p_value, abs=0.01)
    assert kept.gain.low == pytest.approx(plain.gain.low, abs=0.01)
    assert fooled.p_value < plain.p_value / 2


def test_one_group_alone_tells_nothing() -> None:
    found = stats.paired_test(np.array([1.0, 2.0, 3.0]), groups=["a", "a", "a"])
    assert found == stats.PairedTest(Interval(2.0, -math.inf, math.inf), 0.5)


def test_groups_must_fit_the_rows() -> None:
    with pytest.raises(ValueError, match="2 groups for 3 rows"):
        stats.mean_interval(np.ones(3), groups=["a", "b"])


def test_an_empty_sample_has_no_mean() -> None:
    nothing = np.array([])
    for function in (stats.paired_test, stats.mean_interval, stats.standard_error):
        with pytest.raises(ValueError, match="empty"):
            function(nothing)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=9))
@settings(max_examples=25, deadline=None)
def test_two_sided_sign_flips_are_those_of_scipy(values: list[int]) -> None:
    differences = np.array(values, dtype=float)
    test = permutation_test((differences,), np.mean, permutation_type="samples", rng=0)
    found = stats.paired_test(differences, alternative="two-sided").p_value
    assert found == pytest.approx(float(test.pvalue))
    assert found == stats.paired_test(-differences, alternative="two-sided").p_value


def test_mean_non_inferiority_agrees_with_the_t_test_on_many_rows() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(-0.05, 0.5, 400)
    found = stats.mean_non_inferiority(values, 0.1)
    oracle = ttest_1samp(values, -0.1, alternative="greater").pvalue
    assert found == pytest.approx(float(oracle), abs=0.01)


def test_mean_non_inferiority_rarely_passes_a_loss_of_the_whole_margin() -> None:
    rng, wrong = np.random.default_rng(8), 0
    for trial in range(200):
        values = rng.normal(-0.1, 0.5, 40)
        wrong += stats.mean_non_inferiority(values, 0.1, trial) <= 0.05
    assert wrong / 200 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan])
def test_no_sample_rules_out_a_loss_of_nothing(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        stats.mean_non_inferiority(np.zeros(5), margin)
