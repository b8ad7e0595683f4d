import json
from pathlib import Path

import pytest

from selfinstruct.cli.compare import compare_students, read_limit
from selfinstruct.errors import UserError
from tests.finished import real_data, write_run


def test_all_of_a_run_are_held_to_its_control(tmp_path: Path) -> None:
    write_run(tmp_path)
    found = json.loads(json.dumps(compare_students([str(tmp_path)])))
    assert found["reference"] == "real-only"
    assert [one["student"] for one in found["comparisons"]] == ["base", "round-1"]
    accuracy = found["comparisons"][1]["metrics"]["accuracy"]
    assert (accuracy["wins"], accuracy["losses"], accuracy["verdict"]) == (18, 0, "better")
    assert found["comparisons"][1]["mixture"]["student"]["synthetic"] == 1


def test_the_texts_that_changed_stand_side_by_side_where_they_are_asked_for(tmp_path: Path) -> None:
    write_run(tmp_path)
    _, candidate = compare_students([str(tmp_path)], held_out=True)["comparisons"]
    assert len(candidate["improvements"]) == 10
    assert candidate["regressions"] == []
    first = candidate["improvements"][0]
    assert first["asked"].startswith("gate ticket")
    assert (first["ours"][:6], first["theirs"][:6]) == ("d says", "c says")


def test_unasked_no_word_of_a_gate_row_comes_out(tmp_path: Path) -> None:
    write_run(tmp_path)
    found = compare_students([str(tmp_path)])
    assert not found["held_out"]
    first = found["comparisons"][1]["improvements"][0]
    (row,) = [row for row in real_data().gate if row.id == first["id"]]
    assert first == {
        "id": row.id,
        "gain": 1.0,
        "label": "a",
        "asked": None,
        "ours": None,
        "theirs": None,
    }
    told = json.dumps(found)
    for words in ("gate ticket", "Name the intent", "d says", "c says", "reply 1"):
        assert words not in told


def test_the_first_named_is_the_reference(tmp_path: Path) -> None:
    write_run(tmp_path / "a", settings={"student.max_steps": 30})
    write_run(tmp_path / "b", right=21, settings={"student.max_steps": 60, "name": "b"})
    (one,) = compare_students([str(tmp_path / "a"), str(tmp_path / "b")])["comparisons"]
    assert (one["student"], one["reference"]) == ("b:real-only", "a:round-1")
    assert one["metrics"]["accuracy"]["losses"] == 18
    assert one["settings"] == {"student.max_steps": {"student": 60, "reference": 30}}


def test_what_does_not_compare_is_refused_unless_forced_and_then_said(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", count=39)
    names = [str(tmp_path / "a"), str(tmp_path / "b")]
    with pytest.raises(UserError, match="different rows: 39 and 40 rows, 39 in common"):
        compare_students(names)
    (one,) = compare_students(names, force=True)["comparisons"]
    assert one["n"] == 39
    assert "different rows" in one["forced"][0]


@pytest.mark.parametrize(
    ("limit", "failed"),
    [("accuracy:0", True), ("accuracy:0.2", True), ("accuracy:0.5", False), ("nll:0", True)],
)
def test_a_loss_beyond_the_limit_fails(tmp_path: Path, limit: str, failed: bool) -> None:
    write_run(tmp_path)
    names = [f"{tmp_path}:round-1", f"{tmp_path}:real-only"]
    found = compare_students(names, [limit])
    assert bool(found["failed"]) == failed
    assert not compare_students(names[::-1], [limit])["failed"]


@pytest.mark.parametrize("limit", ["accuracy", "accuracy:x", ":0.1", "accuracy:-1", "nll:inf", ""])
def test_a_limit_that_cannot_be_read_is_refused(limit: str) -> None:
    with pytest.raises(UserError, match="is not METRIC:EPS"):
        read_limit(limit)


def test_a_limit_on_what_was_not_scored_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path)
    with pytest.raises(UserError, match="not scored on chrf"):
        compare_students([str(tmp_path)], ["chrf:0.1"])


@pytest.mark.parametrize(("force", "verdict"), [(False, "inconclusive"), (True, "better")])
def test_a_handful_of_rows_decides_nothing_unless_forced_and_says_what_it_could_see(
    tmp_path: Path, force: bool, verdict: str
) -> None:
    write_run(tmp_path, right=38, count=19)
    names = [f"{tmp_path}:round-1", f"{tmp_path}:base"]
    (one,) = compare_students(names[::-1], force=force)["comparisons"]
    assert one["metrics"]["accuracy"]["verdict"] == verdict
    assert "only 19 rows, which find no gain below 0." in one["warning"]
    assert ("by force" in one["warning"]) == force


def test_enough_rows_have_no_warning(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert compare_students([str(tmp_path)])["comparisons"][0]["warning"] is None
