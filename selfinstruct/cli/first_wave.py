"""The first wave of round 1 as a plan shows it: prompts that are sent to nobody, and what a user's
own program really writes.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from selfinstruct.config import Config
from selfinstruct.privacy import Finder
from selfinstruct.prompting import SHIPPED, Prompts, Shelf
from selfinstruct.recipes import Material, Situation, Wave, draw_orders, fill_orders
from selfinstruct.rows import from_example
from selfinstruct.task import Task
from selfinstruct.teacher import as_sent
from selfinstruct.types import Completion, Drafts, Prompt, RealData, Sampling

PROGRAM = "recipe:program"
"""The source of its rows."""


class FirstWave(NamedTuple):
    """The prompts as they would be sent, none where only a program writes, and its rows: how many
    go to the filters and why others do not, with the first; None where no program writes.
    """

    prompts: Sequence[Prompt]
    program: dict[str, Any] | None


def first_wave(
    cfg: Config,
    data: RealData,
    task: Task,
    prompts: Prompts = SHIPPED,
    focus: Mapping[str, float] | None = None,
) -> FirstWave:
    """What round 1 begins with; `focus` has the weights of labels.

    Raises `UserError` where the program cannot serve.
    """
    asked: list[Prompt] = []

    def listen(told: Sequence[Prompt], _sampling: Sampling, samples: int) -> list[list[Completion]]:
        asked.extend(told)
        return [[Completion("", "error")] * samples for _ in told]

    material = Material(
        data.train, Shelf(), data.labels, task.target, lambda _: None, task.speech, prompts
    )
    rng = random.Random(f"{cfg.seed}/1/generate/0")
    rows = Counter(row.label for row in data.train)
    place = f"{cfg.seed}/1"
    here = Situation(rows, data.labels, place, focus=focus or {}, arms=prompts.arms)
    orders = draw_orders(task.recipes, here, cfg.generate, cfg.generate.prompts_per_wave, rng)
    drafts = fill_orders(material, listen, cfg.generate, Wave(1, 0, rng, orders))
    hidden = Finder.of(cfg.privacy) if cfg.privacy.hides_from(cfg.teacher) else None
    return FirstWave([as_sent(prompt, hidden) for prompt in asked], _written(drafts))


def _written(drafts: Drafts) -> dict[str, Any] | None:
    rows = [row for row in drafts.examples if row.source == PROGRAM]
    rejected = [item for item in drafts.rejections if item.what.source == PROGRAM]
    every = [*rows, *(item.what for item in rejected)]
    if not every:
        return None
    reasons = Counter(item.reason for item in rejected)
    return {"rows": len(rows), "rejected": dict(reasons), "first": from_example(every[0])}
