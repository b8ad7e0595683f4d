"""Does a sweep spend its time on students: five shares, one seed, the tiny student of the tests.

    python benchmarks/sweep.py [--quick] [--json]

200 real rows and five times 75 steps of 16 rows: what the defaults make of so many rows, three
epochs of a mixture of which they are half. Counted is what the ledger says of each arm: the
optimiser steps, and the answers and likelihoods on dev rows. All else of the `sweep` command's
function counts against it: reading the ledger, finding near-duplicates, loading the base, mixing,
encoding, building trainers, writing and reading adapters, storing, choosing. Starting Python and
importing torch, transformers, peft and trl comes on top once, whatever the size of a sweep, and is
shown apart. One thread, as several only wait for each other on so small a model.
"""

import argparse
import importlib
import io
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from selfinstruct.cli.sweep import DEFAULT_SHARES, sweep_command
from tests.frozen_run import tiny_config, write_frozen_run
from tests.tiny import save_tiny_model

GOAL = 0.9
REAL_ROWS = 200
DEV_ROWS = 60
LIBRARIES = (
    "rouge_score.rouge_scorer",
    "selfinstruct.models.transformers_model",
    "selfinstruct.student.trainer",
)
PARTS = ("train", "evaluate")
STEPS = 75  # three epochs of 400 rows, as task.steps_of_an_arm has it
QUICK_STEPS = 15


@dataclass(frozen=True)
class Measured:
    """Seconds of one sweep: all of it, what its students took, and what a second start takes."""

    steps: int
    imports: float
    whole: float
    train: float
    evaluate: float
    again: float

    @property
    def share(self) -> float:
        """Of the sweep's time, what went into training and evaluation."""
        return (self.train + self.evaluate) / self.whole


def measure(steps: int) -> Measured:
    """One sweep in a folder of its own, then the same command again."""
    torch.set_num_threads(1)
    imports = _start_seconds()
    for library in LIBRARIES:
        importlib.import_module(library)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # The largest share of the default ones takes nine synthetic rows for every real one.
        write_frozen_run(folder / "t", REAL_ROWS, DEV_ROWS, made=9 * REAL_ROWS)
        settings = tiny_config(save_tiny_model(folder / "base"), folder)
        settings["student"] |= {"max_steps": steps, "batch_size": 16, "device": "cpu"}
        del settings["evaluate"]  # as it is by default
        config = folder / "config.yaml"
        config.write_text(json.dumps(settings))
        whole, found = _sweep(config)
        again, _ = _sweep(config)
    spent = {part: sum(arm["seconds"][part] for arm in found["arms"]) for part in PARTS}
    return Measured(steps, imports, whole, again=again, **spent)


def _sweep(config: Path) -> tuple[float, dict[str, Any]]:
    quiet = Console(file=io.StringIO())
    began = time.perf_counter()
    found = sweep_command(config, [], DEFAULT_SHARES, 1, "fixed-real", "nll", quiet)
    return time.perf_counter() - began, found


def _start_seconds() -> float:
    """What a process of its own takes to import what trains and scores a student."""
    code = f"import {', '.join(LIBRARIES)}"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_STEPS} steps: no goal")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    found = measure(QUICK_STEPS if asked.quick else STEPS)
    held = {"training and evaluation take 90 % of a sweep": found.share >= GOAL}
    holds = held if found.steps == STEPS else {}
    if asked.json:
        print(json.dumps({**asdict(found), "share": found.share, "goal": GOAL, "holds": holds}))
        return
    print(
        f"5 shares, 1 seed, {REAL_ROWS} real rows, {found.steps} steps, {DEV_ROWS} dev rows", end=""
    )
    print("; seconds")
    rest = found.whole - found.train - found.evaluate
    for what, seconds in (
        ("optimiser steps", found.train),
        ("answers and likelihoods on dev", found.evaluate),
        ("all else of the sweep", rest),
        ("the same command again, all arms finished", found.again),
        ("starting Python with the libraries, not counted", found.imports),
    ):
        print(f"{what:48}{seconds:>8.2f}")
    verdict = "holds" if all(held.values()) else "MISSED"
    goal = f"  goal >= {GOAL:.0%} {verdict}" if holds else "  too few steps for the goal"
    print(f"{'training and evaluation':48}{found.share:>8.1%}{goal}")
    with_imports = (found.train + found.evaluate) / (found.whole + found.imports)
    print(f"{'the same with the libraries counted':48}{with_imports:>8.1%}")


if __name__ == "__main__":
    main()
