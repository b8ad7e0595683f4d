"""A run whose first round is generated, as a review finds it; decisions to be made of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct.config import Config, parse_config
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import Action, Decided, Decision, Edited, Item
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Example,
    Message,
    Prompt,
    RealData,
    Rejection,
    Score,
    Screened,
)

LABELS = ("refund", "fee", "lost card")
WORDS = [
    "apple",
    "bridge",
    "candle",
    "desert",
    "engine",
    "forest",
    "garden",
    "harbour",
    "island",
    "jungle",
    "kettle",
    "lantern",
    "meadow",
    "needle",
    "orchard",
    "pillow",
    "quarry",
    "ribbon",
    "saddle",
    "tunnel",
]
PROMPT = Prompt((Message("user", "write a ticket"),), "label_first/question", "v1")


def text(at: int) -> str:
    """A short text unlike that of any other number below 8,000."""
    picked = [WORDS[at % 20], WORDS[at // 20 % 20], WORDS[at // 400 % 20]]
    return f"{picked[0]} {picked[1]} number{at} {picked[2]} asked{at} about{at}"


def real_rows(first: int, count: int) -> tuple[Example, ...]:
    return tuple(
        Example("Name the intent.", text(at), f"reply {at} {WORDS[at % 20]}", label=label)
        for at in range(first, first + count)
        for label in [LABELS[(0, 1, 0, 2, 0)[at % 5]]]
    )


def made(at: int, index: int = 1, label: str | None = None) -> Example:
    return Example(
        "Name the intent.",
        text(1000 + at),
        f"made answer {at} {WORDS[at % 20]}",
        label=label or LABELS[at % 3],
        origin="synthetic",
        round=index,
        source="recipe:label_first",
        attempt="call-1",
    )


def screened(accepted: int = 20, near: int = 6, index: int = 1) -> Screened:
    """Rows with a score each, near-misses of novelty, and what no person is asked about."""
    first = 100 * index
    kept = tuple(made(first + at, index) for at in range(accepted))
    missed = tuple(
        Rejection(made(first + 50 + at, index), "too_similar", 0.71 + at / 100, 0.7, kept[0].id)
        for at in range(near)
    )
    others = (
        Rejection(made(first + 70, index), "too_similar", 1.0, 0.7, kept[0].id),
        Rejection(made(first + 71, index), "personal_data", "email"),
        Rejection(made(first + 72, index), "contaminated", 0.55, 0.5, "g"),
        Rejection(kept[0], "duplicate", neighbour=kept[0].id),
    )
    rows = (*kept, *(item.what for item in missed))
    scores = tuple(
        score
        for at, row in enumerate(rows)
        for score in (
            Score(row.id, "label_agreement", 0.5 + at / (2 * len(rows)), "model", "the champion"),
            Score(row.id, "rubric", float(1 + at % 5), "judge", "the judge"),
        )
    )
    return Screened(kept, (*missed, *others), scores)


def config(folder: Path, review: Mapping[str, Any] | None = None) -> Config:
    return parse_config(
        {
            "name": folder.name,
            "out": str(folder.parent),
            "seeds": {"path": "nowhere.jsonl"},
            "teacher": {"backend": "scripted", "name": "none"},
            "filters": {"script": {"max_foreign": None}, "length": {"factor": None}},
            "review": {"fraction": 0.5} if review is None else dict(review),
        }
    )


def write_reviewable(
    folder: Path,
    review: Mapping[str, Any] | None = None,
    rounds: Mapping[int, Screened] | None = None,
) -> None:
    """A ledger with frozen rows and these generated rounds, by default one."""
    cfg = config(folder, review)
    data = RealData(real_rows(0, 12), real_rows(20, 4), real_rows(40, 6), real_rows(60, 4))
    with Store(folder, write=True) as store:
        about = {"identity": cfg.identity, "config": cfg.model_dump(mode="json"), "guard": []}
        store.freeze(data, about)
        store.begin_attempts(1, 0, "scripted", [("call-1", PROMPT, 0)])
        store.end_attempts({"call-1": Completion("an answer", "stop", 5, 5)})
        store.commit_stage(0, "calibrate rubric", {"least": 4}, 1.0)
        for index, found in (rounds or {1: screened()}).items():
            store.commit_wave(index, 0, found)
            store.commit_stage(index, "generate", {"accepted": len(found.accepted)}, 1.0)


def review_stage(**changes: Any) -> dict[str, Any]:
    """What the stage `review` of a round remembers, with these changes; rows and reasons as it
    has them.
    """
    lists = ("kept", "dropped", "joined", "edited", "unedited", "refused")
    judge = {"agreed": 0, "n": 0}
    counts = {"asked": 0, "decided": 0, "digest": "d", "acceptance": None, "judge": judge}
    return {**{name: [] for name in lists}, **counts, **changes}


def decide(
    desk: Desk, item: Item, action: Action, id_: str, *, edited: Edited | None = None, **more: Any
) -> Decided:
    """What becomes of a decision on an item as it was shown."""
    decision = Decision(id_, item.id, item.hash, action, edited=edited, reviewer="ann")
    return desk.decide(replace(decision, **more))
