"""Shares of two samples: Newcombe's own table, scipy's permutations, and what clusters change."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, permutation_test
from scipy.stats.contingency import relative_risk

from selfinstruct.stats import exchange_test, share_difference, share_ratio
from selfinstruct.stats.two_samples import Clusters

CLUSTER = st.integers(1, 5).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CLUSTERS = st.lists(CLUSTER, min_size=1, max_size=5)
SEVERAL = st.lists(CLUSTER, min_size=2, max_size=5)


def alone(kept: int, rows: int) -> Clusters:
    """Independent rows: each its own cluster."""
    return [(1, 1)] * kept + [(0, 1)] * (rows - kept)


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [  # Newcombe, Stat. Med. 17:873 (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_independent_rows_is_that_of_newcombes_table(
    ours: tuple[int, int], theirs: tuple[int, int], low: float, high: float
) -> None:
    found = share_difference(alone(*ours), alone(*theirs))
    assert found.value == pytest.approx(ours[0] / ours[1] - theirs[0] / theirs[1])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_rows_that_say_the_same_count_as_one() -> None:
    """Twenty prompts of five equal rows tell what twenty rows tell."""
    fives = [(5, 5)] * 12 + [(0, 5)] * 8, [(5, 5)] * 6 + [(0, 5)] * 14
    ones = alone(12, 20), alone(6, 20)
    found, wanted = share_difference(*fives), share_difference(*ones)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=0.01)
    assert exchange_test(*fives) == pytest.approx(exchange_test(*ones), abs=0.005)


def test_a_sample_of_one_cluster_tells_nothing_of_its_spread() -> None:
    found = share_difference([(9, 9)], [(0, 1)] * 9)
    assert (found.value, found.low, found.high) == (1.0, -1.0, 1.0)


@pytest.mark.parametrize("clusters", [[], [(0, 0)], [(1, 1), (0, 0)]])
def test_a_sample_without_rows_is_refused(clusters: Clusters) -> None:
    for ask in (share_difference, exchange_test):
        with pytest.raises(ValueError, match="has no share"):
            ask(clusters, [(1, 2)])


@given(SEVERAL, SEVERAL)
@settings(max_examples=30, deadline=None)
def test_few_clusters_are_dealt_out_in_every_way_as_scipy_does(
    ours: Clusters, theirs: Clusters
) -> None:
    counts = np.array([*ours, *theirs])

    def differ(one: np.ndarray, other: np.ndarray) -> float:
        shares = [counts[each.astype(int)].sum(axis=0) for each in (one, other)]
        return float(abs(shares[0][0] / shares[0][1] - shares[1][0] / shares[1][1])) + 1e-12

    places = np.arange(len(counts), dtype=float)
    oracle = permutation_test(
        (places[: len(ours)], places[len(ours) :]),
        differ,
        permutation_type="independent",
        alternative="greater",
        n_resamples=np.inf,
    )
    assert exchange_test(ours, theirs) == pytest.approx(oracle.pvalue)


@pytest.mark.parametrize(("a", "b"), [(14, 5), (9, 9), (20, 2), (12, 6)])
def test_independent_rows_give_the_exact_test_of_the_table(a: int, b: int) -> None:
    """With as many rows in both, scipy's two-sided exact test orders tables as we do."""
    oracle = fisher_exact([[a, 24 - a], [b, 24 - b]]).pvalue
    assert exchange_test(alone(a, 24), alone(b, 24)) == pytest.approx(oracle, abs=0.015)


@given(CLUSTERS, CLUSTERS)
@settings(max_examples=30, deadline=None)
def test_changing_places_changes_the_sign_alone(ours: Clusters, theirs: Clusters) -> None:
    one, other = share_difference(ours, theirs), share_difference(theirs, ours)
    assert (one.value, one.low) == pytest.approx((-other.value, -other.high))
    assert one.low <= one.value <= one.high
    assert exchange_test(ours, theirs) == pytest.approx(exchange_test(theirs, ours))


def test_of_two_equal_samples_one_in_twenty_at_most_is_called_different() -> None:
    rng = np.random.default_rng(3)
    wrong = by_rows = 0
    for _ in range(200):
        shares = rng.beta(1, 1, size=16)  # prompts differ much
        counts = [(int(rng.binomial(6, share)), 6) for share in shares]
        wrong += exchange_test(counts[:8], counts[8:]) <= 0.05
        table = [
            [kept, 48 - kept]
            for half in (counts[:8], counts[8:])
            for kept in [sum(k for k, _ in half)]
        ]
        by_rows += fisher_exact(table).pvalue <= 0.05
    assert by_rows / 200 > 0.1  # what a test by rows does
    assert wrong / 200 <= 0.05 + 2 * (0.05 * 0.95 / 200) ** 0.5


def test_as_many_clusters_as_there_may_be_take_a_set_number_of_deals() -> None:
    found = [
        exchange_test([(k, 3) for k in (0, 1, 2, 3) * 100], [(k, 3) for k in (3, 2, 3) * 100], seed)
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] == 1e-4
    assert all(value * 10_000 == round(value * 10_000) for value in found)


def test_every_size_of_sample_has_limits_within_one() -> None:
    for a, n, b, m in product((0, 1, 3), (3, 4), (0, 2), (2, 5)):
        found = share_difference(alone(a, n), alone(b, m))
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_a_ratio_of_many_rows_has_the_limits_of_its_logarithm() -> None:
    """Katz's limits, which scipy has, are those of very many rows."""
    ours, theirs = (3100, 10_000), (5600, 10_000)
    found = share_ratio(alone(*ours), alone(*theirs))
    oracle = relative_risk(*ours, *theirs)
    ends = oracle.confidence_interval(0.95)
    assert found is not None
    assert found.value == pytest.approx(oracle.relative_risk)
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=2e-3)


@pytest.mark.parametrize(("p", "q", "n", "m"), [(0.3, 0.56, 60, 80), (0.9, 0.86, 50, 50)])
def test_the_limits_of_a_ratio_hold_as_often_as_they_say(
    p: float, q: float, n: int, m: int
) -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        found = share_ratio(alone(rng.binomial(n, p), n), alone(rng.binomial(m, q), m))
        held += found is not None and found.low <= p / q <= found.high
    assert 0.93 <= held / 1000 <= 0.97


@given(SEVERAL, SEVERAL)
@settings(max_examples=50, deadline=None)
def test_a_ratio_the_other_way_round_is_one_over_it(ours: Clusters, theirs: Clusters) -> None:
    found, other = share_ratio(ours, theirs), share_ratio(theirs, ours)
    if found is None or other is None:
        assert not sum(kept for kept, _ in theirs) or not sum(kept for kept, _ in ours)
        return
    assert 0 < found.low <= found.value <= found.high
    assert (1 / found.low, 1 / found.high) == pytest.approx((other.high, other.low))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(alone(3, 5), alone(0, 5)), ([(3, 5)], alone(2, 5)), (alone(2, 5), [(3, 5)])],
)
def test_there_is_no_ratio_to_nothing_nor_with_one_cluster(
    ours: Clusters, theirs: Clusters
) -> None:
    assert share_ratio(ours, theirs) is None


def test_a_ratio_of_none_is_0_with_room_above() -> None:
    found = share_ratio(alone(0, 20), alone(10, 20))
    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert 0.1 < found.high < 0.6
