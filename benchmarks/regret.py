"""What a sweep's choice costs: simulated dev scores over known curves, the real `ratio.choose`.

    python benchmarks/regret.py [--quick] [--json]

Regret is the NLL that the chosen share has too much against the best share of the curve, as a part
of the NLL of real rows alone; the mean over sweeps with its standard error. The argmax rule takes
whatever share scores best. The noise is that of the sweep in docs/experiments.md: 32 dev rows,
2.9 nats a token, paired differences of two students that spread by 0.085 from row to row (from the
widths of its intervals), and a training's luck of a fifth of a row's. The curve that gets worse and
worse is the one measured there, drawn on; the others are made up. One seed tells nothing of a
training's luck, so it has no goal.
"""

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from lines import Line, error_of

from selfinstruct.tuning.ratio import Runs, choose

SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
# What a share does to the mean NLL, in nats a token; less is better.
CURVES: Mapping[str, tuple[float, ...]] = {
    "all equal": (0.0, 0.0, 0.0, 0.0, 0.0),
    "worse and worse": (0.0, 0.11, 0.22, 0.34, 0.40),
    "best at .5 by 0.02": (0.0, -0.015, -0.02, 0.0, 0.03),
    "best at .5 by 0.10": (0.0, -0.08, -0.10, -0.05, 0.02),
    "better and better": (0.0, -0.04, -0.08, -0.12, -0.15),
}
EQUAL = "all equal"
SEEDS = (1, 3)
DEV_ROWS = 32
BASE = 2.9
ROW_NOISE = 0.06  # of one student: a difference of two spreads by 0.085
TRAINING_NOISE = ROW_NOISE / 5
ALPHA = 0.05


@dataclass(frozen=True)
class Chosen:
    """Over many sweeps of one curve: the regret of each, and how often a share but 0 was taken."""

    regrets: tuple[float, ...]
    synthetic: int

    @property
    def mean(self) -> float:
        """The mean regret."""
        return sum(self.regrets) / len(self.regrets)

    @property
    def error(self) -> float:
        """Its standard error."""
        return float(np.std(self.regrets, ddof=1)) / math.sqrt(len(self.regrets))


def simulate(curve: tuple[float, ...], seeds: int, rng: np.random.Generator) -> dict[float, Runs]:
    """The scores of one sweep: rows hard or easy for all, and noise of row and training."""
    hard = rng.gamma(4.0, BASE / 4.0, DEV_ROWS)

    def student(value: float) -> tuple[float, ...]:
        luck = rng.normal(0, TRAINING_NOISE)
        return tuple(hard + value + luck + rng.normal(0, ROW_NOISE, DEV_ROWS))

    return {
        share: {seed: student(value) for seed in range(seeds)}
        for share, value in zip(SHARES, curve, strict=True)
    }


def sweeps(
    curve: tuple[float, ...], seeds: int, count: int, rng: np.random.Generator
) -> tuple[Chosen, Chosen]:
    """What our rule and argmax chose in the same sweeps."""
    true = dict(zip(SHARES, curve, strict=True))
    found = [choose(simulate(curve, seeds, rng), "nll") for _ in range(count)]
    return (
        _chosen(true, [choice.share for choice in found]),
        _chosen(true, [choice.best for choice in found]),
    )


def _chosen(true: Mapping[float, float], shares: list[float]) -> Chosen:
    best = min(true.values())
    regrets = tuple((true[share] - best) / BASE for share in shares)
    return Chosen(regrets, sum(share != 0 for share in shares))


def measure_regret(*, quick: bool) -> list[Line]:
    """The regret of each curve with one seed and with three, then wrong choices among equals."""
    rng = np.random.default_rng(30)
    count = 150 if quick else 2000
    regrets, wrong = [], []
    for seeds in SEEDS:
        of = f"{seeds} seed" + "s" * (seeds > 1)
        for name, curve in CURVES.items():
            ours, argmax = sweeps(curve, seeds, count, rng)
            what = f"regret of the share chosen, {name}, {of}"
            regrets.append(Line(what, ours.mean, ours.error, argmax.mean))
            if name == EQUAL:
                wrong.append(_false_choice(of, seeds, count, ours, argmax))
    return [*regrets, *wrong]


def _false_choice(of: str, seeds: int, count: int, ours: Chosen, argmax: Chosen) -> Line:
    rate = ours.synthetic / count
    what = f"a share but 0 chosen though all are equal, {of}"
    line = Line(what, rate, error_of(rate, count), argmax.synthetic / count)
    if seeds == 1:
        return line
    holds = rate <= ALPHA + 2 * error_of(ALPHA, count)
    return Line(line.what, rate, line.error, line.argmax, "<= 5 %", holds)


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    lines = measure_regret(quick=asked.quick)
    if asked.json:
        holds = {line.what: line.holds for line in lines if line.holds is not None}
        print(json.dumps({"lines": [vars(line) for line in lines], "holds": holds}))
        return
    print(f"{'':62}{'ours':>16}{'argmax':>9}  goal")
    for line in lines:
        ours = f"{line.rate:.2%} ± {line.error:.2%}"
        verdict = "" if line.holds is None else ("holds" if line.holds else "MISSED")
        print(f"{line.what:62}{ours:>16}{line.argmax:>9.2%}  {line.goal} {verdict}".rstrip())


if __name__ == "__main__":
    main()
