import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from selfinstruct.errors import UserError
from selfinstruct.tuning.halving import halve, rungs, spearman

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
pairs = st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=12)


def scores(*values: float) -> dict[float, float]:
    return dict(zip(SHARES, values, strict=True))


@given(pairs)
def test_the_rank_correlation_is_that_of_scipy(values: list[tuple[int, int]]) -> None:
    ours, theirs = ([float(value) for value in side] for side in zip(*values, strict=True))
    found = spearman(ours, theirs)
    if len(set(ours)) == 1 or len(set(theirs)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(ours, theirs).statistic, abs=1e-12)


@pytest.mark.parametrize(("steps", "expected"), [(4, (1, 2)), (40, (10, 20)), (43, (10, 21))])
def test_the_rungs_are_a_quarter_and_a_half(steps: int, expected: tuple[int, int]) -> None:
    assert rungs(steps) == expected


@pytest.mark.parametrize("steps", [1, 3])
def test_too_few_steps_are_refused(steps: int) -> None:
    with pytest.raises(UserError, match=f"which has {steps}"):
        rungs(steps)


@pytest.mark.parametrize(
    ("quarter", "half", "metric", "dropped"),
    [
        # Lower is better: .5 and .75 lead, and 0 stays though it is last.
        (scores(9, 5, 3, 4, 6), scores(8, 4, 2, 3, 5), "nll", (0.25, 0.9)),
        (scores(9, 5, 3, 4, 6), scores(8, 4, 2, 3, 5), "rouge_l", (0.5, 0.75)),
        (scores(1, 2, 3, 4, 5), scores(1, 2, 3, 4, 5), "nll", (0.75, 0.9)),
        # Of equal scores the smaller share is kept.
        (scores(1, 2, 3, 3, 3), scores(1, 2, 3, 3, 3), "nll", (0.75, 0.9)),
    ],
)
def test_of_a_settled_order_the_better_half_stays(
    quarter: dict[float, float], half: dict[float, float], metric: str, dropped: tuple[float, ...]
) -> None:
    found = halve(quarter, half, metric)
    assert (found.dropped, found.stable) == (dropped, True)
    assert found.correlation == pytest.approx(1.0)
    assert ", ".join(map(str, dropped)) in found.why


@pytest.mark.parametrize(
    ("half", "stable"),
    [
        (scores(1, 2, 3, 5, 4), True),  # 0.9
        (scores(2, 1, 3, 5, 4), True),  # 0.8: the limit itself is settled enough
        (scores(1, 2, 5, 4, 3), False),  # 0.6
        (scores(5, 4, 3, 2, 1), False),
    ],
)
def test_an_order_that_turns_drops_nothing_and_says_so(
    half: dict[float, float], stable: bool
) -> None:
    found = halve(scores(1, 2, 3, 4, 5), half, "nll")
    assert found.stable == stable == bool(found.dropped)
    assert ("all are trained in full" in found.why) == (not stable)


@pytest.mark.parametrize(
    ("quarter", "half"),
    [
        (scores(1, 1, 1, 1, 1), scores(1, 2, 3, 4, 5)),  # ties everywhere
        ({0.0: 1.0, 0.5: 2.0}, {0.0: 1.0, 0.5: 2.0}),  # two shares
        ({}, {}),  # all arms failed
        ({0.0: 1.0, 0.5: 2.0}, {0.75: 1.0, 0.9: 2.0}),  # nothing in both
    ],
)
def test_without_an_order_nothing_is_dropped(
    quarter: dict[float, float], half: dict[float, float]
) -> None:
    found = halve(quarter, half, "nll")
    assert (found.stable, found.dropped) == (False, ())
    assert "no order to go by" in found.why


def test_a_share_with_a_gap_is_not_dropped() -> None:
    quarter = scores(1, 2, 3, 4, 5)
    half = {share: value for share, value in quarter.items() if share != 0.9}
    assert halve(quarter, half, "nll").dropped == (0.5, 0.75)


@given(
    st.dictionaries(st.sampled_from(SHARES), st.integers(0, 5).map(float)),
    st.dictionaries(st.sampled_from(SHARES), st.integers(0, 5).map(float)),
)
def test_real_rows_and_the_best_are_never_dropped(
    quarter: dict[float, float], half: dict[float, float]
) -> None:
    found = halve(quarter, half, "nll")
    assert 0.0 not in found.dropped
    both = quarter.keys() & half.keys()
    assert set(found.dropped) < both or not found.dropped
    for share in found.dropped:
        assert min(half[other] for other in both) <= half[share]
        assert any(half[other] <= half[share] for other in both - set(found.dropped))
