"""What all clients on the stub are measured with, ours and others': prompts, time, CPU, memory.

The standard library alone, as it runs in the peers' environments too.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROMPT_WORDS = 170
"""About a thousand characters: eight short demonstrations and the instruction."""
WARM_UP = 64


def prompt_text(number: int) -> str:
    """A prompt that no other number has."""
    return f"Question {number}. " + "seven " * PROMPT_WORDS


@dataclass
class Cost:
    """What a block took; `cpu_s` counts the processes it started and waited for."""

    seconds: float = 0.0
    cpu_s: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """The cost of the block, complete when it ends."""
    cost = Cost()
    began, before = time.perf_counter(), os.times()
    yield cost
    cost.seconds = time.perf_counter() - began
    cost.cpu_s = sum(os.times()[:4]) - sum(before[:4])


def peak_mib() -> float:
    """The most memory this process or one it waited for has held, in MiB."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024


def resident_mib() -> float:
    """What this process holds now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def parser() -> argparse.ArgumentParser:
    """What every script is told."""
    options = argparse.ArgumentParser()
    options.add_argument("--url", required=True)
    options.add_argument("--calls", type=int, required=True)
    options.add_argument("--parallel", type=int, required=True)
    options.add_argument("--folder", required=True, help="fresh and empty, for what is kept")
    return options


def tell(**found: Any) -> None:
    """The last line of a script's output."""
    print(json.dumps({**found, "peak_mib": peak_mib()}), flush=True)
