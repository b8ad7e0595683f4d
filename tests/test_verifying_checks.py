from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfinstruct.progress import Progress
from selfinstruct.quality.chain import in_turn
from selfinstruct.store import Store
from selfinstruct.types import Example
from selfinstruct.verifying.checks import AT_ONCE, checks_of
from tests.asked import witnesses
from tests.frozen_run import rows
from tests.workplace import setting

pytestmark = pytest.mark.usefixtures("one_thread")

MADE = rows("made", 6, origin="synthetic")


@pytest.mark.parametrize(
    ("quality", "count"),
    [
        ({}, 0),
        ({"label_agreement": {}}, 1),
        ({"label_agreement": {}, "rubric": {}}, 2),
        (
            {
                "likelihood": {"ifd": {}},
                "label_agreement": {},
                "self_consistency": {},
                "round_trip": {},
                "rubric": {},
            },
            5,
        ),
    ],
)
def test_a_filter_is_off_unless_its_section_is_given(
    tiny_base: Path, tmp_path: Path, quality: dict[str, Any], count: int
) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": quality})
        assert len(checks_of(witnesses(here, opened), 0)) == count


@pytest.mark.parametrize(
    ("agreement", "who", "calls"),
    [
        ({"by": "champion", "least": None}, "the champion said ", 0),
        ({"by": "k_fold", "k": 2, "least": None}, "2 folds said ", 0),
        ({"by": "teacher", "k": 3}, "3 draws of the teacher said ", 18),
    ],
)
def test_each_way_of_agreement_scores_every_candidate(
    tiny_base: Path, tmp_path: Path, agreement: dict[str, Any], who: str, calls: int
) -> None:
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": {"label_agreement": agreement}})
        verify = in_turn(checks_of(witnesses(here, opened), 0))
        found = verify(MADE)
        assert [one.id for one in found.scores] == [row.id for row in MADE]
        assert all(one.name == "label_agreement" for one in found.scores)
        assert all(one.detail.startswith(who) for one in found.scores)
        assert {each.reason for each in found.rejections.values()} <= {"label_disagrees"}
        assert verify(MADE) == found
        assert store.spent()["calls"] == calls


def test_people_see_how_far_a_student_is(tiny_base: Path, tmp_path: Path) -> None:
    heard: list[Progress] = []
    many = rows("made", AT_ONCE + 6, origin="synthetic")
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        quality = {"label_agreement": {"least": None}}
        here = setting(tiny_base, store, heard.append, filters={"quality": quality})
        verify = in_turn(checks_of(witnesses(here, opened), 0))
        assert [one.id for one in verify(many).scores] == [row.id for row in many]
    assert heard[-1].note == (
        f"verifying: the champion has looked at {AT_ONCE} of {len(many)} candidates"
    )


def test_draws_of_the_teacher_confirm_the_right_label_alone(
    tiny_base: Path, tmp_path: Path
) -> None:
    wrong = Example("Name it.", "made 8", "r", label="fee", origin="synthetic")
    lost = Example("Name it.", "made of words", "r", label="fee", origin="synthetic")
    quality = {"label_agreement": {"by": "teacher", "k": 2}}
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": quality})
        found = in_turn(checks_of(witnesses(here, opened), 0))([*MADE, wrong, lost])
        assert set(found.rejections) == {6, 7}
        assert [one.value for one in found.scores] == [1.0] * 6 + [0.0] * 2
        assert found.scores[6].detail == "2 draws of the teacher said refund"
        assert found.scores[7].detail == "2 draws of the teacher said nothing"


@pytest.mark.parametrize(
    ("quality", "reason"),
    [
        ({"self_consistency": {"k": 3}}, "inconsistent"),
        ({"round_trip": {}}, "round_trip"),
    ],
)
def test_labelled_rows_are_held_to_their_label(
    tiny_base: Path, tmp_path: Path, quality: dict[str, Any], reason: str
) -> None:
    wrong = Example("Name it.", "made 8", "r", label="fee", origin="synthetic")
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": quality})
        found = in_turn(checks_of(witnesses(here, opened), 0))([*MADE, wrong])
        assert {at: each.reason for at, each in found.rejections.items()} == {6: reason}
        assert [one.name for one in found.scores] == [next(iter(quality))] * 7


def test_rows_without_labels_are_held_to_their_answers(tiny_base: Path, tmp_path: Path) -> None:
    plain = [Example("Add 3.", response="fee"), Example("Add 4.", response="fee")]
    quality: dict[str, Any] = {"self_consistency": {"k": 2}, "round_trip": {"least": 0.9}}
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": quality})
        found = in_turn(checks_of(witnesses(here, opened), 0))(plain)
    reasons = {at: each.reason for at, each in found.rejections.items()}
    assert reasons == {1: "inconsistent", 0: "round_trip"}


def test_likelihoods_are_held_to_those_of_real_rows_which_are_looked_at_once(
    tiny_base: Path, tmp_path: Path
) -> None:
    nll = {"low": 0.25, "high": 0.75}
    quality: dict[str, Any] = {"likelihood": {"nll": nll, "ifd": {"most": 1e9}}}
    with Store(tmp_path / "t", write=True) as store, ExitStack() as opened:
        here = setting(tiny_base, store, filters={"quality": quality})
        verify = in_turn(checks_of(witnesses(here, opened), 0))
        found = verify(here.data.train)
        assert verify(here.data.train) == found
        assert [stage["stage"] for stage in store.stages()] == ["calibrate likelihood"]
        band = store.stage(0, "calibrate likelihood")
    assert {one.name for one in found.scores} == {"nll", "ifd"}
    measured = [one.value for one in found.scores if one.name == "nll"]
    low, high = np.quantile(measured, [0.25, 0.75])
    assert (band["low"], band["high"]) == pytest.approx((low, high))
    outside = {at for at, value in enumerate(measured) if not low <= value <= high}
    assert len(outside) == 6  # of 12
    assert set(found.rejections) == outside
    assert {each.reason for each in found.rejections.values()} == {"nll_outlier"}
