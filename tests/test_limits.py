from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.limits import SIGNS, Limit, hold, measure, read_limit
from selfinstruct.summary import read_summary
from tests.finished import write_run

MEASURED = {"kept": 0.5, "candidates": 40.0, "dropped.refusal": 0.25}


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("run")
    write_run(folder)
    return read_summary(folder)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("kept>=.3", Limit("kept", ">=", 0.3)),
        ("  kept  <  1e-2 ", Limit("kept", "<", 0.01)),
        ("dropped.too_similar<=20%", Limit("dropped.too_similar", "<=", 0.2)),
        ("gain.nll.low>-0.5", Limit("gain.nll.low", ">", -0.5)),
        ("score.pkg.mod:function=1", Limit("score.pkg.mod:function", "=", 1.0)),
    ],
)
def test_a_limit_is_read(text: str, limit: Limit) -> None:
    assert read_limit(text) == limit


@pytest.mark.parametrize("text", ["", "kept", "kept=>.3", "kept>=", ">=.3", "kept>=x", "kept>=nan"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not NAME"):
        read_limit(text)


@given(
    st.sampled_from(sorted(SIGNS)),
    st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.6f}")),
    st.floats(-1e6, 1e6),
)
def test_a_limit_holds_as_arithmetic_says(sign: str, value: float, measured: float) -> None:
    (held,) = hold([read_limit(f"x{sign}{value:.6f}")], {"x": measured})
    says = {
        ">=": measured >= value,
        "<=": measured <= value,
        ">": measured > value,
        "<": measured < value,
        "=": measured == value,
    }
    assert (held.holds, held.measured) == (says[sign], measured)


def test_a_reason_that_dropped_nothing_is_zero_and_a_name_of_nothing_is_refused() -> None:
    (held,) = hold([Limit("dropped.truncated", "<=", 0.0)], MEASURED)
    assert held.holds
    assert held.measured == 0
    with pytest.raises(UserError, match="did you mean kept"):
        hold([Limit("kpt", ">", 0)], MEASURED)
    with pytest.raises(UserError, match=r"dropped\.refusal"):
        hold([Limit("dropped.refusal", "<", 1)], {"calls": 1.0})  # a run without a round yet


def test_the_numbers_of_a_run_are_those_of_its_summary(summary: dict[str, Any]) -> None:
    found = measure(summary)
    entry = summary["rounds"][0]
    assert found["kept"] == 0.5  # one of two
    assert found["dropped.too_similar"] == 0.5
    assert found["round"] == 1
    assert found["calls"] == summary["account"]["calls"] == 1
    assert found["gain.accuracy"] == entry["metrics"]["accuracy"]["gain"]
    assert found["gate.accuracy"] == found["champion.accuracy"] == 38 / 40
    assert found["score.label_agreement"] == 0.75
    assert found["synthetic_share"] == 0.5
    assert "cost" not in found  # no model has a price
    assert "stands" not in found  # nobody reviewed


def test_a_round_that_is_not_there_is_refused_by_its_number(summary: dict[str, Any]) -> None:
    assert measure(summary, 1) == measure(summary)
    with pytest.raises(UserError, match="round 7 has not generated its rows; those that have: 1"):
        measure(summary, 7)
    bare = measure({**summary, "rounds": []})
    assert "kept" not in bare
    assert bare["calls"] == 1
