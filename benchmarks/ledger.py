"""How long it takes to find something in a large ledger: `examples list` and `trace`.

    python benchmarks/ledger.py [--quick] [--json]

Makes a finished run of 200,000 candidates in ten rounds, each from a call of its own with eight
rows shown, kept and dropped in halves, with a score of every kept one and the mixture of each
round; then asks, each time with the ledger opened anew: the best of several. Goals are on the
processor's time, so that what else a machine does counts little; the wall clock stands beside it.
The whole command with its start-up stands below.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path

from selfinstruct.lineage import Tracer
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Mixture,
    Prompt,
    RealData,
    Rejection,
    Report,
    Request,
    Sampling,
    Score,
    Screened,
)

ROUNDS, WAVES, REAL, SHOWN = 10, 10, 1000, 8
TIMES = 5
GOAL_MS = 200.0
VOCABULARY = 20_000
REASONS = ("too_similar", "too_short", "contaminated")
COMMAND = "from selfinstruct.cli.app import main; main()"


@dataclass(frozen=True)
class Line:
    """One question, what it takes in milliseconds, and how much it found."""

    what: str
    wall_ms: float
    process_ms: float
    found: int
    goal_ms: float | None = GOAL_MS

    @property
    def holds(self) -> bool:
        """Within the goal, where it has one."""
        return self.goal_ms is None or self.process_ms <= self.goal_ms


class Words:
    """Texts of made-up words, few of them common and most rare, as in any language."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = [
            "".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(VOCABULARY)
        ]
        self._weights = list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))

    def text(self, words: int) -> str:
        """So many words."""
        return " ".join(self._rng.choices(self._words, cum_weights=self._weights, k=words))

    @property
    def common(self) -> str:
        """The commonest word."""
        return self._words[0]


def make_ledger(folder: Path, rows: int) -> tuple[Example, Example, str]:
    """A run with so many candidates; a seed row, a late row that was kept, and a common word."""
    rng = random.Random(7)
    words = Words(rng)
    real = [
        Example("Name it.", words.text(20), words.text(40), label=f"label{i % 77}")
        for i in range(REAL)
    ]
    data = RealData(
        tuple(real[:600]), tuple(real[600:700]), tuple(real[700:900]), tuple(real[900:])
    )
    pool: list[Example] = []
    kept = real[0]
    with Store(folder, write=True) as store:
        store.freeze(data)
        for index in range(1, ROUNDS + 1):
            grown = list(pool)
            for wave in range(WAVES):
                made = _wave(
                    store, (index, wave), rows // (ROUNDS * WAVES), (rng, words, data, pool)
                )
                grown += made
                kept = made[-1]
            _train(store, index, (*data.train, *rng.sample(grown, min(len(grown), 20_000))), data)
            pool = grown
    return data.train[0], kept, words.common


def _wave(
    store: Store,
    place: tuple[int, int],
    size: int,
    given: tuple[random.Random, Words, RealData, list[Example]],
) -> list[Example]:
    rng, words, data, pool = given
    asked, answers, screened = {}, {}, []
    for position in range(size):
        shown = rng.sample(data.train, SHOWN - 2) + rng.sample(pool or list(data.train), 2)
        prompt = Prompt(
            (Message("user", words.text(60)),), "label_first/question.j2", "0123456789ab",
            tuple(row.id for row in shown),
        )  # fmt: skip
        key = f"{place[0]:02x}{place[1]:04x}{position:010x}"
        asked[key] = prompt
        answers[key] = Completion(words.text(60), "stop", 400, 80)
        row = Example(
            "Name it.", words.text(20), words.text(40), label=f"label{rng.randrange(77)}",
            origin="synthetic", round=place[0], depth=1, parents=prompt.parents, attempt=key,
            source="recipe:label_first",
        )  # fmt: skip
        screened.append(row)
    accepted = tuple(screened[::2])
    dropped = tuple(
        Rejection(row, rng.choice(REASONS), 0.7 + 0.3 * rng.random(), 0.7, data.train[0].id)
        for row in screened[1::2]
    )
    scores = tuple(Score(row.id, "ifd", rng.random(), "model", "student") for row in accepted)
    how = {key: Request(prompt.messages, Sampling()) for key, prompt in asked.items()}
    calls = [(key, prompt, 0) for key, prompt in asked.items()]
    store.begin_attempts(*place, "openai:some-model@host", calls, how)
    store.end_attempts(answers)
    store.commit_wave(*place, Screened(accepted, dropped, scores))
    return list(accepted)


def _train(store: Store, index: int, rows: tuple[Example, ...], data: RealData) -> None:
    store.commit_mixture(index, Mixture(rows, 0.5, 0.5), 1.0)
    digest = f"student-{index}"
    store.commit_stage(index, "train", {"name": f"round-{index}", "digest": digest}, 1.0)
    ids = tuple(row.id for row in data.gate)
    report = Report(digest, "gate", ids, {"accuracy": (1.0,) * len(ids)}, ("x",) * len(ids))
    stage = f"evaluate round-{index} on gate"
    store.commit_stage(index, stage, {"checkpoint": digest}, 1.0, report)


def _listed(given: tuple[str, str, str], store: Store) -> int:
    return store.examples(*given).total


def _traced(id_: str, store: Store) -> int:
    return len(Tracer(store).trace(id_).led_to)


def measure(what: str, work: Callable[[Store], int], folder: Path, goal: float | None) -> Line:
    """The best of several, each with the ledger opened for it."""
    took = []
    for _ in range(TIMES):
        wall, own = time.perf_counter(), time.process_time()
        with Store(folder) as store:
            found = work(store)
        took.append((time.perf_counter() - wall, time.process_time() - own))
    wall_s, process_s = (min(each) for each in zip(*took, strict=True))
    return Line(what, 1000 * wall_s, 1000 * process_s, found, goal)


def measure_all(folder: Path, seed: Example, kept: Example, common: str) -> list[Line]:
    """Every question."""
    rare = min(kept.input.split(), key=lambda word: (-len(word), word))
    asked = {
        "list": ("", "", ""),
        "list label=label5 and novelty<.1": ("label=label5 and novelty<.1", "", ""),
        "list fate=rejected and value>.95 and not label=label1, longest first": (
            *("fate=rejected and value>.95 and not label=label1", "", "-words"),
        ),
        "list ifd<.001, by ifd": ("ifd<.001", "", "ifd"),
        "list --text RARE": ("", rare, ""),
        "list --text COMMON, label=label5": ("label=label5", common, ""),
    }
    lines = [
        measure(what, partial(_listed, given), folder, GOAL_MS) for what, given in asked.items()
    ]
    slow = f'text ~ "{rare}"'
    lines.append(
        measure(
            f"list {slow[:8]}RARE (reads every row)", lambda s: s.examples(slow).total, folder, None
        )
    )
    starts = {
        "trace of a seed row": seed.id,
        "trace of a kept row": kept.id,
        "trace of a call": kept.attempt or "",
        "trace of a prompt version": "0123456789ab",
        "trace of a student": f"student-{ROUNDS}",
    }
    for what, id_ in starts.items():
        goal = GOAL_MS if "row" in what or "call" in what else None
        lines.append(measure(what, partial(_traced, id_), folder, goal))
    lines.append(measure("log", lambda store: store.log("").total, folder, None))
    lines.append(measure("log seconds>1", lambda s: s.log("seconds>1").total, folder, None))
    return lines


def whole_command(folder: Path, id_: str) -> tuple[float, float]:
    """Seconds of `trace` as a whole process, and of `--version`, which only starts."""

    def took(*arguments: str) -> float:
        began = time.perf_counter()
        command = [sys.executable, "-c", COMMAND, *arguments]
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - began

    whole = min(took("trace", str(folder), id_, "--json") for _ in range(TIMES))
    return whole, min(took("--version") for _ in range(TIMES))


def main() -> None:
    """Measure, then print the table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="20,000 rows instead; under a minute")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    rows = 20_000 if asked.quick else 200_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "run")
        began = time.perf_counter()
        seed, kept, common = make_ledger(folder, rows)
        made = time.perf_counter() - began
        size = (folder / "run.db").stat().st_size
        lines = measure_all(folder, seed, kept, common)
        whole, start = whole_command(folder, seed.id)
    if asked.json:
        told = {
            "rows": rows,
            "bytes": size,
            "lines": [asdict(line) for line in lines],
            "command": {"trace_s": whole, "start_s": start},
            "holds": {line.what: line.holds for line in lines if line.goal_ms is not None},
        }
        print(json.dumps(told))
        return
    print(f"{rows:,} candidates, {size / 1e6:,.0f} MB, made in {made:.0f} s")
    print(f"{'':70}{'wall ms':>9}{'own ms':>9}{'found':>10}  goal")
    for line in lines:
        goal = "" if line.goal_ms is None else f"<= {line.goal_ms:.0f} ms"
        verdict = "" if line.goal_ms is None else ("holds" if line.holds else "MISSED")
        print(
            f"{line.what:70}{line.wall_ms:9.1f}{line.process_ms:9.1f}{line.found:10,}"
            f"  {goal} {verdict}"
        )
    print(f"selfinstruct trace, the whole command: {whole:.2f} s; its start-up alone {start:.2f} s")


if __name__ == "__main__":
    main()
