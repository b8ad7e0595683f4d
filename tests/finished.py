"""A finished run, written straight into the ledger: what the reading commands are tested on."""

from collections.abc import Mapping
from pathlib import Path

from selfinstruct import rows
from selfinstruct.checkpoints.adapters import load_checkpoint
from selfinstruct.config import GateConfig
from selfinstruct.disk.manifest import seal
from selfinstruct.judging.gate import decide
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
    Score,
    Screened,
    Split,
)

GATE = 40
PROMPT = Prompt((Message("user", "write a ticket"),), "label_first/question", "v1", ("p1",))
KEPT = Example(
    "Name the intent.",
    "charged two times",
    "Sorry, I will look.",
    label="charged twice",
    origin="synthetic",
    round=1,
    attempt="call-1",
)
SURE = Score(KEPT.id, "label_agreement", 0.75, "model", "the champion")


def real_data(count: int = GATE) -> RealData:
    gate = tuple(
        Example("Name the intent.", f"gate ticket {i}", f"reply {i}", label="a")
        for i in range(count)
    )
    train = (Example("Name the intent.", "train ticket", "reply", label="a"),)
    return RealData(train, (), gate, gate[:4], duplicates=2)


def report(digest: str, right: int, split: Split = "gate", count: int = GATE) -> Report:
    ids = tuple(row.id for row in real_data(count).split(split))
    scores = {
        "accuracy": tuple(float(i < right) for i in range(len(ids))),
        "nll": tuple(2.0 - right / 40 + i / 100 for i in range(len(ids))),
    }
    return Report(digest, split, ids, scores, tuple(f"{digest} says {i}" for i in range(len(ids))))


def write_adapter(folder: Path, weights: bytes) -> str:
    """An adapter of these weights, whole; its digest."""
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    seal(folder, {"base": "b"})
    return load_checkpoint(folder, "").digest


def write_run(
    folder: Path, right: int = 38, count: int = GATE, settings: Mapping[str, object] | None = None
) -> None:
    """A run whose base gets 2 gate rows right, its control 20 and its round 1 `right`."""
    students = {"base": ("b", 2), "real-only": ("c", 20), "round-1": ("d", right)}
    neighbour = real_data(count).train[0].id
    dropped = Rejection(
        Example("Name the intent.", "train ticket!", attempt="call-1"),
        "too_similar",
        0.9,
        0.7,
        neighbour,
    )
    with Store(folder, write=True) as store:
        store.freeze(real_data(count))
        store.set_meta("identity", {"evaluate.max_new_tokens": 96, **(settings or {})})
        store.begin_attempts(1, 0, "scripted", [("call-1", PROMPT, 3)])
        store.end_attempts({"call-1": Completion("charged \x1b[2Jtwo times", "stop", 50, 20)})
        store.commit_wave(1, 0, Screened((KEPT,), (dropped,), (SURE,)))
        for index, (name, (digest, hits)) in enumerate(students.items()):
            number = max(0, index - 1)
            if index:
                store.commit_stage(number, "train", {"name": name, "digest": digest}, 1.0)
            store.commit_report(report(digest, hits, count=count))
            store.commit_stage(number, f"evaluate {name} on gate", {"checkpoint": digest}, 2.0)
        candidate, champion = report("d", right, count=count), report("c", 20, count=count)
        verdict = decide(candidate, champion, GateConfig(), 0.05)
        store.commit_stage(1, "generate", {"accepted": 1}, 3.0)
        mixture = rows.from_mixture(Mixture((*real_data(count).train, KEPT), 0.5, 0.5))
        store.commit_stage(1, "mix", mixture, 0.1)
        result = {"verdict": rows.from_verdict(verdict), "candidate": "d", "champion": "c"}
        store.commit_stage(1, "gate", result, 0.1)
        store.commit_report(report("d", 3, "final", count))
        store.commit_stage(0, "evaluate round-1 on final", {"checkpoint": "d"}, 1.0)
        name = "round-1" if verdict.outcome == "accept" else "real-only"
        store.commit_stage(0, "finish", {"champion": "d", "name": name}, 1.0)
