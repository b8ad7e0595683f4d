"""Small pieces of work that are killed on purpose: what is there before, and what is started.

A run of two rounds; a finished run that has lost reports, an adapter and its guard rows, as older
versions and careless hands leave it; a fork of it; a sweep; a review; pairs of answers; scores of
others; a ledger to be migrated, and one whose lists are made anew; weights to be converted, and to
be joined; an export and a merged model that are replaced.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from selfinstruct.checkpoints import weights
from selfinstruct.checkpoints.joining import join
from selfinstruct.config import parse_config
from selfinstruct.disk.files import write_jsonl
from selfinstruct.export.folder import publish
from selfinstruct.merging.likeness import Likeness
from selfinstruct.merging.merge import Merged
from selfinstruct.merging.merge import publish as publish_merged
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING, Decision
from selfinstruct.rows import from_example
from selfinstruct.runs import Run
from selfinstruct.stages.reviewing import take_scores
from selfinstruct.store import Store, scoring
from selfinstruct.store.database import connect
from selfinstruct.store.searchable import rebuild_search
from selfinstruct.store.tables import LEDGER, Schema
from selfinstruct.tuning.arms import plan_arms
from selfinstruct.tuning.sweep import run_sweep
from selfinstruct.wheels import Wheel
from tests.finished import write_run
from tests.frozen_run import tiny_config, write_frozen_run
from tests.golden_ledger import write_ledger
from tests.paired import ROWS, add_pairs, choose
from tests.reviewed import decide, write_reviewable
from tests.tiny import save_tiny_model

RUN = "t"
FORK = "u"
NEXT = Schema(
    LEDGER.create,
    (*LEDGER.migrations, "CREATE TABLE notes (what TEXT PRIMARY KEY) STRICT;"),
)


@dataclass(frozen=True)
class Props:
    """What all scenes share and none writes to: a base model, seed rows, a finished run."""

    folder: Path
    rounds: int = 2

    @property
    def base(self) -> Path:
        return self.folder / "base"

    @property
    def seeds(self) -> Path:
        return self.folder / "seeds.jsonl"

    @property
    def finished(self) -> Path:
        """The place of a run that is over; made by whoever needs it."""
        return self.folder / "finished"

    def make(self) -> None:
        save_tiny_model(self.base)
        words = ["apple", "bridge", "candle", "desert", "engine", "forest", "garden", "harbour"]
        rows = [
            {
                "instruction": "Name it.",
                "input": f"{words[i % 8]} {words[i // 8]} ticket {i} {('asks', 'wants')[i % 2]}",
                "label": ("refund", "fee")[i % 2],
                "response": f"reply {i}",
            }
            for i in range(40)
        ]
        self.seeds.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def tree(self, place: Path) -> dict[str, Any]:
        """The config of a run at a place."""
        return {
            "name": RUN,
            "out": str(place),
            "seeds": {
                "path": str(self.seeds),
                "split": {"train": 0.3, "dev": 0.1, "gate": 0.4, "final": 0.2},
            },
            "teacher": {"backend": "program", "name": "tests.scripted_teacher:answer_on_record"},
            "generate": {"accept": 4, "prompts_per_wave": 2, "samples_per_prompt": 2},
            "mixture": {"synthetic_share": 0.25},
            "student": {
                "name": str(self.base),
                "max_steps": 1,
                "batch_size": 2,
                "rank": 2,
                "device": "cpu",
            },
            "evaluate": {"max_new_tokens": 2},
            "guard": {"rows": 4},
            "rounds": {"max": self.rounds, "patience": self.rounds},
        }


@dataclass(frozen=True)
class Scene:
    """What lies at a place before, what is started there, and where the work is afterwards."""

    prepare: Callable[[Props, Path], object]
    start: Callable[[Props, Path], object]
    work: Callable[[Path], Path] = field(default=lambda place: place / RUN)
    is_run: bool = True
    """Whether it is a ledger and files of this version, with nothing for `doctor` to find."""
    had_lost: bool = False
    """Whether `doctor` finds something, but nothing at the end."""
    litters: bool = False
    """Whether a killed process leaves its half-written folder for good."""


def _nothing(_: Props, __: Path) -> None:
    """Nothing lies there."""


def _run(props: Props, place: Path) -> None:
    os.environ["CALLS"] = str(place / "calls")
    Run(parse_config(props.tree(place))).execute()


def _lose_things(props: Props, place: Path) -> None:
    """A finished run without the reports of two students on gate, and without an adapter."""
    shutil.copytree(props.finished, place, dirs_exist_ok=True)
    shutil.rmtree(place / RUN / "rounds" / "1" / "adapter")
    with closing(sqlite3.connect(place / RUN / "run.db")) as db:
        db.execute(
            "DELETE FROM reports WHERE split = 'gate' AND rowid IN (SELECT min(rowid)"
            " FROM reports WHERE split = 'gate' UNION SELECT max(rowid) FROM reports"
            " WHERE split = 'gate')"
        )
        db.commit()


def _finished(props: Props, place: Path) -> None:
    """A finished run alone: forking it asks nobody."""
    shutil.copytree(props.finished / RUN, place / RUN)


def _fork(props: Props, place: Path) -> None:
    Run(parse_config({**props.tree(place), "gate": {"alpha": 0.1}})).fork(FORK)


def _freeze(_: Props, place: Path) -> None:
    write_frozen_run(place / RUN)
    with Store(place / RUN) as store:
        for index in (1, 2):
            accepted = map(from_example, store.screened(index).accepted)
            write_jsonl(place / RUN / "rounds" / str(index) / "accepted.jsonl", accepted)


def _sweep(props: Props, place: Path) -> None:
    cfg = parse_config(tiny_config(props.base, place))
    run_sweep(cfg, place / RUN, plan_arms("fixed-real", [0.25], 1, real=12, synthetic=11))


def _write_reviewable(_: Props, place: Path) -> None:
    write_reviewable(place / RUN)


def _review(_: Props, place: Path) -> None:
    """Decisions, one taken back, one from elsewhere; then the run hears of them."""
    with Desk.open(place / RUN) as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 4)]
        for number, item in enumerate(items[:3]):
            decide(desk, item, ("accept", "reject", "skip")[number], f"d{number}")
        desk.undo("ann", "u")
        desk.take([Decision("i", items[3].id, items[3].hash, "flag", reviewer="bob", at=1.0)])
    with Store(place / RUN, write=True) as store:
        take_scores(store)


def _score(_: Props, place: Path) -> None:
    """Scores of somebody else, taken into a run."""
    with Store(place / RUN, write=True) as store:
        rows = store.screened(1).accepted[:3]
        lines = ({"id": row.id, "name": "toxicity", "value": 0.5} for row in rows)
        write_jsonl(place / "scores.jsonl", lines)
        scoring.take_scores(store, place / "scores.jsonl")


def _judge_pairs(_: Props, place: Path) -> None:
    """Answers, pairs of them, choices, one taken back, and what a judge says."""
    with Desk.open(place / RUN) as desk:
        pairs = desk.pairs
        pairs.keep("one", {"a": "an answer"})
        contest = add_pairs(pairs, ROWS[:5])
        for number, pair in enumerate(pairs.unjudged(contest.id)[:2]):
            choose(pairs, pair, ("left", "skip")[number], f"c{number}")
        pairs.undo(contest.id, "ann", "cu")
        pairs.hear_judge({pair.id: "first" for pair in pairs.unjudged(contest.id)})


def _write_old_ledger(_: Props, place: Path) -> None:
    (place / RUN).mkdir()
    write_ledger(place / RUN / "run.db", 1)


def _migrate(_: Props, place: Path) -> None:
    connect(place / RUN / "run.db", write=True, schema=NEXT).close()


def _lose_lists(_: Props, place: Path) -> None:
    write_run(place / RUN)
    with closing(sqlite3.connect(place / RUN / "run.db", isolation_level=None)) as db:
        db.execute("DELETE FROM facts")
        db.execute("INSERT INTO texts (texts) VALUES ('delete-all')")


def _rebuild(_: Props, place: Path) -> None:
    rebuild_search(place / RUN)


def _write_gguf(_: Props, place: Path) -> None:
    (place / "some.gguf").write_bytes(b"GGUF" * 1000)


def _convert(_: Props, place: Path) -> None:
    def write(gguf: Path, folder: Path) -> None:
        for end in ("a", "b"):
            (folder / f"{end}.safetensors").write_bytes(gguf.read_bytes() * 3)

    weights.convert(place / "some.gguf", place / "cache", write=write)


def _write_parts(_: Props, place: Path) -> None:
    for name in ("a", "b"):
        (place / name).write_bytes(name.encode() * 3000)


def _join(_: Props, place: Path) -> None:
    parts = [place / "a", place / "b"]
    sha256 = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()
    join(parts, Wheel("some.gguf", (), "", sha256), place / "cache")


def _write_export(_: Props, place: Path) -> None:
    publish(place / "out", {"rows.jsonl": b"old", "gone": b"x"}, {"what": "pool"})


def _export(_: Props, place: Path) -> None:
    files: dict[str, bytes | Path] = {"rows.jsonl": b"new", "weights": place / "weights"}
    (place / "weights").write_bytes(b"w")
    publish(place / "out", files, {"what": "pool"}, force=True)


def _write_merged(_: Props, place: Path) -> None:
    publish_merged(place / "merged", partial(_weights, b"old"))


def _merge(_: Props, place: Path) -> None:
    publish_merged(place / "merged", partial(_weights, b"new"))


def _weights(content: bytes, part: Path) -> Merged:
    (part / "model.safetensors").write_bytes(content)
    alike = Likeness(4, 0.0, 4)
    return Merged("run", "round-1", "base", "b", "a", "float32", 1, alike, {})


SCENES = {
    "run": Scene(_nothing, _run),
    "lost": Scene(_lose_things, _run, had_lost=True),
    "fork": Scene(_finished, _fork, lambda place: place / FORK),
    "sweep": Scene(_freeze, _sweep),
    "review": Scene(_write_reviewable, _review, is_run=False),
    "scores": Scene(_freeze, _score),
    "pairs": Scene(_write_reviewable, _judge_pairs, is_run=False),
    "export": Scene(_write_export, _export, lambda place: place / "out", is_run=False),
    "merge": Scene(_write_merged, _merge, lambda place: place / "merged", is_run=False),
    "migration": Scene(_write_old_ledger, _migrate, is_run=False),
    "search": Scene(_lose_lists, _rebuild, is_run=False),
    "weights": Scene(
        _write_gguf, _convert, lambda place: place / "cache", is_run=False, litters=True
    ),
    "joining": Scene(
        _write_parts, _join, lambda place: place / "cache", is_run=False, litters=True
    ),
}
