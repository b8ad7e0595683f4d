import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from selfinstruct.stats import auc

GRADES = st.lists(st.integers(1, 5).map(float), min_size=1, max_size=40)


@given(GRADES, GRADES)
def test_the_auc_is_the_mann_whitney_u_of_scipy_over_the_pairs(
    a: list[float], b: list[float]
) -> None:
    found = auc(np.array(a), np.array(b))
    oracle = mannwhitneyu(a, b, alternative="two-sided").statistic / (len(a) * len(b))
    assert found.value == pytest.approx(oracle)
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(GRADES, GRADES)
def test_the_other_way_round_is_the_mirror_image(a: list[float], b: list[float]) -> None:
    one, other = auc(np.array(a), np.array(b)), auc(np.array(b), np.array(a))
    assert (one.value, one.low, one.high) == pytest.approx(
        (1 - other.value, 1 - other.high, 1 - other.low)
    )


def test_an_end_lies_as_many_of_its_own_errors_away_as_the_level_says() -> None:
    """Newcombe 2006, method 5, solved by hand at the ends that were found."""
    good, bad = np.arange(10.0) + 4, np.arange(12.0)
    found = auc(good, bad)
    for end in (found.low, found.high):
        more = (10 + 12) / 2 - 1
        spread = 1 + more * ((1 - end) / (2 - end) + end / (1 + end))
        error = math.sqrt(end * (1 - end) * spread / 120)
        assert abs(found.value - end) == pytest.approx(1.959964 * error, rel=1e-5)


def test_a_few_rows_in_perfect_order_prove_little() -> None:
    few = auc(np.array([5.0, 5.0]), np.array([1.0, 1.0]))
    many = auc(np.full(40, 5.0), np.full(40, 1.0))
    assert (few.value, few.high) == (many.value, many.high) == (1.0, 1.0)
    assert few.low < 0.5 < 0.85 < many.low


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Normal scores a standard deviation apart: the true AUC is Phi(1/sqrt 2) = 0.760."""
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        found = auc(rng.normal(1, 1, 30), rng.normal(0, 1, 30))
        hits += found.low <= 0.7602 <= found.high
    assert 0.92 <= hits / 400 <= 0.99


def test_rows_of_one_kind_have_no_auc() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        auc(np.array([]), np.array([1.0]))
