"""Does the collapse watch stay silent on unchanged data, and speak where the tail was cut?

    python benchmarks/watching.py [--quick] [--json]

The seeds that ship are split at random: one part is the real rows, the other stands for what a
teacher wrote, as it is or changed. A mixture of a share holds both parts whole, so that a share of
0.9 leaves a few dozen real rows. What counts is a watch with any alarm. Rates come with their
standard error, and each with the signals that spoke most often.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

# Beside this file, whether it is run by itself or imported by a neighbour.
from lines import Line, error_of

from selfinstruct.config import WatchConfig
from selfinstruct.types import Example
from selfinstruct.watch import watch_rows
from selfinstruct.watch.texts import taught_words

SEEDS = Path(__file__).parents[1] / "seeds"
SETS = ("billing", "general")
SHARES = (None, 0.5, 0.9)
"""Of a mixture; None watches the synthetic rows alone."""
FEW = 12
FALSE_GOAL = 0.05
FOUND_GOAL = 0.8
OPENING = "Thank you for reaching out to us about this today."

Rows = list[Example]
Change = Callable[[Rows, np.random.Generator], Rows]


@dataclass(frozen=True)
class Kind:
    """A way to change rows; `strong` ones must be found among synthetic rows alone."""

    name: str
    change: Change
    strong: bool


def typical(rows: Rows) -> Rows:
    """The rows ordered so that those with the commonest words come first."""
    texts = [set(taught_words(row)) for row in rows]
    rows_with = Counter(word for text in texts for word in text)

    def rarity(text: set[str]) -> float:
        return float(np.mean([-np.log(rows_with[word]) for word in text])) if text else 0.0

    order = sorted(range(len(rows)), key=lambda place: rarity(texts[place]))
    return [rows[place] for place in order]


def typical_again(rows: Rows, rng: np.random.Generator) -> Rows:
    """The most typical quarter, drawn again and again."""
    quarter = typical(rows)[: len(rows) // 4]
    return [quarter[place] for place in rng.integers(0, len(quarter), len(rows))]


def typical_once(rows: Rows, _: np.random.Generator) -> Rows:
    """The most typical third, each row once."""
    return typical(rows)[: len(rows) // 3]


def near_copies(rows: Rows, rng: np.random.Generator) -> Rows:
    """A quarter of the rows, each four times, with a word in five left out."""

    def thin(text: str) -> str:
        return " ".join(word for word in text.split() if rng.random() > 0.2)

    return [
        replace(row, input=thin(row.input), response=thin(row.response))
        if row.label is not None
        else replace(row, instruction=thin(row.instruction), response=thin(row.response))
        for row in rows[: len(rows) // 4]
        for _ in range(4)
    ]


def one_opening(rows: Rows, rng: np.random.Generator) -> Rows:
    """Six responses in ten begin with the same sentence."""
    return [
        replace(row, response=f"{OPENING} {row.response}") if rng.random() < 0.6 else row
        for row in rows
    ]


def few_themes(rows: Rows, _: np.random.Generator) -> Rows:
    """Only the commonest labels or kinds, those of about three rows in ten."""
    sizes = Counter(row.label or row.kind for row in rows)
    kept: set[str | None] = set()
    for theme, _size in sizes.most_common():
        kept.add(theme)
        if sum(sizes[name] for name in kept) >= 0.3 * len(rows):
            break
    return [row for row in rows if (row.label or row.kind) in kept]


KINDS = (
    Kind("the most typical quarter, over and over", typical_again, strong=True),
    Kind("a quarter, each row in four near copies", near_copies, strong=True),
    Kind("six responses in ten open alike", one_opening, strong=True),
    Kind("the most typical third, each row once", typical_once, strong=False),
    Kind("three themes in ten, each row once", few_themes, strong=False),
)


def read(name: str) -> Rows:
    """The seeds of one file."""
    lines = (SEEDS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Example(**json.loads(line)) for line in lines]


def unchanged(rows: Rows, _: np.random.Generator) -> Rows:
    """The rows as they are."""
    return rows


def watched(
    rows: Rows, share: float | None, change: Change, trial: int, cfg: WatchConfig
) -> list[str]:
    """The alarms of one watch on one random split."""
    rng = np.random.default_rng([20, trial])
    mixed = [rows[place] for place in rng.permutation(len(rows))]
    reals = round(len(rows) * (1 - (0.5 if share is None else share)))
    real = mixed[:reals]
    theirs = [replace(row, origin="synthetic") for row in change(mixed[reals:], rng)]
    seen = theirs if share is None else [*real, *theirs]
    signals = watch_rows("synthetic" if share is None else "mixture", seen, real, cfg, trial)
    return [signal.name for signal in signals if signal.alarm]


def rate_of(
    sets: Sequence[Rows], share: float | None, change: Change, trials: int, cfg: WatchConfig
) -> tuple[float, str]:
    """The share of watches with any alarm, and the signals that set off most of them."""
    speaking: Counter[str] = Counter()
    alarms = 0
    for trial in range(trials):
        for rows in sets:
            found = watched(rows, share, change, trial, cfg)
            alarms += bool(found)
            speaking.update(found)
    return alarms / (trials * len(sets)), ", ".join(name for name, _ in speaking.most_common(3))


def place_of(share: float | None) -> str:
    """What is watched, in words."""
    return "synthetic rows alone" if share is None else f"a mixture of share {share:g}"


def silence(
    sets: Mapping[str, Sequence[Rows]], trials: int, cfg: WatchConfig
) -> list[tuple[Line, str]]:
    """How often unchanged rows set off an alarm, each with the signals that spoke."""
    lines = []
    for size, each in sets.items():
        for share in SHARES:
            if size != "whole" and share is not None:
                continue
            rate, speaking = rate_of(each, share, unchanged, trials, cfg)
            n = trials * len(each)
            holds = rate <= FALSE_GOAL + 2 * error_of(FALSE_GOAL, n)
            what = f"any alarm on unchanged rows, {place_of(share)}"
            what = what if size == "whole" else f"{what}, {size}"
            lines.append((Line(what, rate, error_of(rate, n), None, "<= 5 %", holds), speaking))
    return lines


def detection(sets: Sequence[Rows], trials: int, cfg: WatchConfig) -> list[tuple[Line, str]]:
    """How often changed rows set off an alarm, each with the signals that spoke."""
    lines = []
    for kind in KINDS:
        for share in SHARES:
            rate, speaking = rate_of(sets, share, kind.change, trials, cfg)
            line = Line(f"{kind.name}, {place_of(share)}", rate, error_of(rate, trials * len(sets)))
            if kind.strong and share is None:
                line = replace(line, goal=">= 80 %", holds=rate >= FOUND_GOAL)
            lines.append((line, speaking))
    return lines


def measure_speaking(*, quick: bool) -> list[tuple[Line, str]]:
    """All lines of the table, each with the signals that spoke most often."""
    cfg = WatchConfig(draws=40) if quick else WatchConfig()
    whole = [read(name) for name in SETS]
    small = [rows[:: len(rows) // (2 * FEW)][: 2 * FEW] for rows in whole]
    few = {"whole": whole, f"{FEW} a side": small}
    trials = (12, 4) if quick else (60, 25)
    return [*silence(few, trials[0], cfg), *detection(whole, trials[1], cfg)]


def measure_watch(*, quick: bool) -> list[Line]:
    """All lines of the table."""
    return [line for line, _ in measure_speaking(quick=quick)]


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, under a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    began = time.perf_counter()
    found = measure_speaking(quick=asked.quick)
    if asked.json:
        shown: dict[str, Any] = {
            "lines": [{**vars(line), "speaking": speaking} for line, speaking in found],
            "seconds": time.perf_counter() - began,
        }
        print(json.dumps(shown))
        return
    for line, speaking in found:
        rate = f"{line.rate:.1%} ± {line.error:.1%}"
        verdict = "" if line.holds is None else ("holds" if line.holds else "MISSED")
        print(f"{line.what:72}{rate:>16}  {line.goal:8}{verdict:7} {speaking}")
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
