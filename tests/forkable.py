"""A finished run of one round, written straight into ledger and folders: to be forked."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct.config import Config, parse_config
from selfinstruct.disk.files import write_jsonl
from selfinstruct.rows import from_example, from_mixture, from_rejection, from_verdict
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Exam,
    Example,
    Mixture,
    RealData,
    Rejection,
    Report,
    Screened,
)
from tests.exported import VERDICT as NO_GAIN
from tests.finished import KEPT, PROMPT, write_adapter
from tests.frozen_run import rows

GUARDS = rows("general", 2)
DROPPED = Rejection(Example("Name it.", "train 1!", attempt="call-0"), "too_similar", 0.9, 0.7)
DATA = RealData(rows("train", 6), rows("dev", 3), rows("gate", 4), rows("final", 2))
NAMES = {"base": 0, "real-only": 0, "round-1": 1}


def forkable_config(out: Path, **sections: Any) -> Config:
    tree = {
        "name": "a",
        "out": str(out),
        "seeds": {"path": "nowhere.jsonl"},
        "teacher": {"backend": "scripted", "name": "none"},
        "student": {"name": "b", "max_steps": 1},
    }
    return parse_config({**tree, **sections})


def write_forkable(cfg: Config, calls: int = 3) -> Path:
    """The run that the config names: splits, calls of which the last failed, two students, a
    verdict, and final rows opened.
    """
    folder = Path(cfg.out) / cfg.name
    about = {
        "identity": cfg.identity,
        "config": cfg.model_dump(mode="json"),
        "contents": {"student.name": "0123456789"},
        "guard": [from_example(row) for row in GUARDS],
    }
    with Store(folder, write=True) as store:
        store.freeze(DATA, about)
        _generate(store, calls)
        for index, made in enumerate((DATA.train, (*DATA.train, KEPT))):
            mixture = Mixture(made, 0.5 * index, 0.1 * index)
            store.commit_stage(index, "mix", from_mixture(mixture), 1.0)
            path = folder / "rounds" / str(index) / "mixture.jsonl"
            write_jsonl(path, map(from_example, mixture.rows))
        _, control, candidate = (_student(store, *named) for named in NAMES.items())
        store.commit_stage(1, "watch", {"signals": []}, 1.0)
        verdict = from_verdict(replace(NO_GAIN, metric="nll"))
        result = {"verdict": verdict, "candidate": candidate, "champion": control}
        store.commit_stage(1, "gate", result, 1.0)
        store.commit_stage(0, "finish", {"champion": control, "name": "real-only"}, 1.0)
    return folder


def _generate(store: Store, calls: int) -> None:
    keys = [f"call-{i}" for i in range(calls)]
    store.begin_attempts(1, 0, "m", [(key, PROMPT, i) for i, key in enumerate(keys)])
    for key in keys[:-1]:
        store.end_attempts({key: Completion(f"text of {key}", "stop", 5, 2)})
    store.end_attempts({keys[-1]: Completion("", "error", error="HTTP 500")})
    store.commit_wave(1, 0, Screened((KEPT,), (DROPPED,)))
    folder = store.folder / "rounds/1"
    write_jsonl(folder / "accepted.jsonl", [from_example(KEPT)])
    write_jsonl(folder / "rejected.jsonl", [from_rejection(DROPPED)])
    store.commit_stage(1, "generate", {"accepted": 1}, 1.0)


def _student(store: Store, name: str, index: int) -> str:
    found = "base-digest"
    if name != "base":
        found = write_adapter(store.folder / f"rounds/{index}/adapter", name.encode())
        store.commit_stage(index, "train", {"name": name, "digest": found}, 1.0)
    exams: dict[Exam, tuple[Example, ...]] = {"gate": DATA.gate, "general": GUARDS}
    if name != "base":
        exams["dev"] = DATA.dev
    if name != "round-1":
        exams["final"] = DATA.final
    for exam, asked in exams.items():
        ids = tuple(row.id for row in asked)
        report = Report(found, exam, ids, {"nll": (0.5,) * len(ids)}, ("x",) * len(ids))
        stage = f"evaluate {name} on {exam}"
        place = 0 if exam == "final" else index
        store.commit_stage(place, stage, {"checkpoint": found}, 1.0, report)
    return found
