import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.quality.spoil import FAULTS, spoil
from selfinstruct.types import Example
from tests.bad_rows import bad_rows
from tests.frozen_run import rows


def test_the_faults_come_in_turn_and_each_is_one() -> None:
    real = [
        Example("Name it.", f"text {n}", f"a reply of {n} words or more", label="ab"[n % 2])
        for n in range(9)
    ]
    found = spoil(real, "label_and_response", random.Random(0))
    assert [each.fault for each in found] == list(FAULTS) * 3
    for row, each in zip(real, found, strict=True):
        match each.fault:
            case "swapped":
                assert each.row.label != row.label
                assert each.row.input == row.input
                assert any(each.row.response == other.response for other in real)
            case "truncated":
                assert row.response.startswith(each.row.response)
                assert len(each.row.response.split()) == 3
            case "shuffled":
                assert each.row.response != row.response
                assert sorted(each.row.response.split()) == sorted(row.response.split())


def test_where_the_answer_is_a_label_the_text_is_spoilt() -> None:
    real = [Example("Name it.", "why was I charged twice", label="ab"[n % 2]) for n in range(6)]
    for each in spoil(real, "label", random.Random(0)):
        assert (each.row.input == real[0].input) == (each.fault == "swapped")
        assert each.row.instruction == "Name it."
    bare = [Example("why was I charged twice", label="ab"[n % 2]) for n in range(6)]
    assert {each.row.input for each in spoil(bare, "label", random.Random(0))} == {""}


def test_a_row_that_no_fault_changes_is_left_out() -> None:
    same = [Example("q", response="yes"), Example("q", response="yes")]
    assert spoil(same, "response", random.Random(0)) == []
    short = [Example("q", response="yes"), Example("r", response="no")]
    assert [each.fault for each in spoil(short, "response", random.Random(0))] == ["swapped"] * 2


@pytest.mark.parametrize("target", ["response", "label", "label_and_response"])
@given(seed=st.integers(0, 50))
def test_a_spoilt_row_is_never_the_real_one(target: str, seed: int) -> None:
    real = rows("train", 9)
    for each in spoil(real, target, random.Random(seed)):  # type: ignore[arg-type]
        assert each.row not in real


def test_bad_rows_are_spoilt_or_left_out() -> None:
    real = bad_rows("a")[:10] + bad_rows("b")[:10]
    assert 0 < len(spoil(real, "label_and_response", random.Random(1))) <= 20
