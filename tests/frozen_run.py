"""A run with frozen rows and a pool, as a sweep finds it, and a config of the tiny student."""

from pathlib import Path
from typing import Any

from selfinstruct.store import Store
from selfinstruct.types import Example, RealData, Screened

LABELS = ("refund", "fee")


def rows(name: str, count: int, **more: Any) -> tuple[Example, ...]:
    return tuple(
        Example("Name it.", f"{name} {i} about {i * 7}", f"reply {i}", label=LABELS[i % 2], **more)
        for i in range(count)
    )


def write_frozen_run(run: Path) -> None:
    """Eight rows kept in round 1 and four in round 2, one of them the same."""
    made = rows("made", 11, origin="synthetic", round=1)
    with Store(run, write=True) as store:
        store.freeze(RealData(rows("train", 12), rows("dev", 6), rows("gate", 4), rows("final", 2)))
        for index, kept in ((1, made[:8]), (2, made[7:])):
            store.commit_wave(index, 0, Screened(kept, ()))
            store.commit_stage(index, "generate", {"accepted": len(kept)}, 1.0)


def tiny_config(base: Path, out: Path) -> dict[str, Any]:
    return {
        "name": "t",
        "out": str(out),
        "seeds": {"path": "nowhere.jsonl"},
        "teacher": {"backend": "scripted", "name": "none"},
        "student": {"name": str(base), "max_steps": 1, "batch_size": 4, "rank": 2},
        "evaluate": {"max_new_tokens": 4},
    }
