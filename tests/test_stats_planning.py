import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from selfinstruct import stats


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
    assert stats.alpha_of_round(0.05, 3, 10) == pytest.approx(0.005)
    assert sum(stats.alpha_of_round(0.05, r, 7) for r in range(1, 8)) == pytest.approx(0.05)


def test_an_open_horizon_spends_alpha_and_no_more() -> None:
    spent = [stats.alpha_of_round(0.05, r, None) for r in range(1, 100_001)]
    assert spent[0] == pytest.approx(0.0304, abs=5e-5)
    assert spent == sorted(spent, reverse=True)
    assert 0.0499 < sum(spent) < 0.05


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    _, expected, _, _ = multipletests(p_values, method="holm")
    assert stats.holm(p_values) == pytest.approx(list(expected))


def test_no_tests_need_no_correction() -> None:
    assert stats.holm([]) == []


def test_an_empty_sample_detects_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        stats.detectable_gain(1.0, 0, 0.05)
