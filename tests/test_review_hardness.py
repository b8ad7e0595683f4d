"""Ranks against scipy's; which measures an item is there for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from selfinstruct.review.hardness import hardness, nearness, ranks


@given(st.lists(st.integers(0, 5), min_size=2))
def test_ranks_are_the_mean_ranks_of_scipy_from_0_to_1(values: list[int]) -> None:
    found = ranks([float(value) for value in values])
    if len({*values}) == 1:
        assert found is None
    else:
        assert found == pytest.approx(list((rankdata(values) - 1) / (len(values) - 1)))


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1))
def test_what_was_not_measured_is_in_the_middle_and_moves_nobody(values: list[int | None]) -> None:
    each = [None if value is None else float(value) for value in values]
    found, known = ranks(each), ranks([value for value in each if value is not None])
    if found is None:
        assert known is None
    else:
        assert [r for r, v in zip(found, each, strict=True) if v is not None] == known
        assert {r for r, v in zip(found, each, strict=True) if v is None} <= {0.5}


def test_hardness_is_the_mean_over_the_measures_that_tell_anything_apart() -> None:
    measures: Any = {
        "judge_doubt": [0.0, 1.0, 2.0],
        "disagreement": [5.0, None, 1.0],
        "personal_data": [0.0, 0.0, 0.0],
        "rare_label": [None, None, None],
    }
    hard, why = hardness(measures, 3)
    assert hard == pytest.approx([(0 + 1) / 2, (0.5 + 0.5) / 2, (1 + 0) / 2])
    assert why == [("disagreement",), (), ("judge_doubt",)]


def test_who_stands_out_by_nothing_is_there_for_what_it_is_hardest_by() -> None:
    measures: Any = {"judge_doubt": [0.0, 1.0, 2.0, 3.0, 4.0], "rare_label": [4.0, 0, 3, 1, 2.5]}
    assert hardness(measures, 5)[1][4] == ("judge_doubt",)
    close: Any = {"judge_doubt": [float(at) for at in range(9)], "disagreement": [0.0] * 9}
    assert hardness(close, 9)[1][5] == ("judge_doubt",)  # 0.625: in the harder half alone
    assert hardness(close, 9)[1][4] == ()


def test_without_any_measure_all_are_equally_hard() -> None:
    assert hardness({}, 2) == ([0.5, 0.5], [(), ()])


@pytest.mark.parametrize(
    ("value", "limit", "near"), [(0.7, 0.7, 0), (0.35, 0.7, -0.5), (1.4, 0.7, -1), (2, 0, -2)]
)
def test_nearness_is_in_parts_of_the_limit(value: float, limit: float, near: float) -> None:
    assert nearness(value, limit) == pytest.approx(near)
    assert np.isfinite(nearness(value, limit))
