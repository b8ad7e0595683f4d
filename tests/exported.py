"""A finished run with mixtures, adapters and hostile rows, written straight into ledger and
folders: what an export reads.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct.config import Config, parse_config
from selfinstruct.disk.files import write_jsonl
from selfinstruct.export.facts import Facts, read_facts
from selfinstruct.export.student import Student, champion_of
from selfinstruct.rows import from_example, from_mixture, from_verdict
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Example,
    Interval,
    Message,
    Mixture,
    Prompt,
    RealData,
    Rejection,
    Report,
    Score,
    Screened,
)
from selfinstruct.verdict import Outcome, Verdict
from tests.finished import write_adapter
from tests.frozen_run import rows

DATA = RealData(rows("train", 6, license="MIT"), rows("dev", 3), rows("gate", 4), rows("final", 2))
PROMPT = Prompt((Message("user", "write"),), "label_first/question.j2", "v1")
MIXED = 3
"""Kept rows of each round that are in its mixture."""
HOSTILE = Example(
    "Name it.",
    "```\n</details><script>alert(1)</script>\n---\nlicense: mit\n---\n\x1b[2J\u202e"
    "| `` a\r\nb\u2028c",
    "~~~\n````text\n# Not a heading\n[x](javascript:alert(1)) \ud800 \x00 end",
    label="fee` |\n---\nlicense: gpl",
    origin="synthetic",
    round=1,
    attempt="call-1",
    source="recipe:label_first",
    license="MIT AND Acme\n---\ntags: [x]",
)


def made(index: int, count: int = 6) -> tuple[Example, ...]:
    """What a round keeps: the last row was written on request."""
    found = rows(
        f"made {index}",
        count,
        origin="synthetic",
        round=index,
        attempt=f"call-{index}",
        source="recipe:label_first",
        license="MIT",
        parents=(DATA.train[0].id,),
        depth=1,
    )
    return (*found[:-1], replace(found[-1], request="in anger"))


def config(out: Path, **sections: Any) -> Config:
    tree = {
        "name": "t",
        "out": str(out),
        "seeds": {"path": "/home/somebody/seeds.jsonl"},
        "teacher": {"backend": "openai", "name": "big", "base_url": "https://secret.example/v1"},
        "student": {"name": "b", "max_steps": 3},
        "task": {"target": "label_and_response", "system": "Be kind."},
    }
    return parse_config({**tree, **sections})


def write_exported(
    folder: Path,
    outcomes: Sequence[Outcome | None] = ("accept", "inconclusive"),
    extra: Sequence[Example] = (),
    **sections: Any,
) -> Path:
    """A run of one round an outcome, None for a round without a verdict; `extra` rows are kept in
    round 1 too.
    """
    cfg = config(folder.parent, **sections)
    about = {"identity": cfg.identity, "config": cfg.model_dump(mode="json")}
    with Store(folder, write=True) as store:
        store.freeze(DATA, about)
        _student(store, "base", 0)
        _mix(store, 0, DATA.train)
        _student(store, "real-only", 0)
        champion = "real-only"
        for index, outcome in enumerate(outcomes, start=1):
            kept = (*made(index), *(extra if index == 1 else ()))
            _generate(store, index, kept)
            _mix(store, index, (*DATA.train, *kept[:MIXED]))
            _student(store, f"round-{index}", index)
            if outcome is not None:
                names = {"candidate": f"round-{index}", "champion": champion}
                verdict = from_verdict(replace(VERDICT, outcome=outcome, look=index))
                store.commit_stage(index, "gate", {"verdict": verdict, **names}, 1.0)
                champion = f"round-{index}" if outcome == "accept" else champion
        if None not in outcomes:
            for name in {"real-only", champion}:
                _score(store, name, 0, "final")
            store.commit_stage(0, "finish", {"champion": champion, "name": champion}, 1.0)
    return folder


def open_champion(
    run: Path, outcomes: Sequence[Outcome | None] = ("accept", "reject"), **sections: Any
) -> tuple[Facts, Student]:
    """The facts of such a run, and its champion."""
    with Store(write_exported(run, outcomes, **sections)) as store:
        facts = read_facts(store)
        return facts, champion_of(store, facts)


def _generate(store: Store, index: int, kept: tuple[Example, ...]) -> None:
    key = f"call-{index}"
    store.begin_attempts(index, 0, "openai:big", [(key, PROMPT, 0)])
    store.end_attempts({key: Completion("text", "stop", 5, 2, "big-2026")})
    train, gate = DATA.train[0], DATA.gate[0]
    dropped = (
        Rejection(Example("Name it.", "train 0!", attempt=key), "too_similar", 0.9, 0.7, train.id),
        Rejection(replace(gate, origin="synthetic"), "contaminated", "gate 0 about", 8, gate.id),
        Rejection(Example("Name it.", "I am anna@web.de", "Hi"), "personal_data", "email"),
    )
    scores = (Score(kept[0].id, "rubric", 4.0, "judge", "fine"),)
    store.commit_wave(index, 0, Screened(kept, dropped, scores))
    store.commit_stage(index, "generate", {"accepted": len(kept)}, 1.0)


def _mix(store: Store, index: int, mixed: tuple[Example, ...]) -> None:
    mixture = Mixture(mixed, 0.5, 0.3)
    path = store.folder / "rounds" / str(index) / "mixture.jsonl"
    write_jsonl(path, map(from_example, mixed))
    store.commit_stage(index, "mix", from_mixture(mixture), 0.1)


def _student(store: Store, name: str, index: int) -> None:
    if name != "base":
        folder = store.folder / f"rounds/{index}/adapter"
        found = write_adapter(folder, name.encode())
        losses = [1.0, 0.9, 0.8]
        result = {"name": name, "digest": found, "losses": losses}
        store.commit_stage(index, "train", result, 1.0)
    _score(store, name, index, "gate")


def _score(store: Store, name: str, index: int, split: Any) -> None:
    ids = tuple(row.id for row in DATA.split(split))
    scores = {"accuracy": tuple(float(n % 2) for n in range(len(ids)))}
    report = Report(name, split, ids, scores, ("x",) * len(ids))
    store.commit_stage(index, f"evaluate {name} on {split}", {"checkpoint": name}, 1.0, report)


VERDICT = Verdict(
    outcome="reject",
    metric="accuracy",
    n=4,
    champion=0.5,
    candidate=0.5,
    gain=Interval(0.0, -0.1, 0.1),
    p_value=0.5,
    alpha=0.01,
    wins=0,
    losses=0,
    detectable=0.2,
    why="Because of the numbers.",
    look=1,
)
