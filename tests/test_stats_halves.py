import math

import numpy as np
import pytest

from selfinstruct.stats.halves import (
    Chain,
    Places,
    delete_factor,
    draw_halves,
    ratio_of_draws,
)
from selfinstruct.types import Interval


def halves_of(n: int, seed: int, draws: int = 100) -> tuple[Places, Chain]:
    places, chain = draw_halves(n, draws, np.random.default_rng(seed))
    return places, chain


@pytest.mark.parametrize("n", [2, 3, 10, 41])
def test_a_half_holds_no_row_twice(n: int) -> None:
    places, chain = halves_of(n, 0)
    assert places.shape == (100, n // 2)
    assert all(len(set(line)) == n // 2 for line in places.tolist())
    assert set(places.ravel().tolist()) == set(range(n))
    assert len(chain.redrawn) == 99
    assert chain.factors == ((n // 2) / (n - n // 2),)


@pytest.mark.parametrize("taken", [5, 20, 30])
def test_the_factor_makes_the_error_of_the_mean_of_the_spread_over_draws(taken: int) -> None:
    """s^2 / n, whatever part is drawn (Shao & Wu 1989, for a statistic that is a mean)."""
    rng = np.random.default_rng(1)
    values = rng.gamma(2.0, 1.0, 40)
    drawn = [rng.permutation(values)[:taken].mean() for _ in range(20_000)]
    found = np.var(drawn) * delete_factor(taken, 40)
    assert found == pytest.approx(values.var(ddof=1) / 40, rel=0.04)


@pytest.mark.parametrize("shift", [1.0, 0.8])
def test_the_interval_of_paired_means_holds_the_truth_as_often_as_it_says(shift: float) -> None:
    rng, hits = np.random.default_rng(2), 0
    for trial in range(400):
        theirs = rng.gamma(4.0, 1.0, 40)
        ours = shift * theirs * rng.gamma(20.0, 1 / 20, 40)
        places, chain = halves_of(40, trial)
        sides = [side[places].mean(axis=1) for side in (ours, theirs)]
        found = ratio_of_draws(sides[0], sides[1], chain, (ours.mean(), theirs.mean()))
        assert found is not None
        hits += found.low <= shift <= found.high
    assert hits / 400 == pytest.approx(0.95, abs=0.035)


def test_the_interval_of_distinct_values_holds_the_truth() -> None:
    """Two samples of one distribution: the ratio of how many distinct values each half has is 1."""
    rng, hits = np.random.default_rng(3), 0
    for trial in range(200):
        sides, chains = [], []
        for side in range(2):
            values = rng.geometric(0.05, 80)
            places, chain = halves_of(80, 2 * trial + side)
            sides.append(np.array([len(set(values[line].tolist())) for line in places], float))
            chains.append(chain)
        found = ratio_of_draws(sides[0], sides[1], chains[0])
        assert found is not None
        hits += found.low <= 1 <= found.high
    assert hits / 200 >= 0.92  # a bootstrap would count the rows it repeats


def test_the_variance_is_added_up_over_the_parts() -> None:
    ours = np.array([1.0, 1.2, 1.2, 1.0, 1.0])
    theirs = np.ones(5)
    # Only the steps 0 and 2 move, by 0.2: part 0 varies by 0.02 in the mean of its two steps.
    chain = Chain(np.array([0, 1, 0, 1]), (0.5, 7.0), 1e9)
    found = ratio_of_draws(ours, theirs, chain)
    assert found is not None
    spread = math.sqrt(0.5 * 0.02) / ours.mean()
    assert math.log(found.high / found.value) == pytest.approx(1.96 * spread, rel=1e-4)
    assert found.value / found.low == pytest.approx(found.high / found.value)


def test_fewer_degrees_widen_the_interval() -> None:
    drawn = np.random.default_rng(0).gamma(9.0, 1.0, (2, 100))
    redrawn = np.zeros(99, np.intp)
    few, many = (
        ratio_of_draws(drawn[0], drawn[1], Chain(redrawn, (1.0,), degrees)) for degrees in (4, 400)
    )
    assert few is not None
    assert many is not None
    ratio = math.log(few.high / few.value) / math.log(many.high / many.value)
    assert ratio == pytest.approx(2.776 / 1.966, rel=1e-3)  # of the tables of Student's t


@pytest.mark.parametrize(
    ("ours", "theirs", "ratio"),
    [
        (2.0, 0.0, None),
        (0.0, 0.0, None),
        (0.0, 2.0, Interval(0.0, 0.0, 0.0)),
        (3.0, 2.0, Interval(1.5, 1.5, 1.5)),
    ],
)
def test_sides_without_spread(ours: float, theirs: float, ratio: Interval | None) -> None:
    chain = Chain(np.zeros(19, np.intp), (1.0,), 9)
    assert ratio_of_draws(np.full(20, ours), np.full(20, theirs), chain) == ratio
