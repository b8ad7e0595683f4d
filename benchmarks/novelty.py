"""How fast novelty is decided, alone and in the whole chain of filters, and whether rightly.

    python benchmarks/novelty.py [--quick] [--json] [--texts FILE]

The index is held to Self-Instruct's way at a pool of 20,000 (a process pool of `rouge_score` calls
for each candidate), to itself at ten times the pool, and to two gibibytes at a million texts, which
are streamed in a process of their own. Every decision is checked against the LCS of every pair.
`--texts` takes texts of your own, one a line or JSON lines with `instruction` or `text`.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from exhaustive import THRESHOLD, Decided, Decision, as_self_instruct, by_every_pair
from instructions import Kind, make_texts

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.filters.screen import screen
from selfinstruct.types import Drafts, Example

POOL, TEN_TIMES, CHAIN_POOL, MANY = 20_000, 200_000, 50_000, 1_000_000
HELD_OUT = 300
WAVE = 64
REPEATS = 3
GIB = 1 << 30
RATIO_GOAL, GROWTH_GOAL, MEMORY_GOAL, CHAIN_GOAL = 5000, 5, 2 * GIB, 2000
KINDS: tuple[Kind, ...] = ("templates", "open")


@dataclass(frozen=True)
class Size:
    """The index at one size of the pool: the fastest of `REPEATS` passes over the queries."""

    texts: str
    pool: int
    queries: int
    matches: int
    build_seconds: float
    per_second: float
    decisions_equal: bool


@dataclass(frozen=True)
class Goal:
    """A figure, the goal for it, and whether it was met."""

    what: str
    value: float
    goal: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """At least the goal, or at most."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def measure(name: str, queries: Sequence[str], pool: Sequence[str]) -> Size:
    """One size, every decision checked."""
    start = time.perf_counter()
    index = NoveltyIndex(THRESHOLD)
    index.add_many((str(place), text) for place, text in enumerate(pool))
    index.closest("sealed by the first question")
    built = time.perf_counter() - start
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        matches = index.closest_many(queries)
        seconds.append(time.perf_counter() - start)
    decisions: list[Decision] = [
        None if match is None else (int(match.id), match.rouge_l) for match in matches
    ]
    return Size(
        texts=name,
        pool=len(pool),
        queries=len(queries),
        matches=sum(decision is not None for decision in decisions),
        build_seconds=built,
        per_second=len(queries) / min(seconds),
        decisions_equal=decisions == by_every_pair(queries, pool),
    )


def chain_per_second(texts: Sequence[str], drafts: int) -> float:
    """Candidates a second through every filter that asks no model, in waves as a run screens them,
    with texts of others as the responses.
    """
    rows = [
        Example(text, response=f"{other} {text[::-1]}", origin="synthetic")
        for text, other in zip(texts, reversed(texts), strict=True)
    ]
    cfg = FiltersConfig()
    known = rows[drafts + HELD_OUT :]
    indexes = Indexes.build(known[:HELD_OUT], known[HELD_OUT:], rows[drafts:][:HELD_OUT], cfg)
    screen(Drafts(tuple(rows[:1])), indexes, cfg)
    start = time.perf_counter()
    for first in range(1, drafts, WAVE):
        screen(Drafts(tuple(rows[first : min(first + WAVE, drafts)])), indexes, cfg)
    return (drafts - 1) / (time.perf_counter() - start)


def peak_of(count: int) -> int:
    """Bytes of memory, at most, of a process that indexes so many texts and asks about a few; the
    interpreter and libraries are counted.
    """
    command = [sys.executable, __file__, "--index-and-exit", str(count)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def index_and_exit(count: int) -> None:
    """What runs in a process of its own, and prints its peak."""
    index = NoveltyIndex(THRESHOLD)
    texts = make_texts(count, "templates", random.Random("benchmark/memory"))
    index.add_many((f"{place:016x}", text) for place, text in enumerate(texts))
    index.closest_many(list(make_texts(WAVE, "templates", random.Random("benchmark/asked"))))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def read_texts(path: Path) -> list[str]:
    """The lines of a file, or the `instruction` or `text` of each of its JSON lines."""
    lines = [line for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    if path.suffix != ".jsonl":
        return lines
    rows = [json.loads(line) for line in lines]
    return [row["instruction"] if "instruction" in row else row["text"] for row in rows]


def texts_of(args: argparse.Namespace, wanted: int) -> dict[str, list[str]]:
    """Shuffled texts by the name of their kind: the user's own, or both that are made here."""
    rng = random.Random("benchmark/novelty")
    if args.texts:
        found = {args.texts.name: read_texts(args.texts)}
    else:
        found = {kind: list(make_texts(wanted + TEN_TIMES, kind, rng)) for kind in KINDS}
    for texts in found.values():
        rng.shuffle(texts)
    return found


def show(sizes: Sequence[Size], theirs: Decided, goals: Sequence[Goal]) -> None:
    """The tables for people."""
    print(f"{'':34}{'candidates/s':>14}{'build s':>9}  decisions")
    print(f"{'Self-Instruct, 2 processes, 20,000':34}{theirs.per_second:>14,.2f}")
    for size in sizes:
        verdict = "equal" if size.decisions_equal else "DIFFER"
        print(
            f"{f'index, {size.texts}, {size.pool:,}':34}{size.per_second:>14,.0f}"
            f"{size.build_seconds:>9.1f}  {verdict} ({size.queries:,}, {size.matches:,} matches)"
        )
    print(f"\n{'':50}{'':>14}{'goal':>17}")
    for goal in goals:
        limit = f"{'>=' if goal.at_least else '<='} {goal.goal:,.0f}"
        verdict = "holds" if goal.holds else "DOES NOT HOLD"
        print(f"{goal.what:50}{goal.value:>14,.1f}{limit:>17}  {verdict}")


def main() -> None:
    """Measure, then print tables or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer queries, no million; a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--texts", type=Path, help="texts of your own")
    parser.add_argument("--index-and-exit", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.index_and_exit:
        index_and_exit(args.index_and_exit)
        return
    wanted, sample = (200, 2) if args.quick else (1000, 5)
    found = texts_of(args, wanted)
    sizes: list[Size] = []
    goals: list[Goal] = []
    for name, texts in found.items():
        queries, rest = texts[:wanted], texts[wanted:]
        pair = [measure(name, queries, rest[:pool]) for pool in (POOL, TEN_TIMES)]
        growth = pair[0].per_second / pair[1].per_second
        sizes += pair
        goals.append(Goal(f"{name}: time at ten times the pool", growth, GROWTH_GOAL, False))
    name, texts = next(iter(found.items()))
    queries, pool = texts[:sample], texts[wanted:][:POOL]
    theirs = as_self_instruct(queries, pool)
    ratio = sizes[0].per_second / theirs.per_second
    chain = chain_per_second(texts[: CHAIN_POOL + wanted + HELD_OUT], wanted)
    goals.insert(0, Goal("candidates/s, times Self-Instruct's", ratio, RATIO_GOAL))
    goals.append(Goal("candidates/s through all filters, pool 50,000", chain, CHAIN_GOAL))
    if not args.quick:
        goals.append(Goal("bytes at a million texts", peak_of(MANY), MEMORY_GOAL, False))
    sample_equal = theirs.decisions == by_every_pair(queries, pool)
    equal = sample_equal and all(size.decisions_equal for size in sizes)
    holds = {goal.what: goal.holds for goal in goals} | {"decisions equal": equal}
    if args.json:
        report = {
            "schema_version": 2,
            "self_instruct_per_second": theirs.per_second,
            "sizes": [asdict(size) for size in sizes],
            "goals": [asdict(goal) for goal in goals],
            "holds": holds,
        }
        print(json.dumps(report))
        return
    show(sizes, theirs, goals)
    print(f"decisions, Self-Instruct's {sample} as well: {'equal' if equal else 'DIFFER'}")


if __name__ == "__main__":
    main()
