"""Which labels are asked for more often, and which arms."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.aiming.weights import (
    LEAST,
    MOST,
    bounded,
    require_focus,
    shrunk,
    tilt,
    weak_labels,
)
from selfinstruct.aiming.yields import Seen
from selfinstruct.errors import UserError
from selfinstruct.types import Example, Report, Split

LABELS = ("a", "b", "c", "d")
DEV = tuple(Example("i", f"text {n}", label=LABELS[n % 4]) for n in range(40))


def report(by_label: Mapping[str, float], split: Split = "dev") -> Report:
    nll = tuple(by_label.get(str(row.label), 1.0) for row in DEV)
    return Report("c", split, tuple(row.id for row in DEV), {"nll": nll}, ("",) * len(DEV))


def test_the_label_with_the_worst_likelihood_weighs_most() -> None:
    found = weak_labels(report({"a": 2.0, "b": 0.5}), DEV, LABELS)
    assert found["a"] > found["c"] == found["d"] > found["b"]
    assert sum(found.values()) == pytest.approx(4)
    # (10 * 2 + 4 * 1.125) / 14 over the mean of all four, 1.125: by hand
    assert found["a"] == pytest.approx((20 + 4.5) / 14 / 1.125)


def test_few_rows_say_little_and_none_say_nothing() -> None:
    few = DEV[:5]  # a, b, c, d, a
    nll = (4.0, 1.0, 1.0, 1.0, 4.0)
    scored = Report("c", "dev", tuple(row.id for row in few), {"nll": nll}, ("",) * 5)
    found = weak_labels(scored, few, (*LABELS, "unseen"))
    overall = 11 / 5
    assert found["a"] / found["unseen"] == pytest.approx((8 + 4 * overall) / 6 / overall)
    assert found["b"] / found["unseen"] == pytest.approx((1 + 4 * overall) / 5 / overall)


@pytest.mark.parametrize("nll", [1e-6, 1.0, 1e6])
def test_no_label_goes_beyond_the_bounds(nll: float) -> None:
    found = weak_labels(report({"a": nll}), DEV, LABELS)
    assert all(LEAST <= weight <= MOST for weight in found.values())


def test_a_student_that_is_sure_of_everything_has_no_weak_label() -> None:
    assert weak_labels(report(dict.fromkeys(LABELS, 0.0)), DEV, LABELS) == dict.fromkeys(LABELS, 1)


@pytest.mark.parametrize("split", ["gate", "final", "train"])
def test_no_report_but_that_on_dev_is_taken(split: Split) -> None:
    with pytest.raises(ValueError, match=f"a report on {split}"):
        weak_labels(report({}, split), DEV, LABELS)


def test_a_dev_report_of_other_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="these dev rows"):
        weak_labels(report({}), DEV[1:], LABELS)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=80))
def test_bounded_weights_are_bounded_average_one_and_keep_their_order(given: list[float]) -> None:
    weights = dict(enumerate(given))
    found = bounded(weights)
    assert all(LEAST <= weight <= MOST for weight in found.values())
    assert sum(found.values()) == pytest.approx(len(found), rel=1e-6)
    ranked = sorted(weights, key=lambda key: weights[key])
    assert [found[key] for key in ranked] == sorted(found.values())
    free = [key for key in found if LEAST < found[key] < MOST]
    for key in free:  # what no bound holds stays in proportion
        assert found[key] / found[free[0]] == pytest.approx(weights[key] / weights[free[0]])


SEEN = st.tuples(st.integers(0, 500), st.integers(0, 500)).map(
    lambda pair: Seen(min(pair), max(pair))
)


@given(st.lists(st.tuples(st.floats(0.01, 9), SEEN), min_size=1, max_size=20), st.floats(0.01, 1))
def test_every_arm_keeps_its_floor_and_shares_sum_to_one(
    arms: list[tuple[float, Seen]], floor: float
) -> None:
    base = {n: weight for n, (weight, _) in enumerate(arms)}
    seen = {n: each for n, (_, each) in enumerate(arms)}
    found = tilt(base, seen, floor)
    assert sum(found.values()) == pytest.approx(1)
    total = sum(base.values())
    for arm, weight in base.items():
        assert found[arm] >= floor * weight / total - 1e-12


@given(st.floats(0.01, 1), st.integers(1, 40), st.integers(0, 10))
def test_equal_yields_move_nothing(floor: float, kept: int, times: int) -> None:
    base = {"a": 1.0, "b": 3.0}
    seen = {"a": Seen(kept, 40), "b": Seen(kept, 40)}
    assert tilt(base, seen, floor) == pytest.approx({"a": 0.25, "b": 0.75})
    nothing = {"a": Seen(0, 10 * times), "b": Seen()}
    assert tilt(base, nothing, floor) == pytest.approx({"a": 0.25, "b": 0.75})


def test_a_yield_of_few_candidates_is_that_of_all() -> None:
    found = shrunk({"a": Seen(0, 0), "b": Seen(50, 100), "c": Seen(0, 100)})
    assert found["a"] == pytest.approx(0.25)
    assert found["b"] == pytest.approx((50 + 4) / 116)
    assert found["c"] == pytest.approx(4 / 116)
    assert shrunk({"a": Seen(0, 9), "b": Seen()}) == {"a": 0.0, "b": 0.0}


def test_a_share_moves_by_the_shrunk_yield() -> None:
    found = tilt({"a": 1.0, "b": 1.0}, {"a": Seen(8, 80), "b": Seen(48, 80)}, 0.25)
    prior = 16 * 56 / 160
    ours, theirs = (8 + prior) / 96, (48 + prior) / 96
    assert found["a"] == pytest.approx(0.25 / 2 + 0.75 * ours / (ours + theirs))


@pytest.mark.parametrize(
    ("dev", "labels", "takes", "told"),
    [
        ((), LABELS, {"label_first": True}, "dev has no rows"),
        (DEV, (), {"self_instruct": False}, "the seeds have no labels"),
        (DEV, LABELS, {"self_instruct": False}, "no recipe is asked by label"),
    ],
)
def test_a_focus_with_nothing_to_go_by_is_refused(
    dev: tuple[Example, ...], labels: tuple[str, ...], takes: dict[str, bool], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        require_focus(dev, labels, takes)
    require_focus(DEV, LABELS, {"label_first": True, "self_instruct": False})
