"""Runs with all that a report draws, written straight into the ledger: sizes are arguments."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct import rows
from selfinstruct.disk.files import write_jsonl
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
    Screened,
)
from selfinstruct.verdict import Guard, JudgeHealth, Outcome, Signal, Verdict

THINGS = (
    *("invoice", "refund", "charge", "order", "card", "plan", "fee", "bank", "receipt", "coupon"),
    *("trial", "seat"),
)
ACTS = ("was lost", "came twice", "is wrong", "never arrived", "went up", "shows an error")
SIGNALS = (
    *("distinct-1", "distinct-2", "distinct-3", "compression ratio", "self-ROUGE-L"),
    *("opening 4-gram share", "coverage of real clusters", "rare words kept"),
)
REASONS = ("truncated", "too_short", "too_similar", "duplicate", "contaminated", "echo")


@dataclass(frozen=True)
class Plan:
    """How large a made-up run is; `full` adds what older runs did not record."""

    rounds: int = 2
    labels: Sequence[str] = ("refund", "fee", "plan")
    kept: int = 12
    dropped: int = 18
    gate: int = 40
    full: bool = True
    words: str = ""


def write_reported_run(folder: Path, plan: Plan) -> None:
    """A run of `plan.rounds` rounds, every other one accepted; a loss of the last is missing."""
    chance = random.Random(0)
    splits: dict[str, Any] = {name: _rows(name, n, plan, chance) for name, n in _sizes(plan)}
    data = RealData(**splits, duplicates=3)
    with Store(folder, write=True) as store:
        store.freeze(data)
        store.set_meta("config", _config(plan))
        names = ["base", "real-only", *(f"round-{i}" for i in range(1, plan.rounds + 1))]
        for at, name in enumerate(names):
            store.commit_report(_report(name, data, at, chance))
            stage = f"evaluate {name} on gate"
            store.commit_stage(max(0, at - 1), stage, {"checkpoint": name}, 12.0)
        _train(store, 0, data.train, plan)
        for index in range(1, plan.rounds + 1):
            _write_round(store, index, data, plan, chance)
        if plan.full:
            store.set_meta("sweep", sweep_found(labels=plan.labels))


def sweep_found(
    labels: Sequence[str] = ("refund", "fee"), shares: Sequence[float] = (0.0, 0.25, 0.5, 0.75)
) -> dict[str, Any]:
    """What `sweep --json` prints, of three seeds; the largest share failed once."""
    mean = {share: 2.0 - share * (0.7 - share) for share in shares}
    arms = [
        {
            "share": share,
            "seed": seed,
            "rows": 60,
            "score": None if (share, seed) == (shares[-1], 2) else mean[share] + 0.03 * (seed - 1),
            "failure": "out of memory" if (share, seed) == (shares[-1], 2) else None,
        }
        for share in shares
        for seed in range(3)
    ]
    return {
        "schema_version": 1,
        "run": "runs/made",
        "design": "fixed-real",
        "metric": "nll",
        "dev_rows": 30,
        "student": "tiny",
        "arms": arms,
        "shares": [
            {
                "share": share,
                "seeds": [0, 1],
                "value": mean[share],
                "gain": {
                    "value": mean[0.0] - mean[share],
                    "low": mean[0.0] - mean[share] - 0.05 * bool(share),
                    "high": mean[0.0] - mean[share] + 0.05 * bool(share),
                },
                "adjusted": 0.04 if share else 1.0,
                "behind": 0.0,
                "behind_error": 0.01,
            }
            for share in shares
        ],
        "best": 0.25,
        "chosen": 0.25,
        "differs": True,
        "why": "0.25 scores best.",
        "labels": {
            label: {str(share): mean[share] + 0.04 * i * share for share in shares}
            for i, label in enumerate(labels)
        },
    }


def _sizes(plan: Plan) -> list[tuple[str, int]]:
    train = max(12, 2 * len(plan.labels))
    return [("train", train), ("dev", 6), ("gate", plan.gate), ("final", 4)]


def _rows(name: str, count: int, plan: Plan, chance: random.Random, **more: Any) -> Any:
    found = []
    for i in range(count):
        thing, act = chance.choice(THINGS), chance.choice(ACTS)
        text = f"The {thing} of {name} {i} {act} {' '.join(chance.choices(THINGS, k=i % 9))}"
        label = plan.labels[i % len(plan.labels)] if plan.labels else None
        asked = (
            ("Name it.", f"{text} {plan.words}")
            if label
            else (f"Write a {thing} about {text} {plan.words}", "")
        )
        answer = " ".join(chance.choices(THINGS, k=3 + i % 7)) + plan.words
        found.append(Example(*asked, answer, label=label, **more))
    return tuple(found)


def _report(name: str, data: RealData, at: int, chance: random.Random) -> Report:
    n = len(data.gate)
    scores = {
        "accuracy": tuple(float(chance.random() < 0.3 + 0.04 * at) for _ in range(n)),
        "nll": tuple(3.0 - 0.1 * at + chance.gauss(0, 0.3) for _ in range(n)),
    }
    return Report(name, "gate", tuple(row.id for row in data.gate), scores, ("answer",) * n)


def _train(store: Store, index: int, mixed: Sequence[Example], plan: Plan) -> None:
    name = f"round-{index}" if index else "real-only"
    store.commit_stage(index, "mix", rows.from_mixture(Mixture(tuple(mixed), 0.5, 0.4)), 0.1)
    write_jsonl(
        store.folder / "rounds" / str(index) / "mixture.jsonl", map(rows.from_example, mixed)
    )
    losses: list[float | None] = [
        3.0 / (1 + 0.1 * step) + 0.1 * (index + step % 3) for step in range(40)
    ]
    if index and index == plan.rounds:
        losses[20] = None
    more = {"losses": losses} if plan.full else {}
    store.commit_stage(index, "train", {"name": name, "digest": name, **more}, 60.0)


def _write_round(
    store: Store, index: int, data: RealData, plan: Plan, chance: random.Random
) -> None:
    made = _rows(f"made {index}", plan.kept, plan, chance, origin="synthetic", round=index)
    dropped = tuple(
        Rejection(what, REASONS[i % len(REASONS)], 0.8, 0.7, data.train[i % 5].id)
        for i, what in enumerate(_rows(f"dropped {index}", plan.dropped, plan, chance))
    )
    prompt = Prompt((Message("user", f"write {index}"),), "label_first/question.j2", "v1")
    keys = [f"call-{index}-{i}" for i in range(8)]
    store.begin_attempts(index, 0, "made", [(key, prompt, i) for i, key in enumerate(keys)])
    for key in keys[:-1]:
        store.end_attempts({key: Completion("text", "stop", 50, 20)})
    store.commit_wave(index, 0, Screened(made[: plan.kept // 2], dropped[: plan.dropped // 2]))
    store.commit_wave(index, 1, Screened(made[plan.kept // 2 :], dropped[plan.dropped // 2 :]))
    store.commit_stage(index, "generate", {"accepted": plan.kept}, 100.0)
    _train(store, index, (*data.train, *made), plan)
    if plan.full:
        signals = [rows.from_signal(signal) for signal in _signals(index, plan.rounds)]
        store.commit_stage(index, "watch", {"signals": signals}, 2.0)
    names = {"candidate": f"round-{index}", "champion": "real-only"}
    verdict = rows.from_verdict(_verdict(index, plan))
    store.commit_stage(index, "gate", {"verdict": verdict, **names}, 0.1)


def _signals(index: int, rounds: int) -> list[Signal]:
    found = []
    for i, name in enumerate(SIGNALS):
        ratio = 1 - 0.04 * index + 0.02 * i
        alarm = i == 0 and index == rounds
        interval = Interval(ratio, ratio - 0.05, ratio + 0.05)
        found.append(Signal(name, "mixture", ratio * 3, 3.0, interval, 0.9, alarm))
        found.append(
            Signal(name, "synthetic", ratio * 2.4, 3.0, Interval(ratio * 0.8, 0.7, 0.9), None)
        )
    return [*found, Signal("label balance (JS)", "synthetic", 0.02 * index, 0.0)]


def _verdict(index: int, plan: Plan) -> Verdict:
    outcome: Outcome = "accept" if index % 2 else "inconclusive"
    ends = Interval(0.05, -0.02, 0.12)
    guard = Guard(
        "general", "nll", 90, 2.5, 2.52, Interval(-0.02, -0.05, 0.01), 0.125, 0.01, "held"
    )
    judge = JudgeHealth(plan.gate, 18, 9, 13, 4, 2, 0.55, 0.1, True)
    return Verdict(
        outcome=outcome,
        metric="accuracy",
        n=plan.gate,
        champion=0.4,
        candidate=0.45,
        gain=ends,
        p_value=0.03,
        alpha=0.01,
        wins=6,
        losses=4,
        detectable=0.2,
        why="Because of the numbers.",
        guards=(guard,) if plan.full else (),
        alarms=("distinct-1",) if plan.full and index == plan.rounds else (),
        judge=judge if plan.full else None,
        look=index,
    )


def _config(plan: Plan) -> dict[str, Any]:
    return {"name": f"made {plan.words[:40]}", "filters": {"novelty": {"threshold": 0.7}}}
