"""What asking a teacher costs: rate, CPU, memory, and what faults under load lose or pay twice.

    python benchmarks/teacher.py [--quick] [--json] [--peer NAME=PYTHON ...]

The teacher is `tests/stub`, a process of its own on loopback that takes 200 ms for each answer and
256 requests at once. The ideal is every slot busy all the time, and for a storm of 429s the same
plus the storm; sockets without a client show how near to it the stub and the machine allow. CPU is
that of the asking process, its children counted, start and imports not. Memory growth is what is
resident after the last wave beyond the first: ten thousand calls against fifty thousand. Peers,
distilabel and curator, run in environments of their own (see `benchmarks/peers/`), with fresh
folders for their caches, on the same stub; each of their numbers is the median of three runs. The
rates mean something only where little else runs, so the load of the machine is told.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(__file__).parent / "peers"
PEERS = {"distilabel": "distilabel_pipeline.py", "curator": "curator_llm.py"}
KEEPS = {
    "ours": "each call committed with fsync as it returns; intent before it goes out",
    "distilabel": "a batch is written as Parquet when all of it is there, no fsync",
    "curator": "each answer appended to JSON lines, no fsync",
}
LATENCY_S = 0.2
PARALLEL = 256
RATE_GOAL = 0.95
CPU_GOAL_MS = 1.0
GROWTH_GOAL_MIB = 10.0
"""A quarter of a kilobyte for each of 40,000 calls: less than one answer, so none may stay."""
RUNS = 3


@dataclass(frozen=True)
class Case:
    """One thing to measure. `wave` calls are asked at a time, whole rounds of what is parallel."""

    name: str
    calls: int
    wave: int
    slots: int = PARALLEL
    storm: tuple[float, float] | None = None
    ledger: bool = True

    @property
    def ideal_s(self) -> float:
        """Seconds with every slot busy all the time that the teacher gives answers."""
        pause = 0.0 if self.storm is None else self.storm[1] - self.storm[0]
        return self.calls / min(PARALLEL, self.slots) * LATENCY_S + pause


@dataclass(frozen=True)
class Found:
    """What one case took."""

    name: str
    calls: int
    rate: float
    """Answers a second."""
    of_ideal: float
    cpu_ms: float
    """Of each call."""
    peak_mib: float
    growth_mib: float | None
    refused: int
    """429s."""
    lost: int
    paid_twice: int
    versions: Mapping[str, str]


@contextmanager
def stub(case: Case) -> Iterator[str]:
    """The teacher as a process; yields its URL."""
    command = [sys.executable, "-m", "tests.stub"]
    command += ["--latency-s", str(LATENCY_S), "--slots", str(case.slots)]
    if case.storm is not None:
        command += ["--storm", *map(str, case.storm)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        assert process.stdout is not None  # it is a pipe
        yield process.stdout.readline().strip()
        process.communicate()  # its input ends, and so does it


def measure(case: Case, python: str, script: str, extra: Sequence[str]) -> Found:
    """One run of one script. Raises `RuntimeError` with the end of what it said if it fails."""
    with stub(case) as url, tempfile.TemporaryDirectory() as folder:
        command = [python, str(SCRIPTS / script), "--url", url, "--calls", str(case.calls)]
        command += ["--parallel", str(PARALLEL), "--folder", folder, *extra]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        if done.returncode:
            raise RuntimeError(f"{script} failed:\n{done.stderr[-2000:]}")
        with urlopen(f"{url.removesuffix('/v1')}/told") as reply:
            told = json.load(reply)
    cost: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    held = cost.get("held_mib")
    return Found(
        name=case.name,
        calls=case.calls,
        rate=cost["answered"] / cost["seconds"],
        of_ideal=case.ideal_s / cost["seconds"],
        cpu_ms=1000 * cost["cpu_s"] / case.calls,
        peak_mib=cost["peak_mib"],
        growth_mib=held[-1] - held[0] if held and len(held) > 1 else None,
        refused=told["statuses"].get("429", 0),
        lost=case.calls - cost["answered"],
        paid_twice=told["answered_twice"],
        versions=cost["versions"],
    )


def measure_ours(case: Case) -> Found:
    """One case of ours; a storm is counted from the first call, which therefore counts too."""
    extra = ["--wave", str(case.wave)]
    extra += ["--ledger"] if case.ledger else []
    extra += ["--cold"] if case.storm is not None else []
    return measure(case, sys.executable, "ours.py", extra)


def median(runs: Sequence[Found]) -> Found:
    """The run with the median rate."""
    middle = statistics.median_low(found.rate for found in runs)
    return next(found for found in runs if found.rate == middle)


def cases(quick: bool) -> list[Case]:
    """Whole rounds of 256 calls; a quick one has too few for the goals of rate and memory."""
    wave, waves = (2560, 2) if quick else (10_240, 5)
    storm, small = ((1.0, 4.0), 1280) if quick else ((3.0, 13.0), 6400)
    calls = wave * waves
    return [
        Case("client alone", calls, wave, ledger=False),
        Case("client and ledger", calls, wave),
        Case(f"429s for {storm[1] - storm[0]:.0f} s", 2 * wave, 2 * wave, storm=storm),
        Case("64 slots for 256 asked", small, small, slots=64),
    ]


def compare(peers: Mapping[str, str], quick: bool) -> list[Found]:
    """Ours and each peer over the same calls."""
    calls = 2560 if quick else 5120
    found = []
    for name in ("ours", *peers):
        case = Case(name, calls, calls)
        runs = [
            measure_ours(case) if name == "ours" else measure(case, peers[name], PEERS[name], ())
            for _ in range(1 if quick else RUNS)
        ]
        found.append(median(runs))
    return found


def judge(found: Sequence[Found], quick: bool) -> dict[str, bool]:
    """Which goals hold; `found` is of `cases`, in their order."""
    alone, kept = found[:2]
    holds = {
        "under 1 ms of own CPU a call": kept.cpu_ms < CPU_GOAL_MS,
        "nothing lost": all(case.lost == 0 for case in found),
        "nothing paid twice": all(case.paid_twice == 0 for case in found),
    }
    if not quick:
        holds["95 % of the ideal rate"] = kept.of_ideal >= RATE_GOAL
        holds["memory flat"] = all(
            case.growth_mib is not None and case.growth_mib <= GROWTH_GOAL_MIB
            for case in (alone, kept)
        )
    return holds


def show(found: Sequence[Found], compared: Sequence[Found], holds: Mapping[str, bool]) -> None:
    """The table for people."""
    heads = ("calls/s", "of ideal", "CPU ms", "peak MiB", "grew MiB", "429s", "lost", "twice")
    print(f"{'':28}{'calls':>7}{''.join(f'{head:>10}' for head in heads)}")
    print(f"{'goals':35}{'':10}{'>= 95 %':>10}{'< 1':>10}{'':10}{'<= 10':>10}{'':10}{0:>10}{0:>10}")
    for case in [*found, *compared]:
        grew = "" if case.growth_mib is None else f"{case.growth_mib:.1f}"
        print(
            f"{case.name:28}{case.calls:>7,}{case.rate:>10,.0f}{case.of_ideal:>10.1%}"
            f"{case.cpu_ms:>10.2f}{case.peak_mib:>10,.0f}{grew:>10}{case.refused:>10,}"
            f"{case.lost:>10,}{case.paid_twice:>10,}"
        )
    for case in compared:
        versions = ", ".join(f"{name} {number}" for name, number in case.versions.items())
        print(f"{case.name} ({versions}): {KEEPS[case.name]}")
    for name, holds_here in holds.items():
        print(f"{name}: {'holds' if holds_here else 'DOES NOT HOLD'}")


def read_peer(text: str) -> tuple[str, str]:
    """NAME=PYTHON of the command line."""
    name, _, python = text.partition("=")
    if name not in PEERS or not Path(python).exists():
        raise argparse.ArgumentTypeError(f"{text}: NAME=PYTHON, NAME one of {', '.join(PEERS)}")
    return name, python


def main() -> None:
    """Measure, then print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls, fewer goals")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    parser.add_argument(
        "--peer", type=read_peer, action="append", default=[], metavar="NAME=PYTHON", dest="peers"
    )
    args = parser.parse_args()
    load = os.getloadavg()[0]
    calls = cases(args.quick)[0].calls
    bare = measure(Case("sockets without a client", calls, calls), sys.executable, "bare.py", ())
    found = [measure_ours(case) for case in cases(args.quick)]
    compared = compare(dict(args.peers), args.quick) if args.peers else []
    holds = judge(found, args.quick)
    if args.json:
        report = {
            "schema_version": 1,
            "goals": {"of_ideal": RATE_GOAL, "cpu_ms": CPU_GOAL_MS, "growth_mib": GROWTH_GOAL_MIB},
            "load_at_start": load,
            "bare": asdict(bare),
            "cases": [asdict(case) for case in found],
            "compared": [asdict(case) for case in compared],
            "holds": holds,
        }
        print(json.dumps(report))
        return
    show([bare, *found], compared, holds)
    print(f"load of the machine at the start: {load:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
