"""What a wave of candidates costs beside the teacher, early in a long round and late in it.

    python benchmarks/waves.py [--quick] [--json]

Two rounds in waves of 100 prompts, of one answer each, go on from the waves that their ledgers
have: one after 1,000 candidates, the other after 50,000. With quotas, personas, shifts by yield, a
cap on children and every filter that asks no model, all committed to a real ledger; the teacher is
a function that answers at once, and its own time is taken off. What a round remembers must not make
its waves slower. The search for near texts grows with what it searches, so that a part of the
difference is its own: the same waves without it stand beside. Time is that of the processor, so
that what else a machine does counts little, and the median of several waves. Going on from the
waves that are there, once a start, has a line of its own.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from selfinstruct.config import Config, parse_config
from selfinstruct.generate import Memory, generate
from selfinstruct.model import Answered
from selfinstruct.progress import Progress
from selfinstruct.prompting import SHIPPED
from selfinstruct.setting import aim_of
from selfinstruct.store import Store
from selfinstruct.task import settle
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Prompt,
    RealData,
    Rejection,
    Request,
    Screened,
)

LABELS, TRAIN, PROMPTS, SHOWN, VOCABULARY = 77, 770, 100, 8, 20_000
KEPT = 70
"""Of the candidates of a wave that is there already."""
EARLY, LATE, QUICK_LATE = 1_000, 50_000, 10_000
WAVES = 7
"""Waves that a median is of."""
GOAL = 2.0
REFUSAL = "As an AI language model, I cannot help with that request."
UNSEARCHED = {"novelty": {"threshold": None, "response_threshold": None}}


@dataclass(frozen=True)
class Line:
    """Processor time of the same work early in a round and late in it."""

    what: str
    early_ms: float
    late_ms: float

    @property
    def ratio(self) -> float:
        """How many times the early one the late one costs."""
        return self.late_ms / self.early_ms


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor: for a wave, and for each candidate that was there at the start."""

    wave: float
    start: float


class Words:
    """Texts of made-up words, few of them common and most rare, as in any language."""

    def __init__(self) -> None:
        rng = random.Random("words")
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = [
            "".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(VOCABULARY)
        ]
        self._weights = list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))

    def text(self, rng: random.Random) -> str:
        """A dozen of them, more or less."""
        return " ".join(rng.choices(self._words, cum_weights=self._weights, k=rng.randint(6, 18)))


class Instant:
    """A teacher that answers at once, with a refusal now and then; `seconds` is its own time."""

    name = "instant"
    digest = "instant"

    def __init__(self, words: Words) -> None:
        self.seconds = 0.0
        self._words = words

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        """All answers together."""
        began = time.process_time()
        answers = [
            Answered(place, Completion(self._say(request), "stop", 200, 20, self.name))
            for place, request in enumerate(requests)
        ]
        self.seconds += time.process_time() - began
        yield answers

    def _say(self, request: Request) -> str:
        rng = random.Random(request.seed)
        return REFUSAL if rng.random() < 0.2 else self._words.text(rng)

    def close(self) -> None:
        """Nothing to free."""


def config(folder: Path, candidates: int, filters: Mapping[str, Any]) -> Config:
    """A round that ends at so many candidates, and aims at all that can be aimed at."""
    tree = {
        "name": "waves",
        "out": str(folder),
        "seeds": {"path": "nowhere.jsonl"},
        "teacher": {"backend": "program", "name": "benchmarks.waves:Instant"},
        "generate": {
            "recipe": "label_first",
            "accept": candidates,
            "max_candidates": candidates,
            "prompts_per_wave": PROMPTS,
            "samples_per_prompt": 1,
            "quotas": {"label 1": candidates // 20},
            "personas": ["a tired parent", "a clerk"],
            "styles": ["one terse line", "polite"],
            "adapt": 0.25,
        },
        "filters": dict(filters),
    }
    return parse_config(tree)


def real_rows(words: Words) -> RealData:
    """Labelled rows whose student writes the label alone."""
    rng = random.Random("real")
    rows = [
        Example("Name it.", words.text(rng), label=f"label {place % LABELS}")
        for place in range(TRAIN + 300)
    ]
    dev, gate, final = (tuple(rows[TRAIN:][at::3]) for at in range(3))
    return RealData(tuple(rows[:TRAIN]), dev, gate, final)


def remember(store: Store, number: int, words: Words, shown: Sequence[Example]) -> None:
    """Put a wave that was asked for before into the ledger, its calls with it."""
    rng = random.Random(f"past/{number}")
    blank = Example(
        "Name it.", origin="synthetic", round=1, depth=1, source="recipe:label_first", license="x"
    )
    rows = [
        replace(
            blank,
            input=words.text(rng),
            label=f"label {rng.randrange(LABELS)}",
            parents=tuple(row.id for row in rng.sample(shown, SHOWN)),
            attempt=f"{number}/{place}",
        )
        for place in range(PROMPTS)
    ]
    turns = (Message("user", " ".join(row.input for row in rng.sample(shown, SHOWN))),)
    prompt = Prompt(turns, "label_first/question.j2", "v1")
    store.begin_attempts(1, number, Instant.name, [(str(r.attempt), prompt, 0) for r in rows])
    answer = Completion(rows[0].input, "stop", 200, 20, Instant.name)
    store.end_attempts({str(row.attempt): answer for row in rows})
    lost = tuple(Rejection(row, "refusal") for row in rows[KEPT:])
    store.commit_wave(1, number, Screened(tuple(rows[:KEPT]), lost))


def measure(candidates: int, words: Words, filters: Mapping[str, Any]) -> Cost:
    """What waves cost in a round that goes on after so many candidates."""
    data, teacher = real_rows(words), Instant(words)
    past = candidates // PROMPTS
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder), write=True) as store:
        cfg = config(Path(folder), candidates + (WAVES + 1) * PROMPTS, filters)
        store.freeze(data)
        for number in range(past):
            remember(store, number, words, data.train)
        asked = Teacher(teacher, store, cfg.budget, cfg.seed)
        ends = [time.process_time()]

        def on_progress(told: Progress) -> None:
            if told.target:  # the round's own, not the teacher's
                ends.append(time.process_time() - teacher.seconds)

        generate(
            lambda wave: partial(ask, asked, 1, wave),
            Memory(partial(store.wave, 1), partial(store.commit_wave, 1)),
            aim_of(cfg, data, settle(cfg, data), 1, (), {}, SHIPPED, store),
            cfg.generate,
            cfg.filters,
            on_progress,
        )
    took = [after - before for before, after in pairwise(ends)]
    # The first wave that is asked for builds what those after it have.
    return Cost(statistics.median(took[past + 1 :][:WAVES]), sum(took[:past]) / candidates)


def lines(late: int) -> list[Line]:
    """Everything that is measured."""
    words = Words()
    few, many = (measure(count, words, {}) for count in (EARLY, late))
    bare = [measure(count, words, UNSEARCHED) for count in (EARLY, late)]
    return [
        Line("a wave of 100 prompts", 1e3 * few.wave, 1e3 * many.wave),
        Line("... without novelty", 1e3 * bare[0].wave, 1e3 * bare[1].wave),
        Line("going on, for 1,000 candidates", 1e6 * few.start, 1e6 * many.start),
    ]


def main() -> None:
    """Measure, then print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="10,000 candidates instead of 50,000")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    args = parser.parse_args()
    late = QUICK_LATE if args.quick else LATE
    found = lines(late)
    holds = {line.what: line.ratio <= GOAL for line in found}
    if args.json:
        told = [{**asdict(line), "ratio": line.ratio} for line in found]
        report = {"schema_version": 1, "early": EARLY, "late": late, "lines": told, "holds": holds}
        print(json.dumps(report))
        return
    print(f"{'after so many candidates':34}{EARLY:>9,} {late:>9,}")
    for line in found:
        print(
            f"{line.what:34}{line.early_ms:>6.1f} ms {line.late_ms:>6.1f} ms"
            f"{line.ratio:>8.2f} times, goal <= {GOAL:g}"
            f"  {'holds' if holds[line.what] else 'DOES NOT HOLD'}"
        )


if __name__ == "__main__":
    main()
