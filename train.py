"""Train one student from a mixture file: the entry for `accelerate launch`, and of use alone.

It is `selfinstruct.student.train` with files around it; the checkpoint goes to stdout as one JSON
object, progress to stderr, or before it as JSON lines.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct import student
from selfinstruct.config import Config, load_config, parse_config
from selfinstruct.disk.files import read_jsonl
from selfinstruct.errors import UserError
from selfinstruct.progress import Progress, silent
from selfinstruct.rows import from_checkpoint, to_example
from selfinstruct.student.processes import step_line, write_failure
from selfinstruct.task import settle_target
from selfinstruct.types import Example

EXAMPLES = """examples:
  python train.py --mixture runs/quickstart/rounds/1/mixture.jsonl --out adapter
  accelerate launch --num_processes 2 train.py --mixture mixture.jsonl --out adapter --base bundled
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the arguments, train, print; the exit code is 0 or that of the `UserError`."""
    parser = argparse.ArgumentParser(
        description="Train a LoRA student on the rows of a mixture.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--mixture", type=Path, required=True, help="rows, as a round leaves them in mixture.jsonl"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to put the adapter in")
    parser.add_argument("--base", help="bundled, a GGUF file, a folder or a hub id [student.name]")
    parser.add_argument(
        "--config", type=Path, help="a run's config, read for seed, task and student"
    )
    parser.add_argument(
        "--target",
        choices=["response", "label", "label_and_response"],
        help="what the student writes [task.target]",
    )
    parser.add_argument(
        "--failure", type=Path, metavar="FILE", help="put what went wrong here, as JSON"
    )
    parser.add_argument(
        "--progress",
        choices=["text", "json"],
        default="text",
        help="tell each step in words on stderr, or as a line of JSON on stdout [text]",
    )
    asked = parser.parse_args(arguments)
    try:
        print(json.dumps(_train(asked)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        if asked.failure is not None:
            write_failure(error, asked.failure)
        return error.exit_code
    return 0


def _train(asked: argparse.Namespace) -> dict[str, Any]:
    rows = _read(asked.mixture)
    cfg = _config(asked)
    target = asked.target or settle_target(cfg, rows)
    settings = cfg.student
    if "WORLD_SIZE" in os.environ:  # launched already: this is one of the processes
        settings = settings.model_copy(update={"processes": 1})
    tell = _show if asked.progress == "text" else _tell
    checkpoint = student.train(
        rows,
        asked.base or cfg.student.name,
        settings,
        target,
        cfg.task.system,
        asked.out,
        cfg.seed,
        tell if os.environ.get("RANK", "0") == "0" else silent,
        asked.out.name,
    )
    return from_checkpoint(checkpoint)


def _config(asked: argparse.Namespace) -> Config:
    if asked.config is not None:
        return load_config(asked.config)
    # A config must name seeds and a teacher; training opens neither.
    teacher = {"backend": "scripted", "name": "none"}
    return parse_config({"seeds": {"path": str(asked.mixture)}, "teacher": teacher})


def _read(mixture: Path) -> list[Example]:
    try:
        return [_example(mixture, number, row) for number, row in read_jsonl(mixture)]
    except FileNotFoundError:
        raise UserError(f"there is no file {mixture}") from None
    except (ValueError, IsADirectoryError) as error:
        raise UserError(f"{mixture} holds no JSON lines: {error}") from None


def _example(mixture: Path, number: int, row: Any) -> Example:
    try:
        return to_example(row)
    except (TypeError, AttributeError) as error:
        raise UserError(
            f"{mixture}:{number} is no example: {error}",
            next_step='a line is an object such as {"instruction": "...", "response": "..."}',
        ) from None


def _show(progress: Progress) -> None:
    count = f" {progress.done}/{progress.total} {progress.unit}" if progress.unit else ""
    print(f"{progress.stage}{count}: {progress.note}", file=sys.stderr)


def _tell(progress: Progress) -> None:
    print(step_line(progress), flush=True)


if __name__ == "__main__":
    sys.exit(main())
