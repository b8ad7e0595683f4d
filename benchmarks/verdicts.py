"""Do the verdicts keep their promises: simulated students, judged by the real gate and `compare`.

    python benchmarks/verdicts.py [--quick] [--json]

Students get six rows in ten right, and two of them differ on about three rows in ten, as in our
trials: an equal one draws six in ten of its scores anew, a better one has more misses turned into
hits than hits into misses. The argmax rule accepts whatever scores higher, as is usual. Then the
collapse watch on real rows, and the share that a sweep chooses. Rates come with their standard
error.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from lines import Line, error_of
from regret import measure_regret
from waiting import bootstrap_seconds, compare_seconds
from watching import measure_watch

from selfinstruct import stats
from selfinstruct.config import GateConfig
from selfinstruct.judging.comparison import compare
from selfinstruct.judging.gate import decide
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


@dataclass(frozen=True)
class Waited:
    """Seconds of one thing, and how many there may be."""

    what: str
    seconds: float
    goal: float


def measure_waiting() -> list[Waited]:
    """What a person waits for, against its goal."""
    beyond, start = compare_seconds()
    return [
        Waited("bootstrap, 9,999 draws on 10,000 rows", bootstrap_seconds(), 1.0),
        Waited(f"compare of two runs, beyond {start:.2f} s to start Python", beyond, 1.0),
    ]


def print_lines(lines: Sequence[Line]) -> None:
    """The table, the goal and whether it holds beside each rate."""
    width = max(len(line.what) for line in lines) + 2
    print(f"{'':{width}}{'ours':>16}{'argmax':>9}  goal")
    for line in lines:
        ours = f"{line.rate:.1%} ± {line.error:.1%}"
        argmax = "" if line.argmax is None else f"{line.argmax:.1%}"
        verdict = "" if line.holds is None else ("holds" if line.holds else "MISSED")
        print(f"{line.what:{width}}{ours:>16}{argmax:>9}  {line.goal} {verdict}".rstrip())


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, under a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    waited = measure_waiting()
    lines = measure(quick=asked.quick)
    lines += measure_watch(quick=asked.quick)
    lines += measure_regret(quick=asked.quick)
    holds = {line.what: line.holds for line in lines if line.holds is not None}
    holds |= {each.what: each.seconds < each.goal for each in waited}
    if asked.json:
        shown: dict[str, Any] = {
            "lines": [vars(line) for line in lines],
            "seconds": [vars(each) for each in waited],
            "holds": holds,
        }
        print(json.dumps(shown))
        return
    print_lines(lines)
    for each in waited:
        verdict = "holds" if each.seconds < each.goal else "MISSED"
        print(f"{each.what}: {each.seconds:.2f} s  < {each.goal:g} s {verdict}")


if __name__ == "__main__":
    main()
