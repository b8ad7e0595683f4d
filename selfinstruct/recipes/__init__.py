"""Recipes: how a teacher is asked for new examples, and how its answers are read.

A recipe is a plain function; to add one, write it and name it here, with the forms of its prompts.
"""

from collections.abc import Mapping
from dataclasses import replace

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form
from selfinstruct.recipes.asking import Ask, Material, Order, Recipe, Wave
from selfinstruct.recipes.backtranslate import INSTRUCTION, backtranslate
from selfinstruct.recipes.dialogue import ASSISTANT_TURN, USER_TURN, WHOLE, Cell, dialogue
from selfinstruct.recipes.evolve import ANSWER as EVOLVED_ANSWER
from selfinstruct.recipes.evolve import GAIN, REWRITE, evolve
from selfinstruct.recipes.few_shot import ASK, COMPLETE, few_shot
from selfinstruct.recipes.label_first import ANSWER, QUESTION, label_first
from selfinstruct.recipes.orders import WITHOUT_LABEL, Situation, draw_orders, labelling
from selfinstruct.recipes.program import program
from selfinstruct.recipes.records import RECORD, TEXT, records
from selfinstruct.recipes.self_instruct import (
    INPUT_FIRST,
    IS_CLASSIFICATION,
    OUTPUT_FIRST,
    PROPOSE,
    self_instruct,
)
from selfinstruct.types import Drafts, Example, Message

__all__ = [
    "FORMS",
    "NOUNS",
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


FORMS: Mapping[str, tuple[Form, ...]] = {
    "backtranslate": (INSTRUCTION,),
    "dialogue": (WHOLE, USER_TURN, ASSISTANT_TURN),
    "evolve": (REWRITE, GAIN, EVOLVED_ANSWER),
    "few_shot": (ASK, COMPLETE),
    "label_first": (QUESTION, ANSWER),
    "program": (),
    "records": (RECORD, TEXT),
    "self_instruct": (PROPOSE, IS_CLASSIFICATION, INPUT_FIRST, OUTPUT_FIRST),
}
"""Recipe to what it may ask."""
NOUNS: tuple[type, ...] = (Cell, Example, Message, Order)
"""The nouns that templates are told, beside texts, numbers, lists and tables of them."""


def fill_orders(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """What the recipes of a wave's orders bring, each called once with its own, in their order;
    once for each arm where there are several, with its prompt.
    """
    found = Drafts()
    for recipe, arm in dict.fromkeys((order.recipe, order.arm) for order in wave.orders):
        own = tuple(order for order in wave.orders if (order.recipe, order.arm) == (recipe, arm))
        told = replace(material, prompts=material.prompts.in_arm(arm))
        drafts = RECIPES[recipe](told, ask, cfg, replace(wave, orders=own))
        found = Drafts((*found.examples, *drafts.examples), (*found.rejections, *drafts.rejections))
    return found
