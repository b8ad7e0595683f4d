from pathlib import Path

import pytest

from selfinstruct.contestants import contestants, find, share_rows, unlike
from selfinstruct.errors import StoreError, UserError
from tests.finished import write_run


def test_a_run_alone_means_all_its_students_the_control_first(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    names = [one.name for one in contestants([str(tmp_path / "a")])]
    assert names == ["real-only", "base", "round-1"]


@pytest.mark.parametrize(
    ("asked", "name", "right"),
    [
        ("a", "a:round-1", 38),
        ("a:", "a:round-1", 38),
        ("a:base", "a:base", 2),
        ("a:real-only", "a:real-only", 20),
    ],
)
def test_a_student_is_named_by_its_run(tmp_path: Path, asked: str, name: str, right: int) -> None:
    write_run(tmp_path / "a")
    found = find(str(tmp_path / asked))
    assert found.name == name
    assert sum(found.report.scores["accuracy"]) == right
    assert [row.id for row in found.rows] == list(found.report.ids)


def test_a_student_knows_what_it_cost_and_what_it_learned_from(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    base, candidate = find(str(tmp_path / "a:base")), find(str(tmp_path / "a:round-1"))
    assert (base.mixture, base.spent, base.seconds) == ({}, {}, 0.0)
    assert candidate.mixture["synthetic"] == 1
    assert candidate.spent["calls"] == 1
    assert candidate.seconds > 5


def test_a_student_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    with pytest.raises(UserError, match="has no scored student round-2") as raised:
        find(f"{tmp_path}/a:round-2")
    assert raised.value.why == "it has base, real-only, round-1"


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        find(str(tmp_path / "nowhere"))


def test_one_student_is_no_comparison(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    with pytest.raises(UserError, match="takes two"):
        contestants([str(tmp_path / "a:base")])


def test_students_scored_alike_compare(tmp_path: Path) -> None:
    write_run(tmp_path / "a", settings={"student.max_steps": 30, "evaluate.max_new_tokens": 96})
    write_run(tmp_path / "b", settings={"student.max_steps": 60})
    assert unlike(find(str(tmp_path / "a")), find(str(tmp_path / "b"))) == []


@pytest.mark.parametrize(
    ("setting", "value"), [("evaluate.max_new_tokens", 8), ("task.system", "Be brief.")]
)
def test_another_way_of_scoring_is_told(tmp_path: Path, setting: str, value: object) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", settings={setting: value})
    (reason,) = unlike(find(str(tmp_path / "a")), find(str(tmp_path / "b")))
    assert setting in reason
    assert repr(value) in reason


def test_other_rows_are_told_and_the_shared_ones_found(tmp_path: Path) -> None:
    write_run(tmp_path / "a")
    write_run(tmp_path / "b", count=30)
    one, other = find(str(tmp_path / "a")), find(str(tmp_path / "b"))
    (reason,) = unlike(one, other)
    assert reason == "they were scored on different rows: 40 and 30 rows, 30 in common"
    ours, theirs = share_rows(one, other)
    assert ours.report.ids == theirs.report.ids == other.report.ids
    assert ours.report.scores["nll"] == one.report.scores["nll"][:30]
    assert [row.id for row in ours.rows] == list(ours.report.ids)
