"""Runs of a few rounds, made by the loop's own generation and a function as teacher: real calls in
a real ledger, and no student.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from selfinstruct.config import Config, parse_config
from selfinstruct.filters.screen import Verify, unverified
from selfinstruct.generate import Memory, generate
from selfinstruct.models.program import ProgramModel
from selfinstruct.prompting import SHIPPED
from selfinstruct.round import Pool, grow
from selfinstruct.setting import aim_of
from selfinstruct.store import Store
from selfinstruct.task import settle
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import Completion, Example, RealData, Request
from tests.scripted_teacher import answer

THINGS = ("invoice", "garden", "bicycle", "letter", "recipe", "journey", "meeting", "song")
FAILED = Completion("", "error", error="HTTP 500: busy")
VERBS = ("Summarise", "Translate", "Explain", "Rewrite", "Classify", "Compare", "Describe")


def answer_lively(requests: Sequence[Request]) -> Iterator[str | Completion]:
    """Sentences of few words, so that near-duplicates are common; some calls fail."""
    for request, sentence in zip(requests, answer(requests), strict=True):
        rng = random.Random(f"{request.seed}/lively")
        words = sentence.split()
        if rng.random() < 0.03:
            yield FAILED
        else:
            yield sentence if rng.random() < 0.5 else " ".join(words[: rng.randrange(2, 7)])


def write_tasks(requests: Sequence[Request]) -> Iterator[str | Completion]:
    """Answers to the four questions of self_instruct, some of them no use; some calls fail."""
    for request in requests:
        asked = request.messages[-1].content
        rng = random.Random(f"{request.seed}/{asked}")
        if rng.random() < 0.02:
            yield FAILED
        elif asked.startswith(("Come up", "Go on")):
            yield "\n".join(f"{9 + i}. {_task(rng)}" for i in range(4))
        elif "Is it classification?" in asked:
            yield rng.choice(("Yes", "No", "No"))
        elif "class label" in asked:
            yield f"Class label: good\nInput: {_task(rng)}\nClass label: bad\nInput: {_task(rng)}"
        else:
            reply = rng.choice(("As an AI language model, I cannot help with that.", _task(rng)))
            yield f"Input: {rng.choice(THINGS)} {rng.randrange(30)}\nOutput: {reply}"


def _task(rng: random.Random) -> str:
    words = [rng.choice(VERBS), "the", rng.choice(THINGS), "number", str(rng.randrange(40))]
    return " ".join([*words, "for", "a", rng.choice(THINGS)][: rng.choice((2, 6, 8))])


def labelled(name: str, count: int, reply: str = "reply") -> tuple[Example, ...]:
    return tuple(
        Example(
            "Name it.", f"{name} row {i} of {i * 7}", reply and f"{reply} {i}", label="ab"[i % 2]
        )
        for i in range(count)
    )


def unanswered(name: str, count: int) -> tuple[Example, ...]:
    """Rows whose student writes labels alone, so that no answer is ever asked for."""
    return labelled(name, count, "")


def instructions(name: str, count: int) -> tuple[Example, ...]:
    return tuple(
        Example(f"{VERBS[i % 7]} {name} {i} in {i * 3} words", "", f"{name} answer {i}")
        for i in range(count)
    )


def recorded_config(out: Path, recipe: str, **sections: Any) -> Config:
    teacher = {"label_first": "answer_lively", "self_instruct": "write_tasks"}[recipe]
    tree: dict[str, Any] = {
        "name": "r",
        "out": str(out),
        "seeds": {"path": "nowhere.jsonl"},
        "teacher": {"backend": "program", "name": f"tests.recorded:{teacher}"},
        "generate": {
            "recipe": recipe,
            "accept": 24,
            "prompts_per_wave": 3,
            "samples_per_prompt": 4,
            "demos": {"real": 2, "synthetic": 2},
            "stall": None,
        },
        "rounds": {"max": 3},
    }
    return parse_config({**tree, **sections})


def real_rows(make: Callable[[str, int], tuple[Example, ...]]) -> RealData:
    return RealData(make("train", 8), make("dev", 4), make("gate", 4), make("final", 2))


def write_recorded(
    cfg: Config,
    outcomes: Sequence[str] = ("accept", "reject"),
    verify: Verify = unverified,
    data: RealData | None = None,
) -> Path:
    """The run that the config names, of one round for each verdict."""
    if data is None:
        data = real_rows(labelled if cfg.generate.recipe == "label_first" else instructions)
    folder = Path(cfg.out) / cfg.name
    with Store(folder, write=True) as store:
        about = {"identity": cfg.identity, "config": cfg.model_dump(mode="json")}
        store.freeze(data, {**about, "contents": {}})
        pool: Pool = ()
        for index, outcome in enumerate(outcomes, start=1):
            accepted = fill_round(store, cfg, data, index, pool, verify)
            store.commit_stage(index, "generate", {"accepted": len(accepted)}, 1.0)
            store.commit_stage(index, "gate", {"verdict": {"outcome": outcome}}, 1.0)
            pool = grow(pool, accepted) if outcome == "accept" else pool
    return folder


def fill_round(
    store: Store,
    cfg: Config,
    data: RealData,
    index: int,
    pool: Pool,
    verify: Verify = unverified,
) -> Pool:
    """A round's candidates, asked for, screened and committed wave by wave; those accepted out."""
    task = settle(cfg, data)
    teacher = Teacher(ProgramModel(cfg.teacher.name), store, cfg.budget, cfg.seed)
    filled = generate(
        lambda wave: partial(ask, teacher, index, wave),
        Memory(partial(store.wave, index), partial(store.commit_wave, index)),
        aim_of(cfg, data, task, index, pool, {}, SHIPPED, store),
        cfg.generate,
        cfg.filters,
        verify_in_wave=lambda _: verify,
    )
    return filled.screened.accepted
