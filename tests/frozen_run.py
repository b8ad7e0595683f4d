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


def write_frozen_run(run: Path, train: int = 12, dev: int = 6, made: int = 11) -> None:
    """Some rows kept in round 1 and some in round 2, one of them the same."""
    pool = rows("made", made, origin="synthetic", round=1)
    data = RealData(rows("train", train), rows("dev", dev), rows("gate", 4), rows("final", 2))
    cut = 2 * made // 3
    with Store(run, write=True) as store:
        store.freeze(data)
        for index, kept in ((1, pool[: cut + 1]), (2, pool[cut:])):
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
