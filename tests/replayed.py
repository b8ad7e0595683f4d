"""A run whose calls can be asked again: three of a recipe, one of a judge, one of an old ledger."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct.recipes import Order
from selfinstruct.store import Store
from selfinstruct.types import Completion, Message, Prompt, Request, Sampling
from tests.forkable import DATA, forkable_config

ASKED = Prompt(
    (Message("user", "write to ann.lee@gmail.com"),),
    "label_first/question.j2",
    "v1",
    values={"demos": (), "order": Order("", "a@gmail.com"), "shown": []},
)
JUDGED = Prompt((Message("user", "gate row: which is better?"),), "judge/pair.j2", "v1")
HOW = Sampling(temperature=0.9, max_tokens=100, stop=("\n",))


def write_replayed(out: Path, budget: dict[str, Any] | None = None) -> Path:
    cfg = forkable_config(out, teacher={"backend": "openai", "name": "m", "base_url": URL})
    folder = out / "a"
    calls = [(f"call-{n}", ASKED, n) for n in range(3)]
    how = {key: Request(prompt.messages, HOW, n, 7 + n) for key, prompt, n in calls}
    with Store(folder, write=True) as store:
        store.freeze(DATA, {"config": cfg.model_dump(mode="json"), "budget": budget or {}})
        store.begin_attempts(1, 0, NAME, calls, how)
        old = replace(ASKED, values=None)
        store.begin_attempts(1, 0, NAME, [("judge-1", JUDGED, 0), ("old-1", old, 9)])
        said = {key: Completion(f"answer {key} stays", "stop", 10, 5) for key, *_ in calls}
        store.end_attempts(said | {"judge-1": Completion("A", "stop", 9, 1)})
        store.end_attempts({"old-1": Completion("old", "stop", 10, 5)})
    return folder


URL = "http://127.0.0.1:8000/v1"
NAME = "openai:m@127.0.0.1:8000"
