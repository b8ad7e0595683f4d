import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # R: p.adjust(p, "holm")
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_gives_the_values_of_r(p_values: list[float], adjusted: list[float]) -> None:
    assert stats.holm(p_values) == pytest.approx(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.5))
def test_holm_rejects_what_closed_testing_by_bonferroni_does(
    p_values: list[float], alpha: float
) -> None:
    """Holm is the closure of Bonferroni (Marcus, Peritz & Gabriel, Biometrika 63:655, 1976)."""
    places = range(len(p_values))
    for at, adjusted in enumerate(stats.holm(p_values)):
        others = [other for other in places if other != at]
        sets = [
            (at, *chosen)
            for size in range(len(others) + 1)
            for chosen in itertools.combinations(others, size)
        ]
        worst = max(min(1.0, len(each) * min(p_values[i] for i in each)) for each in sets)
        assert adjusted == pytest.approx(worst)
        assert (adjusted <= alpha) == (worst <= alpha) or adjusted == pytest.approx(alpha)


def test_an_empty_sample_detects_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        stats.detectable_gain(1.0, 0, 0.05)
