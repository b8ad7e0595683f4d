"""Training in several processes: the same one, started by `accelerate launch train.py`."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from selfinstruct import chat
from selfinstruct.config import StudentConfig
from selfinstruct.disk.files import write_atomic, write_jsonl
from selfinstruct.errors import (
    DiskError,
    DivergedError,
    IncompleteError,
    OutOfMemoryError,
    StoreError,
    UserError,
)
from selfinstruct.progress import OnProgress, Progress
from selfinstruct.rows import from_example
from selfinstruct.types import Example

SCRIPT = Path(__file__).parents[2] / "train.py"
LAUNCH = (sys.executable, "-m", "accelerate.commands.launch")
RAISED = (UserError, IncompleteError, DivergedError, OutOfMemoryError, DiskError, StoreError)
KINDS = {kind.__name__: kind for kind in RAISED}


def train_in_processes(
    rows: Sequence[Example],
    base: str,
    cfg: StudentConfig,
    target: chat.Target,
    system: str,
    out: Path,
    seed: int,
    on_progress: OnProgress,
    script: Path = SCRIPT,
) -> None:
    """Write the adapter of `student.train` to `out`, from `cfg.processes` processes, and tell their
    steps.

    Raises what it raised in the processes, `UserError` where the launch script is not installed,
    and `IncompleteError` where the processes were killed or ended in some other way, with the end
    of what they wrote.
    """
    if not script.exists():
        raise UserError(
            f"student.processes is {cfg.processes}, which takes train.py, and {script} is missing",
            next_step="run from a checkout of the repository, or set student.processes=1",
        )
    on_progress(Progress(0, "train", note=f"in {cfg.processes} processes"))
    with tempfile.TemporaryDirectory() as folder:
        mixture, config = Path(folder, "mixture.jsonl"), Path(folder, "config.yaml")
        failure = Path(folder, "failure.json")
        write_jsonl(mixture, map(from_example, rows))
        settings = {
            "seed": seed,
            "seeds": {"path": str(mixture)},
            "teacher": {"backend": "scripted", "name": "none"},  # every config names one
            "task": {"target": target, "system": system},
            "student": {**cfg.model_dump(mode="json"), "processes": 1},
        }
        write_atomic(config, json.dumps(settings))
        files = ("--mixture", str(mixture), "--config", str(config), "--failure", str(failure))
        told = ("--progress", "json", "--base", base, "--out", str(out))
        command = [
            *(*LAUNCH, "--num_processes", str(cfg.processes), str(script)),
            *(*files, *told),
        ]
        code, said = _run(command, on_progress)
        if code != 0:
            raise _failure(cfg.processes, code, said, failure)


def write_failure(error: UserError, path: Path) -> None:
    """Put a failure where the process that started this one looks for it; the last one stays."""
    told = {"what": error.what, "why": error.why, "next_step": error.next_step}
    write_atomic(path, json.dumps({"kind": type(error).__name__, **told}))


def step_line(progress: Progress) -> str:
    """A step as a line for the process that started this one; see `read_step`."""
    step = {"done": progress.done, "total": progress.total, "loss": progress.loss}
    return json.dumps({"step": {**step, "note": progress.note}})


def read_step(line: str) -> Progress | None:
    """The step of such a line; None for whatever else a process writes."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict) or "step" not in told:
        return None
    step = told["step"]
    done, total, loss = step["done"], step["total"], step["loss"]
    return Progress(0, "train", done, total, "steps" if total else "", loss=loss, note=step["note"])


def _run(command: Sequence[str], on_progress: OnProgress) -> tuple[int, str]:
    """The exit code and stderr. Whatever ends the wait ends all processes of the command: those
    that a launcher has started would outlive it, and keep the memory of their GPUs.
    """
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=said,  # no pipe: nobody reads it before the end
            text=True,
            errors="replace",
            start_new_session=True,
        ) as running,
    ):
        assert running.stdout is not None
        try:
            for line in running.stdout:
                step = read_step(line)
                if step is not None:
                    on_progress(step)
            running.wait()
        except BaseException:
            os.killpg(running.pid, signal.SIGKILL)
            raise
        said.seek(0)
        return running.returncode, said.read().decode(errors="replace")


def _failure(processes: int, code: int, said: str, path: Path) -> UserError:
    if path.exists():
        told = json.loads(path.read_text(encoding="utf-8"))
        return KINDS[told.pop("kind")](told.pop("what"), **told)
    if code == -signal.SIGKILL or "SIGKILL" in said:  # as accelerate and torchrun tell of it
        return IncompleteError(
            f"training in {processes} processes was killed",
            why="somebody did, or the system, which does so when the machine's memory runs out: "
            "its log (dmesg) says which",
            next_step="free memory or set student.micro_batch lower, and start the same command "
            "again",
        )
    return IncompleteError(
        f"training in {processes} processes ended with code {code}",
        why=said.strip()[-2000:],
        next_step="mend that, or set student.processes=1",
    )
