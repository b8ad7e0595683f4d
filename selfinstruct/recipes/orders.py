"""What a wave asks for: one order a prompt, drawn before a recipe is called.

A recipe fills its orders and draws none, so that what is aimed at is decided in one place for all
recipes.
"""

import random
from collections import Counter
from collections.abc import Sequence

from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.recipes.asking import Order
from selfinstruct.types import Example


def draw_orders(
    recipe: str,
    rows: Sequence[Example],
    labels: Sequence[str],
    cfg: GenerateConfig,
    rng: random.Random,
) -> tuple[Order, ...]:
    """`prompts_per_wave` orders; `rows` are train and the pool so far, `labels` all there are.

    For `label_first`, and for `few_shot` where there are labels, each has one, drawn with weight
    1 / (1 + its rows in train, pool and plan): what this wave already plans counts as present, so
    that a wave spreads over the labels.
    """
    if recipe != "label_first" and not (recipe == "few_shot" and labels):
        return (Order(recipe),) * cfg.prompts_per_wave
    if not labels:
        raise UserError("recipe label_first needs labelled training rows, and there are none")
    count = Counter(row.label for row in rows)
    orders = []
    for _ in range(cfg.prompts_per_wave):
        (label,) = rng.choices(labels, [1 / (1 + count[label]) for label in labels])
        count[label] += cfg.samples_per_prompt
        orders.append(Order(recipe, label))
    return tuple(orders)
