"""How long a person waits for statistics: the bootstrap, and `compare` as a whole process.

    python benchmarks/waiting.py

`compare` gets two finished runs with 300 stored scores each; what the interpreter itself takes to
start is told apart. The best of several counts: these are shared machines, and nothing makes a
process faster than it is.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from selfinstruct import stats
from tests.finished import write_run

ROWS = 300
TIMES = 5


def bootstrap_seconds() -> float:
    """9,999 draws of the mean of 10,000 rows."""
    values = np.random.default_rng(0).gamma(1.0, 1.0, 10_000)
    return min(_timed(lambda: stats.mean_interval(values)) for _ in range(3))


def compare_seconds() -> tuple[float, float]:
    """`selfinstruct compare A B --json` beyond the start of the interpreter, and that start."""
    command = "from selfinstruct.cli.app import main; main()"
    with tempfile.TemporaryDirectory() as folder:
        for name, right in (("a", 150), ("b", 162)):
            write_run(Path(folder, name), right=right, count=ROWS)
        students = [f"{folder}/{name}:round-1" for name in ("a", "b")]
        start = min(_process("-c", "pass") for _ in range(TIMES))
        whole = min(_process("-c", command, "compare", *students, "--json") for _ in range(TIMES))
    return whole - start, start


def _process(*arguments: str) -> float:
    command = [sys.executable, *arguments]
    return _timed(lambda: subprocess.run(command, check=True, capture_output=True))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    beyond, start = compare_seconds()
    print(f"compare, two students on {ROWS} rows: {beyond:.2f} s beyond {start:.2f} s of start-up")
    print(f"bootstrap, 9,999 draws on 10,000 rows: {bootstrap_seconds():.2f} s")
