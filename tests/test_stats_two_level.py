import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from selfinstruct.stats.two_level import seed_variance, two_level_test

Rng = np.random.Generator


def test_one_seed_is_the_t_test_over_rows() -> None:
    rows = np.random.default_rng(0).normal(0.2, 1.0, 400)
    found = two_level_test(rows[None], seed_variance([rows[None]]))
    expected = ttest_1samp(rows, 0.0)
    interval = expected.confidence_interval()
    # The clustered error divides by n where the t test divides by n - 1.
    assert found.p_value == pytest.approx(float(expected.pvalue), rel=0.02)
    assert found.gain.low == pytest.approx(float(interval.low), abs=1e-3)
    assert found.gain.high == pytest.approx(float(interval.high), abs=1e-3)


def test_seeds_alone_are_the_t_test_over_seeds() -> None:
    """Rows that all say the same leave the seeds to speak."""
    seeds = np.array([0.3, 0.1, 0.5, 0.2])
    grid = np.repeat(seeds[:, None], 50, axis=1)
    found = two_level_test(grid, seed_variance([grid]))
    assert found.p_value == pytest.approx(float(ttest_1samp(seeds, 0.0).pvalue))


def test_variances_are_pooled_over_grids() -> None:
    one, other = np.array([[0.0], [2.0]]), np.array([[0.0], [4.0], [8.0]])
    variance, freedom = seed_variance([one, other])
    assert (variance, freedom) == (9.0, 3)  # of 2 and 16
    assert seed_variance([one[:1]]) == (0.0, 0)


@pytest.mark.parametrize(("value", "p_value"), [(0.0, 0.0), (0.5, 0.0)])
def test_no_spread_at_all_is_no_division_by_zero(value: float, p_value: float) -> None:
    grid = np.full((2, 10), value)
    found = two_level_test(grid, seed_variance([grid]))
    assert found.gain.low == found.gain.value == found.gain.high == value
    assert found.p_value == (1.0 if value == 0 else p_value)


def test_one_group_of_rows_tells_nothing() -> None:
    grid = np.array([[1.0, 2.0, 3.0]])
    found = two_level_test(grid, (0.0, 0), groups=["a", "a", "a"])
    assert found.p_value == 1.0
    assert found.gain.low == -math.inf


def false_alarms(rng: Rng, seeds: int, trained: float, trials: int = 400) -> float:
    told = 0
    for _ in range(trials):
        grids = [
            rng.normal(0, 1.0, 80)
            + rng.normal(0, trained, (seeds, 1))
            + rng.normal(0, 0.5, (seeds, 80))
            for _ in range(3)
        ]
        told += two_level_test(grids[0], seed_variance(grids)).p_value <= 0.05
    return told / trials


@pytest.mark.parametrize(("seeds", "trained"), [(2, 0.2), (3, 0.5), (3, 0.0)])
def test_luck_of_training_is_seldom_called_a_difference(seeds: int, trained: float) -> None:
    found = false_alarms(np.random.default_rng(1), seeds, trained)
    assert found <= 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 400)
