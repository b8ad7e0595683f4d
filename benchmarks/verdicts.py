"""Do the verdicts keep their promises: simulated students, judged by the real gate and `compare`.

    python benchmarks/verdicts.py [--quick] [--json]

Students get six rows in ten right, and two of them differ on about three rows in ten, as in our
trials: an equal one draws six in ten of its scores anew, a better one has more misses turned into
hits than hits into misses. The argmax rule accepts whatever scores higher, as is usual. Rates come
with their standard error.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from selfinstruct import stats
from selfinstruct.comparison import compare
from selfinstruct.config import GateConfig
from selfinstruct.gate import decide
from selfinstruct.types import Report

ALPHA = 0.05
ROUNDS = 10
SIZES = (100, 200, 500)
POWER_ROWS = 300
GAINS = (0.05, 0.10, 0.15)
GOAL = 0.10
SKILL = 0.6
REDRAWN = 0.6  # 2 * 0.6 * 0.4 of these differ: 29 % of all rows
FLIPPED = 0.3

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One row of the table: what was measured, how often, and the goal if it has one."""

    what: str
    rate: float
    error: float
    argmax: float | None = None
    goal: str = ""
    holds: bool | None = None


def report(scores: Scores) -> Report:
    """Right-or-wrong scores as the report of a student."""
    ids = tuple(map(str, range(len(scores))))
    return Report("d", "gate", ids, {"accuracy": tuple(scores)}, ("",) * len(scores))


def student(rng: np.random.Generator, rows: int) -> Scores:
    """A student that gets `SKILL` of the rows right."""
    return (rng.random(rows) < SKILL).astype(np.float64)


def equal(rng: np.random.Generator, like: Scores) -> Scores:
    """A student as good as the one given, with part of the scores drawn anew."""
    return np.where(rng.random(len(like)) < REDRAWN, student(rng, len(like)), like)


def better(rng: np.random.Generator, scores: Scores, gain: float) -> Scores:
    """A student that hits on average `gain` more of all rows, with flips in both directions."""
    lose, win = (FLIPPED - gain) / 2, (FLIPPED + gain) / 2
    right, wrong = scores.mean(), 1 - scores.mean()
    flip = np.where(
        scores > 0, rng.random(len(scores)) < lose / right, rng.random(len(scores)) < win / wrong
    )
    return np.where(flip, 1 - scores, scores)


def false_accepts(rows: int, runs: int, rng: np.random.Generator) -> tuple[float, float]:
    """The share of ten-round runs with at least one accept, all candidates being equal.

    Ours first, then that of the rule that takes the higher score.
    """
    cfg = GateConfig(alpha=ALPHA, min_gain=0.0)
    ours = argmax = 0
    for _ in range(runs):
        champion = student(rng, rows)
        candidates = [equal(rng, champion) for _ in range(ROUNDS)]
        alphas = [stats.alpha_of_round(ALPHA, index, ROUNDS) for index in range(1, ROUNDS + 1)]
        ours += any(
            decide(report(scores), report(champion), cfg, alpha).outcome == "accept"
            for scores, alpha in zip(candidates, alphas, strict=True)
        )
        best = champion.mean()
        argmax += any(scores.mean() > best for scores in candidates)
    return ours / runs, argmax / runs


def power(gain: float, looks: int, rng: np.random.Generator) -> float:
    """How often one look at alpha .05 accepts a candidate that is better by `gain`."""
    cfg = GateConfig(alpha=ALPHA, min_gain=0.0)
    found = 0
    for _ in range(looks):
        champion = student(rng, POWER_ROWS)
        candidate = better(rng, champion, gain)
        found += decide(report(candidate), report(champion), cfg, ALPHA).outcome == "accept"
    return found / looks


def told_apart(rows: int, pairs: int, rng: np.random.Generator) -> float:
    """How often `compare` calls one of two equal students better or worse."""
    told = 0
    for _ in range(pairs):
        one = student(rng, rows)
        other = equal(rng, one)
        told += compare(report(one), report(other), "accuracy").verdict != "inconclusive"
    return told / pairs


def bootstrap_seconds() -> float:
    """The best of three times that 9,999 draws of the mean of 10,000 rows take."""
    values = np.random.default_rng(0).gamma(1.0, 1.0, 10_000)
    return min(_timed(lambda: stats.mean_interval(values)) for _ in range(3))


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def error_of(rate: float, n: int) -> float:
    """The standard error of a rate, as if at least one of each kind had been seen."""
    smoothed = (rate * n + 1) / (n + 2)
    return math.sqrt(smoothed * (1 - smoothed) / n)


def measure(*, quick: bool) -> list[Line]:
    """All lines of the table."""
    rng = np.random.default_rng(20)
    runs, looks = (120, 300) if quick else (2000, 4000)
    lines = []
    for rows in SIZES:
        ours, argmax = false_accepts(rows, runs, rng)
        holds = ours <= ALPHA + 2 * error_of(ALPHA, runs) and argmax > 0.8
        what = f"a false accept in ten rounds of equal candidates, {rows} rows"
        lines.append(Line(what, ours, error_of(ours, runs), argmax, "<= 5 %, argmax > 80 %", holds))
    for gain in GAINS:
        found = power(gain, looks, rng)
        what = f"a gain of {gain:.0%} found in one look, {POWER_ROWS} rows"
        line = Line(what, found, error_of(found, looks))
        lines.append(replace(line, goal=">= 80 %", holds=found >= 0.8) if gain == GOAL else line)
    for rows in SIZES:
        told = told_apart(rows, looks, rng)
        holds = told <= ALPHA + 2 * error_of(ALPHA, looks)
        what = f"equal students called better or worse, {rows} rows"
        lines.append(Line(what, told, error_of(told, looks), None, "<= 5 %", holds))
    return lines


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, under a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    lines = measure(quick=asked.quick)
    seconds = bootstrap_seconds()
    holds = {line.what: line.holds for line in lines if line.holds is not None}
    holds["10,000 draws on 10,000 rows within a second"] = seconds < 1.0
    if asked.json:
        shown: dict[str, Any] = {
            "lines": [vars(line) for line in lines],
            "bootstrap_seconds": seconds,
            "holds": holds,
        }
        print(json.dumps(shown))
        return
    print(f"{'':66}{'ours':>16}{'argmax':>9}  goal")
    for line in lines:
        ours = f"{line.rate:.1%} ± {line.error:.1%}"
        argmax = "" if line.argmax is None else f"{line.argmax:.1%}"
        verdict = "" if line.holds is None else ("holds" if line.holds else "MISSED")
        print(f"{line.what:66}{ours:>16}{argmax:>9}  {line.goal} {verdict}")
    print(f"bootstrap, 9,999 draws on 10,000 rows: {seconds:.2f} s  (goal 1 s)")


if __name__ == "__main__":
    main()
