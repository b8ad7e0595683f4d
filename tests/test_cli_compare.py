import json
from pathlib import Path

import pytest

from selfinstruct.cli.compare import compare_runs, compare_students, print_comparison
from selfinstruct.errors import UserError
from tests.finished import write_run


def test_the_control_meets_the_base_and_each_candidate_the_control(tmp_path: Path) -> None:
    write_run(tmp_path)
    found = json.loads(json.dumps(compare_students(tmp_path)))
    pairs = [(pair["a"], pair["b"]) for pair in found["pairs"]]
    assert pairs == [("real-only", "base"), ("round-1", "real-only")]
    accuracy = found["pairs"][1]["metrics"]["accuracy"]
    assert (accuracy["wins"], accuracy["losses"], accuracy["verdict"]) == (18, 0, "better")


def test_the_texts_that_changed_stand_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    found = compare_students(tmp_path)
    assert len(found["pairs"][1]["improvements"]) == 5
    assert found["pairs"][1]["regressions"] == []
    print_comparison(found)
    text = capsys.readouterr().out
    assert "improvement: gate ticket" in text
    assert "round-1: d says" in text
    assert "real-only: c says" in text


def test_champions_of_two_runs_are_paired(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", right=21)
    (pair,) = compare_runs(tmp_path / "a", tmp_path / "b")["pairs"]
    assert (pair["a"], pair["b"]) == ("a/round-1", "b/real-only")
    assert pair["metrics"]["accuracy"]["wins"] == 18


def test_runs_gated_on_different_rows_are_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", count=39)
    with pytest.raises(UserError, match="different rows"):
        compare_runs(tmp_path / "a", tmp_path / "b")
