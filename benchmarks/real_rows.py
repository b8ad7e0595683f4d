"""What many real rows cost before a run begins: reading them, splitting them, what `plan` says.

    python benchmarks/real_rows.py [--quick] [--json]

Rows of a text, a label and a reply, 24 words each: tickets of an open vocabulary, a tenth of them
near copies, and rows that share 16 of their words with all others, which is the worst for every
search: each row may be near each other one. Each plan runs in a process of its own. Time is that
of the processor, so that what else a machine does counts little; the interpreter and libraries are
in the memory and not in the time. The groups that no split may part are held to the LCS of every
pair.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from instructions import WEIGHTS, word
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from selfinstruct.cli.plan import plan_run
from selfinstruct.near.groups import near_duplicate_groups
from selfinstruct.text import words

WORDS, SHARED, LABELS = 24, 16, 20
FEW, MANY, QUICK = 3_000, 30_000, (1_000, 6_000)
CHECKED = 1_500
"""Rows whose groups are held to every pair."""
THRESHOLD = 0.7
GIB = 1 << 30
GROWTH_GOAL, SECONDS_GOAL, MEMORY_GOAL = 2.0, 60.0, 2 * GIB


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor and bytes of memory, at most, that a plan of rows took."""

    texts: str
    rows: int
    seconds: float
    peak: int


@dataclass(frozen=True)
class Goal:
    """A figure and what it may be at most."""

    what: str
    value: float
    goal: float

    @property
    def holds(self) -> bool:
        """Whether it is no more."""
        return self.value <= self.goal


def zipf(count: int, rng: random.Random) -> list[str]:
    """Words as often as they are in any language."""
    return [word(bisect(WEIGHTS, rng.random() * WEIGHTS[-1])) for _ in range(count)]


def tickets(rng: random.Random) -> Iterator[str]:
    """Texts of an open vocabulary; one in ten is an earlier one with two words changed."""
    made: list[list[str]] = []
    while True:
        text = list(rng.choice(made)) if made and rng.random() < 0.1 else zipf(WORDS, rng)
        for place in rng.sample(range(WORDS), 2):
            text[place] = zipf(1, rng)[0]
        made.append(text)
        yield " ".join(text)


def template(rng: random.Random) -> Iterator[str]:
    """Texts that share their first words and no other, as forms with numbers in them do: just too
    little to be near copies of each other, and enough to seem leaks.
    """
    shared = zipf(SHARED, rng)
    while True:
        own = (str(rng.randrange(10**9)) for _ in range(WORDS - SHARED))
        yield " ".join([*shared, *own])


KINDS: Mapping[str, Callable[[random.Random], Iterator[str]]] = {
    "tickets": tickets,
    "template": template,
}


def write_config(folder: Path, kind: str, count: int) -> Path:
    """A config beside so many rows; of two copies that differ in their label one is skipped."""
    rng = random.Random(f"benchmark/{kind}")
    asked, said = KINDS[kind](rng), KINDS[kind](rng)
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for _ in range(count):
            row = {
                "instruction": "Name the topic of this message, then write the reply.",
                "input": next(asked),
                "label": f"topic {rng.randrange(LABELS)}",
                "response": next(said),
            }
            file.write(json.dumps(row) + "\n")
    config = folder / "config.yaml"
    config.write_text(
        f"name: rows\nout: {folder}\nseeds: {{path: rows.jsonl, skip_bad: true}}\n"
        "teacher: {backend: program, name: benchmarks:nobody}\n",
        encoding="utf-8",
    )
    return config


def plan_and_exit(config: Path) -> None:
    """What runs in a process of its own, and prints what it took."""
    began = time.process_time()
    plan_run(config, [])
    took = time.process_time() - began
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def measure(kind: str, count: int) -> Cost:
    """A plan of so many rows."""
    with tempfile.TemporaryDirectory() as folder:
        config = write_config(Path(folder), kind, count)
        command = [sys.executable, __file__, "--plan-and-exit", str(config)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds, peak = json.loads(told)
    return Cost(kind, count, seconds, peak)


def by_every_pair(texts: Sequence[str]) -> list[int]:
    """The groups of texts, numbered by first appearance, by the LCS of every pair."""
    split = [words(text) for text in texts]
    lengths = np.array([len(text) for text in split])
    lcs = process.cdist(split, split, scorer=LCSseq.similarity)
    near = 20 * lcs > round(10 * THRESHOLD) * (lengths + lengths[:, np.newaxis])
    names, lowest = np.full(len(texts), -1), np.arange(len(texts))
    while (names != lowest).any():
        names = lowest
        lowest = np.minimum(names, np.where(near, names, len(texts)).min(axis=1))
    first: dict[int, int] = {}
    return [first.setdefault(name, len(first)) for name in names.tolist()]


def groups_are_equal(kind: str) -> bool:
    """Whether the product's groups of some texts are those of every pair."""
    made = KINDS[kind](random.Random(f"benchmark/groups/{kind}"))
    texts = [next(made) for _ in range(CHECKED)]
    return near_duplicate_groups(texts, THRESHOLD) == by_every_pair(texts)


def goals_of(costs: Sequence[tuple[Cost, Cost]], is_quick: bool) -> list[Goal]:
    """How time grows with the rows; at full size, time and memory themselves."""
    goals: list[Goal] = []
    for few, many in costs:
        growth = (many.seconds / many.rows) / (few.seconds / few.rows)
        goals.append(
            Goal(f"{few.texts}: time a row, over that at {few.rows:,}", growth, GROWTH_GOAL)
        )
        if not is_quick:
            goals.append(Goal(f"{few.texts}: seconds", many.seconds, SECONDS_GOAL))
            goals.append(Goal(f"{few.texts}: bytes", many.peak, MEMORY_GOAL))
    return goals


def show(costs: Sequence[tuple[Cost, Cost]], goals: Sequence[Goal]) -> None:
    """The tables for people."""
    print(f"{'a plan of':24}{'seconds':>10}{'ms a row':>10}{'GiB':>7}")
    for cost in (cost for pair in costs for cost in pair):
        name = f"{cost.texts}, {cost.rows:,} rows"
        a_row = 1e3 * cost.seconds / cost.rows
        print(f"{name:24}{cost.seconds:>10.1f}{a_row:>10.2f}{cost.peak / GIB:>7.2f}")
    print()
    for goal in goals:
        verdict = "holds" if goal.holds else "DOES NOT HOLD"
        print(f"{goal.what:44}{goal.value:>16,.1f} <= {goal.goal:>13,.0f}  {verdict}")


def main() -> None:
    """Measure, then print tables or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="at most 6,000 rows; a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--plan-and-exit", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.plan_and_exit:
        plan_and_exit(args.plan_and_exit)
        return
    few, many = QUICK if args.quick else (FEW, MANY)
    costs = [(measure(kind, few), measure(kind, many)) for kind in KINDS]
    goals = goals_of(costs, args.quick)
    equal = all(map(groups_are_equal, KINDS))
    holds = {goal.what: goal.holds for goal in goals} | {"groups equal": equal}
    if args.json:
        report = {
            "schema_version": 1,
            "costs": [asdict(cost) for pair in costs for cost in pair],
            "goals": [asdict(goal) for goal in goals],
            "holds": holds,
        }
        print(json.dumps(report))
        return
    show(costs, goals)
    print(f"groups of {CHECKED:,} texts, by every pair: {'equal' if equal else 'DIFFER'}")


if __name__ == "__main__":
    main()
