import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from selfinstruct import errors
from selfinstruct.config import StudentConfig, load_config
from selfinstruct.disk.files import read_jsonl
from selfinstruct.errors import DivergedError, IncompleteError, OutOfMemoryError, UserError
from selfinstruct.progress import Progress
from selfinstruct.rows import to_example
from selfinstruct.student.processes import (
    KINDS,
    SCRIPT,
    _failure,
    read_step,
    step_line,
    train_in_processes,
    write_failure,
)
from selfinstruct.types import Example, Message

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
print("a library says hello")
print('{"step": {"done": 1, "total": 2, "loss": 0.5, "note": "loss 0.500"}}')
print('{"name": "adapter"}')
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
    assert seen == [
        Progress(0, "train", note="in 1 processes"),
        Progress(0, "train", 1, 2, "steps", loss=0.5, note="loss 0.500"),
    ]
    assert not Path(given["--mixture"]).exists()


@pytest.mark.slow
def test_a_failure_shows_the_end_of_what_it_said(tmp_path: Path) -> None:
    script = tmp_path / "fail.py"
    script.write_text("import sys; sys.exit('the GPU fell off the bus')")
    with pytest.raises(IncompleteError, match="training in 1 processes") as caught:
        launch(script, tmp_path / "adapter")
    assert "fell off the bus" in caught.value.why


def told(kind: str) -> str:
    said = f'{{"kind": "{kind}", "what": "w", "why": "y", "next_step": "n"}}'
    return (
        "import pathlib, sys\ngiven = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
        f"pathlib.Path(given['--failure']).write_text({said!r})\nsys.exit(3)"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (told("DivergedError"), DivergedError, "w"),
        (told("OutOfMemoryError"), OutOfMemoryError, "w"),
        (told("UserError"), UserError, "w"),
        ("import os; os.kill(os.getpid(), 9)", IncompleteError, "was killed"),
    ],
)
def test_what_stopped_the_processes_is_told_here(
    tmp_path: Path, code: str, kind: type[UserError], words: str
) -> None:
    script = tmp_path / "fail.py"
    script.write_text(code)
    with pytest.raises(kind, match=words) as caught:
        launch(script, tmp_path / "adapter")
    assert type(caught.value) is kind
    assert caught.value.next_step


@pytest.mark.parametrize(
    "step",
    [
        Progress(0, "train", 3, 10, "steps", loss=1.25, note="loss 1.250"),
        Progress(0, "train", note="no memory for 4 rows at once\nagain \u2028"),
    ],
)
def test_a_step_is_written_as_it_is_read(step: Progress) -> None:
    assert read_step(step_line(step)) == step
    assert len(step_line(step).splitlines()) == 1


@pytest.mark.parametrize("line", ["", "{", "null", "[1]", '{"name": "adapter"}', "loss 1.25"])
def test_what_is_no_step_is_passed_over(line: str) -> None:
    assert read_step(line) is None


def test_a_failure_is_written_as_it_is_read(tmp_path: Path) -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    assert {*KINDS.values()} == {kind for kind in kinds if issubclass(kind, UserError)}
    for kind in KINDS.values():
        write_failure(kind("what", why="why", next_step="next"), tmp_path / "failure.json")
        found = _failure(2, 3, "", tmp_path / "failure.json")
        assert (type(found), found.args) == (kind, kind("what", why="why", next_step="next").args)


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (-9, "", "was killed"),
        (1, "Signal 9 (SIGKILL) received by PID 123", "was killed"),  # torchrun
        (1, "died with <Signals.SIGKILL: 9>.", "was killed"),  # accelerate
        (1, "RuntimeError: the GPU fell off the bus", "ended with code 1"),
    ],
)
def test_a_killed_process_is_told_from_one_that_failed(
    tmp_path: Path, code: int, said: str, words: str
) -> None:
    found = _failure(2, code, said, tmp_path / "none.json")
    assert words in found.what
    assert isinstance(found, IncompleteError)


@pytest.mark.slow
def test_stopping_takes_every_process_along(tmp_path: Path) -> None:
    """A process that a launcher has started hears of no signal to its grandparent."""
    script, born = tmp_path / "sleep.py", tmp_path / "born"
    script.write_text(
        f"import os, pathlib, time\npathlib.Path({str(born)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)"
    )
    code = (
        "import sys\nfrom pathlib import Path\nfrom selfinstruct.cli.stopping import listen\n"
        "from tests.test_student_processes import launch\nlisten()\n"
        f"launch(Path({str(script)!r}), Path({str(tmp_path / 'adapter')!r}))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[1], stderr=subprocess.DEVNULL
    )
    while not born.exists() or not born.read_text():
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) != 0
    gone = time.monotonic() + 60
    while Path("/proc", born.read_text()).exists():
        assert time.monotonic() < gone
        time.sleep(0.05)


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.py is missing"):
        launch(tmp_path / "gone.py", tmp_path / "adapter")


def test_the_script_of_this_checkout_is_found() -> None:
    assert SCRIPT.is_file()
