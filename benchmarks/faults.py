"""Kill small runs everywhere, go on with them, and see whether anything was lost or paid twice.

    python benchmarks/faults.py [--quick] [--json] [--jobs N] [--seed N]

Each trial kills its process once or twice (kill -9: at every hit of a failpoint in the run, at the
first, second, middle and last elsewhere, at a random time, or in the middle of resuming), or lets
it find the disk full, starts it again to the end, and holds every row of the ledger and every file
against work that nobody touched. Calls are counted by the teacher itself, outside of the run.
`tests/kills.py` is the oracle, `tests/kill_scenes.py` the work: a run of two rounds with the tiny
student of the tests, a finished run that has lost things, a sweep, a migration, a conversion of
weights. Children are forked from one process that has loaded everything; some runs go through the
true command line.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import torch

from selfinstruct import failpoints
from tests.kill_scenes import Props
from tests.kills import Result, Stage, Trial, build, once_each

ROOT = Path(__file__).parents[1]
GOAL = 200
MOST = 24
"""In the run, a failpoint is killed at each of its hits, unless they are more than this."""
AT_RANDOM = {"run": 45, "lost": 5, "sweep": 10}
IN_RESUMING = (  # the first kill, and the second after going on
    ("run", "adapter.renamed:1", "adapter.aside:1"),
    ("run", "adapter.renamed:2", "adapter.renamed:1"),
    ("run", "attempts.begin.committed:1", "attempts.end.uncommitted:1"),
    ("run", "attempts.end.committed:3", "attempts.begin.committed:1"),
    ("run", "wave.uncommitted:1", "wave.uncommitted:1"),
    ("run", "freeze.uncommitted:1", "freeze.committed:1"),
    ("run", "freeze.committed:1", "meta.committed:1"),
    ("run", "file.written:2", "file.renamed:1"),
    ("run", "stage.uncommitted:5", "stage.committed:1"),
    ("run", "ledger.made:1", "ledger.renamed:1"),
    ("run", "lock.written:2", "lock.written:1"),
    ("run", "lock.written:2", "lock.written:2"),
    ("run", "ledger.closing:1", "lock.written:1"),
    ("sweep", "adapter.renamed:2", "adapter.aside:1"),
    ("sweep", "stage.uncommitted:2", "adapter.aside:1"),
    ("migration", "copy.renamed:1", "migration.uncommitted:1"),
)
COMMAND = "from selfinstruct.cli.app import main; main()"
BY_COMMAND = (
    "freeze.committed:1",
    "attempts.begin.committed:1",
    "attempts.end.uncommitted:2",
    "wave.committed:1",
    "file.written:2",
    "stage.uncommitted:3",
    "adapter.listed:1",
    "adapter.renamed:2",
    "lock.written:2",
    "attempts.end.uncommitted:4:full",
)


@dataclass(frozen=True)
class Job:
    """One trial, and whether the true command line is started instead of a fork."""

    trial: Trial
    by_command: bool = False


def plan(stage: Stage, seed: int) -> Iterator[Job]:
    """Every failpoint at several of its hits, killed and full; random times; resumes; commands."""
    for scene, whole in stage.wholes.items():
        for name, hits in sorted(whole.hits.items()):
            every = scene == "run" and hits <= MOST
            some = {1, min(2, hits), (hits + 1) // 2, hits}
            for hit in range(1, hits + 1) if every else sorted(some):
                yield Job(Trial(scene, (f"{name}:{hit}",)))
            yield Job(Trial(scene, (f"{name}:{(hits + 1) // 2}:full",)))
    chance = random.Random(f"benchmark/faults/{seed}")
    for scene, count in AT_RANDOM.items():
        for _ in range(count):
            first, second = (chance.uniform(0, stage.wholes[scene].seconds) for _ in range(2))
            yield Job(Trial(scene, (first, second) if chance.random() < 0.3 else (first,)))
    for scene, *blows in IN_RESUMING:
        yield Job(Trial(scene, tuple(blows)))
    for blow in BY_COMMAND:
        yield Job(Trial("run", (blow,)), by_command=True)


def plan_quick(stage: Stage) -> Iterator[Job]:
    """Every failpoint once, and one full disk."""
    yield from map(Job, once_each(stage.wholes))
    yield Job(Trial("run", ("attempts.end.uncommitted:2:full",)))


def play(stage: Stage, jobs: Iterable[Job], workers: int) -> Iterator[tuple[Job, Result]]:
    """Each job's result, in the order of the jobs, as they come."""
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        running = [
            (job, pool.submit(_play, stage, job, f"trial-{number}"))
            for number, job in enumerate(jobs)
        ]
        for job, result in running:
            yield job, result.result()


def _play(stage: Stage, job: Job, name: str) -> Result:
    return stage.play(job.trial, name, _start_command if job.by_command else None)


def _start_command(props: Props, place: Path, blow: str | float) -> int:
    config = place / "config.yaml"
    config.write_text(json.dumps(props.tree(place)))
    armed = {failpoints.VARIABLE: str(blow), "CALLS": str(place / "calls"), "OMP_NUM_THREADS": "1"}
    with (place / "said").open("w") as mouth:
        return subprocess.run(
            [sys.executable, "-c", COMMAND, "run", str(config)],
            env={**os.environ, **armed},
            cwd=ROOT,
            stdout=mouth,
            stderr=mouth,
            check=False,
        ).returncode


@dataclass(frozen=True)
class Line:
    """A row of the table: the trials of one failpoint, or of one other kind."""

    what: str
    hits: int | None
    trials: int = 0
    kills: int = 0
    refused: int = 0
    lost: int = 0
    twice: int = 0
    equal: int = 0
    faults: tuple[str, ...] = ()

    def plus(self, result: Result) -> "Line":
        """With one more trial."""
        return replace(
            self,
            trials=self.trials + 1,
            kills=self.kills + result.kills,
            refused=self.refused + result.refused,
            lost=self.lost + result.lost,
            twice=self.twice + result.twice,
            equal=self.equal + result.equal,
            faults=(*self.faults, *(f"{result.trial}: {fault}" for fault in result.faults)),
        )


def lines(stage: Stage, results: Iterable[tuple[Job, Result]]) -> list[Line]:
    """The table: failpoints in alphabetical order, then the other kinds."""
    hits: Counter[str] = sum((whole.hits for whole in stage.wholes.values()), Counter())
    found = {name: Line(name, hits[name]) for name in sorted(failpoints.names())}
    for job, result in results:
        kind = _kind(job)
        found[kind] = found.get(kind, Line(kind, None)).plus(result)
    return list(found.values())


def _kind(job: Job) -> str:
    if job.by_command:
        return "through the command line"
    last = job.trial.blows[-1]
    if isinstance(last, float):
        return "at random times"
    return "disk full, at each failpoint" if last.endswith(":full") else last.partition(":")[0]


def judge(table: list[Line], quick: bool) -> dict[str, bool]:
    """Which goals are met."""
    kills = sum(line.kills for line in table)
    return {
        "kills_200": quick or kills >= GOAL,
        "killed_at_every_failpoint": all(line.kills for line in table if line.hits is not None),
        "rows_lost_0": not sum(line.lost for line in table),
        "paid_twice_0": not sum(line.twice for line in table),
        "all_equal": all(line.equal == line.trials for line in table),
        "no_other_fault": not any(line.faults for line in table),
    }


def show(table: list[Line], holds: Mapping[str, bool]) -> None:
    """The table for people."""
    heads = ("hits", "kills", "full", "lost", "twice", "equal")
    print(f"{'':32}" + "".join(f"{head:>9}" for head in heads))
    for line in table:
        hits = "" if line.hits is None else str(line.hits)
        cells = (hits, line.kills, line.refused, line.lost, line.twice)
        equal = f"{line.equal}/{line.trials}"
        print(f"{line.what:32}" + "".join(f"{cell:>9}" for cell in (*cells, equal)))
    total = [sum(getattr(line, name) for line in table) for name in ("kills", "refused")]
    print(f"\n{total[0]} kills (goal {GOAL}), {total[1]} full disks; lost, twice: goal 0")
    for fault in (fault for line in table for fault in line.faults):
        print(f"  {fault}")
    for name, held in holds.items():
        print(f"{name}: {'holds' if held else 'DOES NOT HOLD'}")


def main() -> int:
    """Play all trials, then print the table or one JSON object; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="each failpoint once, one round")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time [2]")
    parser.add_argument("--seed", type=int, default=0, help="of the random times")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        stage = build(Path(folder), rounds=1 if args.quick else 2)
        jobs = plan_quick(stage) if args.quick else plan(stage, args.seed)
        results = []
        for job, result in play(stage, jobs, args.jobs):
            results.append((job, result))
            print(f"\r{len(results)} trials", end="", file=sys.stderr)
    print(file=sys.stderr)
    table = lines(stage, results)
    holds = judge(table, args.quick)
    if args.json:
        told = {"schema_version": 1, "goal": GOAL, "lines": [asdict(line) for line in table]}
        print(json.dumps({**told, "holds": holds}))
    else:
        show(table, holds)
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
