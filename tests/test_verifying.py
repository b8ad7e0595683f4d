"""What is verified, by whom, and what nobody is asked for; the checks have tests of their own."""

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.filters.screen import Verified
from selfinstruct.progress import Progress
from selfinstruct.store import Store
from selfinstruct.types import Example
from selfinstruct.verifying import verifying
from tests.asked import teacher_of
from tests.frozen_run import rows
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")

MADE = rows("made", 4, origin="synthetic")


def test_without_a_filter_that_asks_models_none_is_opened(tiny_base: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, heard.append)
        with verifying(here, 1, here.base, teacher_of(here, "names_label")) as verify_in_wave:
            assert verify_in_wave(0)(MADE) == Verified()
    assert heard == []


def test_a_model_is_opened_once_a_round_and_only_for_somebody(
    tiny_base: Path, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    quality: dict[str, Any] = {"label_agreement": {"by": "champion", "least": None}}
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, heard.append, filters={"quality": quality})
        with verifying(here, 1, here.base, teacher_of(here, "names_label")) as verify_in_wave:
            assert verify_in_wave(0)([]) == Verified()
            assert heard == []
            first = verify_in_wave(0)(MADE)
            assert verify_in_wave(1)(MADE) == first
        told = [step.note for step in heard]
        verifying_four = "verifying 4 candidates"
        assert told == [verifying_four, "loading base to verify", verifying_four]
        assert len(first.scores) == len(MADE)
        assert store.spent()["calls"] == 0


def test_filters_are_asked_in_turn_and_the_last_only_about_what_is_left(
    tiny_base: Path, tmp_path: Path
) -> None:
    judge = {"backend": "program", "name": "tests.judges:fair"}
    quality: dict[str, Any] = {
        "label_agreement": {"by": "teacher", "k": 3},
        "rubric": {"model": judge, "rows": 12},
    }
    wrong = Example("Name it.", "made 8 about 56", "reply 8", label="fee", origin="synthetic")
    poor = Example("Name it.", "made 9 about 63", "no reply", label="fee", origin="synthetic")
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, filters={"quality": quality})
        with verifying(here, 1, here.base, teacher_of(here, "names_label")) as verify_in_wave:
            found = verify_in_wave(0)([*MADE, wrong, poor])
    assert {at: each.reason for at, each in found.rejections.items()} == {
        4: "label_disagrees",
        5: "low_grade",
    }
    assert [one.name for one in found.scores] == ["label_agreement"] * 6 + ["rubric"] * 5
