"""Training in several processes: the same one, started by `accelerate launch train.py`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from selfinstruct import chat
from selfinstruct.config import StudentConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.files import write_atomic, write_jsonl
from selfinstruct.rows import from_example
from selfinstruct.types import Example, OnProgress, Progress

SCRIPT = Path(__file__).parents[2] / "train.py"
LAUNCH = (sys.executable, "-m", "accelerate.commands.launch")


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
    """Write the adapter of `student.train` to `out`, from `cfg.processes` processes.

    Raises `UserError` where the launch script is not installed and `IncompleteError` with the end
    of what it wrote where it fails.
    """
    if not script.exists():
        raise UserError(
            f"student.processes is {cfg.processes}, which takes train.py, and {script} is missing",
            next_step="run from a checkout of the repository, or set student.processes=1",
        )
    on_progress(Progress(0, "train", note=f"in {cfg.processes} processes"))
    with tempfile.TemporaryDirectory() as folder:
        mixture, config = Path(folder, "mixture.jsonl"), Path(folder, "config.yaml")
        write_jsonl(mixture, map(from_example, rows))
        settings = {
            "seed": seed,
            "seeds": {"path": str(mixture)},
            "teacher": {"backend": "scripted", "name": "none"},  # every config names one
            "task": {"target": target, "system": system},
            "student": {**cfg.model_dump(mode="json"), "processes": 1},
        }
        write_atomic(config, json.dumps(settings))
        files = ("--mixture", str(mixture), "--config", str(config))
        command = [
            *(*LAUNCH, "--num_processes", str(cfg.processes), str(script)),
            *(*files, "--base", base, "--out", str(out)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise IncompleteError(
            f"training in {cfg.processes} processes ended with code {done.returncode}",
            why=done.stderr.strip()[-2000:],
            next_step="mend that, or set student.processes=1",
        )
