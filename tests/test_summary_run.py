import json
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from selfinstruct.summary import read_summary, reports
from selfinstruct.tracking import FAULTS
from tests.finished import GATE, write_run


def test_a_finished_run_in_one_object(tmp_path: Path) -> None:
    write_run(tmp_path)
    found = json.loads(json.dumps(read_summary(tmp_path), allow_nan=False))
    assert found["schema_version"] == 1
    assert (found["state"], found["champion"]) == ("finished", "round-1")
    assert found["data"]["gate"] == GATE
    assert found["spent"] == {"calls": 1, "prompt_tokens": 50, "completion_tokens": 20}
    assert [student["name"] for student in found["students"]] == ["base", "real-only", "round-1"]
    (entry,) = found["rounds"]
    assert (entry["index"], entry["verdict"], entry["accepted"]) == (1, "accept", 1)
    assert entry["rejected"] == {"too_similar": 1}
    assert entry["scores"] == {"label_agreement": {"n": 1, "mean": 0.75}}
    assert found["quality"] == {"rubric": None, "likelihood": None, "suspects": None}
    accuracy = entry["metrics"]["accuracy"]
    assert (accuracy["base"], accuracy["champion"], accuracy["candidate"]) == (0.05, 0.5, 0.95)
    assert 0 < accuracy["low"] < accuracy["gain"] < accuracy["high"]


def test_what_trackers_did_not_take_is_part_of_it(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert read_summary(tmp_path)["tracker_faults"] == []
    fault = {"tracker": "mlflow", "at": "step 3 of t", "said": "ConnectionError: gone"}
    with Store(tmp_path, write=True) as store:
        store.set_meta(FAULTS, [fault])
    assert read_summary(tmp_path)["tracker_faults"] == [fault]


def test_a_run_without_an_accept_keeps_the_control_as_champion(tmp_path: Path) -> None:
    write_run(tmp_path, right=21)
    found = read_summary(tmp_path)
    assert found["rounds"][0]["verdict"] == "inconclusive"
    assert found["champion"] == "real-only"


def test_a_run_that_is_still_going_can_be_read(tmp_path: Path) -> None:
    write_run(tmp_path / "whole")
    with Store(tmp_path / "whole") as whole, Store(tmp_path / "half", write=True) as half:
        data = whole.real_data()
        assert data is not None
        half.freeze(data)
        half.commit_stage(0, "train", {"name": "real-only", "digest": "c"}, 1.0)
        found = read_summary(tmp_path / "half")
        assert (found["state"], found["champion"]) == ("incomplete", "real-only")
        assert found["rounds"] == []
        assert reports(half, "gate") == {}


def test_a_run_that_has_not_begun_says_so(tmp_path: Path) -> None:
    with Store(tmp_path, write=True), pytest.raises(StoreError, match="has not begun"):
        read_summary(tmp_path)
