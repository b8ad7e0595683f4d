"""Recipes: how a teacher is asked for new examples, and how its answers are read.

A recipe is a plain function; to add one, write it and name it here.
"""

from collections.abc import Mapping
from dataclasses import replace

from selfinstruct.config import GenerateConfig
from selfinstruct.recipes.asking import Ask, Material, Order, Recipe, Wave
from selfinstruct.recipes.backtranslate import backtranslate
from selfinstruct.recipes.dialogue import dialogue
from selfinstruct.recipes.evolve import evolve
from selfinstruct.recipes.few_shot import few_shot
from selfinstruct.recipes.label_first import label_first
from selfinstruct.recipes.orders import WITHOUT_LABEL, Situation, draw_orders, labelling
from selfinstruct.recipes.program import program
from selfinstruct.recipes.records import records
from selfinstruct.recipes.self_instruct import self_instruct
from selfinstruct.types import Drafts

__all__ = [
    "RECIPES",
    "WITHOUT_LABEL",
    "Ask",
    "Material",
    "Order",
    "Recipe",
    "Situation",
    "Wave",
    "draw_orders",
    "fill_orders",
    "labelling",
]

RECIPES: Mapping[str, Recipe] = {
    "backtranslate": backtranslate,
    "dialogue": dialogue,
    "evolve": evolve,
    "few_shot": few_shot,
    "label_first": label_first,
    "program": program,
    "records": records,
    "self_instruct": self_instruct,
}


def fill_orders(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """What the recipes of a wave's orders bring, each called once with its own, in their order."""
    found = Drafts()
    for recipe in dict.fromkeys(order.recipe for order in wave.orders):
        own = tuple(order for order in wave.orders if order.recipe == recipe)
        drafts = RECIPES[recipe](material, ask, cfg, replace(wave, orders=own))
        found = Drafts((*found.examples, *drafts.examples), (*found.rejections, *drafts.rejections))
    return found
