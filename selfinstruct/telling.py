"""Numbers as people read them: metrics with their names and units, intervals, durations."""

from collections.abc import Mapping, Sequence
from typing import Any

from selfinstruct.pairs import LOWER_IS_BETTER

NAMES = {"accuracy": "label accuracy", "rouge_l": "ROUGE-L of the reply", "nll": "NLL, nats/token"}
"""What people read for a metric, where its own name is too short."""
PERCENT = frozenset({"accuracy", "exact_match", "json_schema"})
"""Metrics that are shares of rows."""
SIGNS = {"accept": "✓", "reject": "✗", "inconclusive": "?"}
"""What stands beside a verdict, so that its colour is not all that tells it."""


def name_metric(metric: str) -> str:
    """A metric's name and which way is better, for an axis or a column."""
    better = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
    return f"{NAMES.get(metric, metric)} ({better})"


def name_metrics(students: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Each metric that any student of a summary has, to its name: the columns of a table."""
    found = dict.fromkeys(metric for student in students for metric in student["metrics"])
    return {metric: name_metric(metric) for metric in found}


def tell_student(student: Mapping[str, Any]) -> dict[str, Any]:
    """A student of a summary as a row of that table: its name, the number of rows it answered, and
    `cells`, each metric's score with its interval.
    """
    cells = {metric: interval(metric, at) for metric, at in student["metrics"].items()}
    return {"name": student["name"], "n": student["n"], "cells": cells}


def sign(outcome: str) -> str:
    """The sign of a verdict, or of what has none yet."""
    return SIGNS.get(outcome, "…")


def name_signal(name: str, of: str) -> str:
    """A signal of the watch with what it was taken of, such as `rare_words of the mixture`."""
    return f"{name} of the {'synthetic rows' if of == 'synthetic' else of}"


def score(metric: str, value: float) -> str:
    """One value of a metric, such as `62.5 %` or `1.234`."""
    return f"{100 * value:.1f} %" if metric in PERCENT else f"{value:.3f}"


def interval(metric: str, found: Mapping[str, float]) -> str:
    """A value with the ends of its interval, such as `62.5 % [51.1, 72.6]`."""
    value, low, high = found["value"], found["low"], found["high"]
    if metric in PERCENT:
        return f"{100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def amount(metric: str, value: float) -> str:
    """The size of a difference, such as `5.7 points`."""
    return f"{100 * value:.1f} points" if metric in PERCENT else f"{value:.3f}"


def gain(metric: str, found: Mapping[str, float]) -> str:
    """A signed gain with the ends of its interval; shares in percentage points."""
    value, low, high = found["value"], found["low"], found["high"]
    if metric in PERCENT:
        return f"{100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


def money(value: float, currency: str) -> str:
    """A sum such as `0.02 USD`, small ones with two digits that say something."""
    return f"{value:.2f} {currency}" if value >= 0.1 or value == 0 else f"{value:.2g} {currency}"


def seconds(value: float) -> str:
    """A duration such as `7 s`, `3 min 20 s` or `2 h 5 min`."""
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
