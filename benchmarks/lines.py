"""A row of a benchmark's table, and the error of a rate."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One row of the table: what was measured, how often, and the goal if it has one."""

    what: str
    rate: float
    error: float
    argmax: float | None = None
    goal: str = ""
    holds: bool | None = None


def error_of(rate: float, n: int) -> float:
    """The standard error of a rate, as if at least one of each kind had been seen."""
    smoothed = (rate * n + 1) / (n + 2)
    return math.sqrt(smoothed * (1 - smoothed) / n)
