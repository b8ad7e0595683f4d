from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import INCOMPLETE, IncompleteError
from selfinstruct.purposes import CALIBRATE_WAVE, VERIFY_WAVE
from selfinstruct.store import Store
from selfinstruct.verifying.rubric import STAGE, by_rubric, calibration
from tests.asked import witnesses
from tests.frozen_run import rows
from tests.workplace import setting

MADE = rows("made", 6, origin="synthetic")
SHORT = 12


def section(judge: str, **more: Any) -> dict[str, Any]:
    model = {"backend": "program", "name": f"tests.judges:{judge}"}
    return {"quality": {"rubric": {"model": model, "rows": SHORT, **more}}}


def test_a_judge_that_can_tell_is_calibrated_once_and_then_heard(
    tiny_base: Path, tmp_path: Path
) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters=section("fair"))
        cfg = here.cfg.filters.quality.rubric
        assert cfg is not None
        asked = witnesses(here, opened)
        found = by_rubric(asked, 3, cfg, MADE)
        assert (found.rejections, len(found.scores)) == ({}, len(MADE))
        known = store.stage(0, STAGE)
        assert (known["rows"], known["spoilt"], known["doubt"]) == (SHORT, SHORT, "")
        assert (known["least"], known["passed"], known["caught"]) == (5, 1.0, 1.0)
        waves = {(call["round"], call["wave"]) for call in store.calls()}
        assert waves == {(0, CALIBRATE_WAVE), (1, VERIFY_WAVE + 3)}
        calls = store.spent()["calls"]
        assert by_rubric(witnesses(here, opened), 3, cfg, MADE) == found  # all in the ledger
        assert store.spent()["calls"] == calls


@pytest.mark.parametrize(("policy", "reasons"), [("drop", ["unjudged"] * len(MADE)), ("go_on", [])])
def test_a_judge_that_cannot_tell_is_asked_about_no_candidate(
    tiny_base: Path, tmp_path: Path, policy: str, reasons: list[str]
) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters=section("coin", on_failure=policy))
        cfg = here.cfg.filters.quality.rubric
        assert cfg is not None
        asked = witnesses(here, opened)
        found = by_rubric(asked, 0, cfg, MADE)
        assert [each.reason for each in found.rejections.values()] == reasons
        assert found.scores == ()
        assert "tossing a coin" in store.stage(0, STAGE)["doubt"]
        assert {call["round"] for call in store.calls()} == {0}


def test_by_default_it_stops_the_run_and_says_what_to_do(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters=section("coin"))
        cfg = here.cfg.filters.quality.rubric
        assert cfg is not None
        with pytest.raises(IncompleteError, match="cannot tell good rows from bad") as caught:
            by_rubric(witnesses(here, opened), 0, cfg, MADE)
        assert caught.value.exit_code == INCOMPLETE
        assert "on_failure=go_on" in caught.value.next_step


def test_without_a_judge_of_its_own_the_teacher_grades(tiny_base: Path, tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": {"rubric": {"rows": SHORT}}})
        cfg = here.cfg.filters.quality.rubric
        assert cfg is not None
        found = calibration(witnesses(here, opened, "fair"), cfg)
        assert (found.judge, found.doubt) == ("program:tests.judges:fair", "")


@pytest.mark.parametrize("policy", ["stop", "drop", "go_on"])
def test_a_candidate_without_a_grade_goes_by_the_policy_too(
    tiny_base: Path, tmp_path: Path, policy: str
) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters=section("mute_on_made", on_failure=policy))
        cfg = here.cfg.filters.quality.rubric
        assert cfg is not None
        asked = witnesses(here, opened)
        if policy == "stop":
            with pytest.raises(IncompleteError, match="no grade to 3 of 6 candidates"):
                by_rubric(asked, 0, cfg, MADE)
            return
        found = by_rubric(asked, 0, cfg, MADE)
        dropped = {at: each.reason for at, each in found.rejections.items()}
        assert dropped == (
            {1: "unjudged", 3: "unjudged", 5: "unjudged"} if policy == "drop" else {}
        )
        assert len(found.scores) == 3
