"""What a wave asks for, before any recipe is called."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.recipes import Order, draw_orders
from selfinstruct.types import Example

ROWS = tuple(Example("i", f"x {n}", label=label) for n, label in enumerate(["fee", "refund"] * 3))
LABELS = ("fee", "refund")


def labels_of(
    rows: Sequence[Example], cfg: GenerateConfig, seed: int = 0, labels: Sequence[str] = LABELS
) -> list[str | None]:
    orders = draw_orders("label_first", rows, labels, cfg, random.Random(seed))
    return [order.label for order in orders]


def test_rare_labels_are_drawn_more_often() -> None:
    rows = (*[Example("i", f"x {n}", label="often") for n in range(19)], Example("i", label="rare"))
    one = GenerateConfig(prompts_per_wave=1, samples_per_prompt=1)
    drawn = Counter(labels_of(rows, one, seed, ("often", "rare"))[0] for seed in range(2000))
    assert drawn["rare"] / 2000 == pytest.approx((1 / 2) / (1 / 2 + 1 / 20), abs=0.03)


def test_a_wave_spreads_over_the_labels() -> None:
    cfg = GenerateConfig(prompts_per_wave=40, samples_per_prompt=50)
    drawn = Counter(labels_of(ROWS, cfg))
    assert abs(drawn["fee"] - drawn["refund"]) <= 8


def test_the_pool_counts_as_coverage() -> None:
    pool = tuple(Example("i", f"y {n}", label="fee", origin="synthetic") for n in range(10_000))
    one = GenerateConfig(prompts_per_wave=1)
    assert {labels_of((*ROWS, *pool), one, n)[0] for n in range(50)} == {"refund"}


def test_labels_are_needed() -> None:
    with pytest.raises(UserError, match="labelled"):
        labels_of(ROWS, GenerateConfig(), labels=())


def test_a_recipe_without_labels_is_ordered_plainly() -> None:
    cfg = GenerateConfig(prompts_per_wave=3)
    orders = draw_orders("self_instruct", ROWS, LABELS, cfg, random.Random(0))
    assert orders == (Order("self_instruct"),) * 3
