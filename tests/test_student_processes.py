import json
from pathlib import Path

import pytest

from selfinstruct.config import StudentConfig, load_config
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.files import read_jsonl
from selfinstruct.rows import to_example
from selfinstruct.student.processes import SCRIPT, train_in_processes
from selfinstruct.types import Example, Message, Progress

ROWS = (
    Example("Say yes", response="ja, 是的", label="yes"),
    Example("And?", response="no", turns=(Message("user", "Hello"),), label="no"),
)
# One process, so that the fake script below is run once; the number is in the command line alone.
CFG = StudentConfig(processes=1, device="cpu", learning_rate=3e-4, micro_batch=2)

RECORDS = """
import json, pathlib, shutil, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
out = pathlib.Path(given["--out"])
out.mkdir()
shutil.copy(given["--mixture"], out / "mixture.jsonl")
shutil.copy(given["--config"], out / "config.yaml")
(out / "given.json").write_text(json.dumps(given))
"""


def launch(script: Path, out: Path, seen: list[Progress] | None = None) -> None:
    notes = [] if seen is None else seen
    train_in_processes(ROWS, "bundled", CFG, "label", "Be brief.", out, 5, notes.append, script)


def test_the_script_is_handed_the_same_training(tmp_path: Path) -> None:
    script, out, seen = tmp_path / "record.py", tmp_path / "adapter", list[Progress]()
    script.write_text(RECORDS)
    launch(script, out, seen)
    given = json.loads((out / "given.json").read_text())
    assert (given["--base"], given["--out"]) == ("bundled", str(out))
    assert tuple(to_example(row) for _, row in read_jsonl(out / "mixture.jsonl")) == ROWS
    cfg = load_config(out / "config.yaml")
    assert (cfg.seed, cfg.task.target, cfg.task.system) == (5, "label", "Be brief.")
    assert cfg.student == CFG
    assert [progress.note for progress in seen] == ["in 1 processes"]
    assert not Path(given["--mixture"]).exists()


@pytest.mark.slow
def test_a_failure_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    script = tmp_path / "fail.py"
    script.write_text("import sys; sys.exit('the GPU fell off the bus')")
    with pytest.raises(IncompleteError, match="training in 1 processes") as caught:
        launch(script, tmp_path / "adapter")
    assert "fell off the bus" in caught.value.why


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.py is missing"):
        launch(tmp_path / "gone.py", tmp_path / "adapter")


def test_the_script_of_this_checkout_is_found() -> None:
    assert SCRIPT.is_file()
