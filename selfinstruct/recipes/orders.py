"""What a wave asks for: one order a prompt, drawn before a recipe is called.

A recipe fills its orders and draws none, so that what is aimed at is decided in one place for all
recipes. Everything drawn follows from the config, the seed and the waves that are finished, so that
a resumed round asks what an uninterrupted one does.
"""

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from selfinstruct.aiming.cells import walk
from selfinstruct.aiming.goals import Goal, goals, missing
from selfinstruct.aiming.tally import Tally, seen_by
from selfinstruct.aiming.weights import tilt
from selfinstruct.aiming.yields import Seen
from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.prompting import Arm
from selfinstruct.recipes.asking import Order

TAKES_LABEL = frozenset({"label_first", "few_shot", "evolve", "program"})
"""The recipes whose prompts always ask for a label, where there are any."""
NEEDS_LABEL = frozenset({"label_first"})
"""... those that can ask for nothing without one,"""
WITHOUT_LABEL = frozenset({"backtranslate", "records", "self_instruct"})
"""and those whose rows have none."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a round stands when its next wave is drawn.

    `rows` counts train and the pool so far, this round's rows among them, by label; `labels` are
    all there are; `tally` is of the round's waves; `place` is its chance; `focus` gives labels a
    weight, 1 where it has none; `arms` are prompts that share a recipe.
    """

    rows: Mapping[str | None, int]
    labels: Sequence[str]
    place: str
    tally: Tally = field(default_factory=Tally)
    focus: Mapping[str, float] = field(default_factory=dict)
    arms: Sequence[Arm] = ()


def takes_label(recipe: str, cfg: GenerateConfig) -> bool:
    """Whether a recipe's prompts are each for a label.

    `dialogue` walks its grid evenly by itself; where something aims at labels, and no scenarios of
    its own stand in their place, a label is the scenario of its conversation.
    """
    if recipe == "dialogue":
        aimed = cfg.quotas or cfg.focus or any(each.label for each in cfg.requests)
        return bool(aimed) and not cfg.dialogue.scenarios
    return recipe in TAKES_LABEL


def labelling(recipes: Mapping[str, float], cfg: GenerateConfig) -> dict[str, bool]:
    """Recipe to whether it can be asked for a label."""
    return {recipe: takes_label(recipe, cfg) for recipe in recipes}


def draw_orders(
    recipes: Mapping[str, float],
    here: Situation,
    cfg: GenerateConfig,
    prompts: int,
    rng: random.Random,
) -> tuple[Order, ...]:
    """`prompts` orders, those of a recipe together, the recipes by name.

    Goals that are not met share the prompts by what they lack, counting what this wave already
    plans. A label that no goal sets is drawn with weight f / (1 + its rows / f) ** `balance`, f
    being its `focus`: rows in proportion to f are at rest. Rows are those of train, pool and plan,
    so that a wave spreads over the labels. Raises `UserError` where `label_first` has no label.
    """
    if not here.labels and NEEDS_LABEL & set(recipes):
        raise UserError("recipe label_first needs labelled training rows, and there are none")
    draw = _Draw(here, cfg, rng, missing(goals(cfg), here.tally.accepted))
    chosen = draw.recipes(recipes, prompts)
    arms = draw.arms(chosen)
    wanted = [(recipe, *draw.goal_and_label(recipe)) for recipe in chosen]
    cells = walk(cfg.personas, cfg.styles, here.place, here.tally.size.prompts, prompts)
    return tuple(
        Order(recipe, label, goal.request, cell.persona, cell.style, arm)
        for (recipe, goal, label), cell, arm in zip(wanted, cells, arms, strict=True)
    )


class _Draw:
    """The orders of one wave under way: what it already plans counts for what comes after."""

    def __init__(
        self,
        here: Situation,
        cfg: GenerateConfig,
        rng: random.Random,
        lacks: Mapping[Goal, int],
    ) -> None:
        self.here, self.cfg, self.rng, self.lacks = here, cfg, rng, lacks
        self.rows = Counter(here.rows)
        self.planned: Counter[Goal] = Counter()
        self.of_label = seen_by(here.tally, lambda place: (place.recipe, place.label))

    def recipes(self, weights: Mapping[str, float], prompts: int) -> list[str]:
        """A recipe a prompt, each its share of them."""
        able = {name: weights[name] for name in sorted(weights) if self._open(name)}
        if len(able) == 1:
            return [*able] * prompts
        return self._share_out(able, seen_by(self.here.tally, lambda place: place.recipe), prompts)

    def arms(self, chosen: Sequence[str]) -> list[str]:
        """An arm a prompt, empty for those of a recipe that has none: each its share of them, in
        an order of chance, so that none has the first labels and styles of a wave to itself.
        """
        drawn: dict[str, list[str]] = {}
        seen = seen_by(self.here.tally, lambda place: place.arm)
        for recipe in dict.fromkeys(chosen):
            weights = {arm.name: arm.weight for arm in self.here.arms if arm.recipe == recipe}
            if weights:
                drawn[recipe] = self._share_out(weights, seen, chosen.count(recipe))
                self.rng.shuffle(drawn[recipe])
        return [drawn[recipe].pop() if recipe in drawn else "" for recipe in chosen]

    def _share_out(
        self, weights: Mapping[str, float], seen: Mapping[str, Seen], prompts: int
    ) -> list[str]:
        """A name a prompt: each its share of them, rounded up or down by chance.

        Systematic sampling: equal steps over the shares from a random start.
        """
        floor = 1.0 if self.cfg.adapt is None else self.cfg.adapt
        shares = tilt(weights, seen, floor)
        *edges, _ = accumulate(share * prompts for share in shares.values())
        start = self.rng.random()
        return [[*weights][bisect_right(edges, start + step)] for step in range(prompts)]

    def goal_and_label(self, recipe: str) -> tuple[Goal, str | None]:
        """What the next prompt of a recipe is for."""
        options = self._open(recipe)
        goal = options[0]
        if len(options) > 1:
            weights = [self.lacks[each] / (1 + self.planned[each]) for each in options]
            (goal,) = self.rng.choices(options, weights)
        self.planned[goal] += 1
        label = goal.label
        if label is None and takes_label(recipe, self.cfg) and self.here.labels:
            label = self._label(recipe, self._labels(goal))
        self.rows[label] += self.cfg.samples_per_prompt
        return goal, label

    def _open(self, recipe: str) -> list[Goal]:
        """The goals not met that a recipe can be asked for."""
        if not takes_label(recipe, self.cfg):
            return [goal for goal in self.lacks if goal.label is None]
        return [goal for goal in self.lacks if goal.label is not None or self._can_label(goal)]

    def _can_label(self, goal: Goal) -> bool:
        return not self.here.labels or bool(self._labels(goal))

    def _labels(self, goal: Goal) -> list[str]:
        """The labels that a goal without one may have: the rest leaves those of quotas to them."""
        quotas = self.cfg.quotas
        if goal.is_rest:
            return [label for label in self.here.labels if label not in quotas]
        return [label for label in self.here.labels if quotas.get(label) != 0]

    def _label(self, recipe: str, labels: Sequence[str]) -> str:
        weights = {label: self._weight(label) for label in labels}
        if self.cfg.adapt is not None:
            seen = {label: self.of_label.get((recipe, label), Seen()) for label in labels}
            weights = tilt(weights, seen, self.cfg.adapt)
        (label,) = self.rng.choices(labels, [weights[label] for label in labels])
        return label

    def _weight(self, label: str) -> float:
        wanted = self.here.focus.get(label, 1.0)
        weight: float = wanted / (1 + self.rows[label] / wanted) ** self.cfg.balance
        return weight
