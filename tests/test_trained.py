from pathlib import Path

import pytest

from selfinstruct.checkpoints.adapters import load_checkpoint
from selfinstruct.errors import StoreError, UserError
from selfinstruct.store import Store
from selfinstruct.trained import find_student
from tests.frozen_run import rows
from tests.taught import SYSTEM, write_taught


@pytest.fixture
def run(tiny_base: Path, tmp_path: Path) -> Path:
    return write_taught(tmp_path / "t", tiny_base)


@pytest.mark.parametrize(
    ("asked", "name", "index"),
    [("champion", "round-1", 1), ("round-1", "round-1", 1), ("real-only", "real-only", 0)],
)
def test_a_student_is_found_by_its_name(run: Path, asked: str, name: str, index: int) -> None:
    found = find_student(run, asked)
    folder = run / "rounds" / str(index) / "adapter"
    assert found.checkpoint == load_checkpoint(folder, name)
    assert (found.name, found.target) == (name, "label_and_response")
    assert found.rows == rows("train", 6)
    assert found.cfg.task.system == SYSTEM


def test_the_base_has_no_adapter(run: Path, tiny_base: Path) -> None:
    found = find_student(run, "base")
    assert (found.checkpoint.base, found.checkpoint.adapter) == (str(tiny_base), None)


def test_a_student_that_is_not_there_is_named(run: Path) -> None:
    with pytest.raises(UserError, match="has no trained student round-2") as raised:
        find_student(run, "round-2")
    assert raised.value.why == "it has base, real-only, round-1"


def test_another_adapter_than_the_ledgers_is_refused(run: Path) -> None:
    for name in ("adapter", "other"):
        (run / "rounds" / "1" / name).parent.mkdir(exist_ok=True)
    (run / "rounds" / "1" / "adapter").rename(run / "rounds" / "1" / "other")
    (run / "rounds" / "0" / "adapter").rename(run / "rounds" / "1" / "adapter")
    with pytest.raises(StoreError, match="is not the adapter of round-1"):
        find_student(run)


def test_a_run_that_has_not_begun_has_no_students(tmp_path: Path) -> None:
    with Store(tmp_path / "new", write=True):
        pass
    with pytest.raises(StoreError, match="has not begun"):
        find_student(tmp_path / "new")
