"""Recipes: how a teacher is asked for new examples, and how its answers are read.

A recipe is a plain function; to add one, write it and name it here.
"""

from collections.abc import Mapping

from selfinstruct.recipes.asking import Ask, Material, Order, Recipe, Wave
from selfinstruct.recipes.few_shot import few_shot
from selfinstruct.recipes.label_first import label_first
from selfinstruct.recipes.orders import draw_orders
from selfinstruct.recipes.records import records
from selfinstruct.recipes.self_instruct import self_instruct

__all__ = ["RECIPES", "Ask", "Material", "Order", "Recipe", "Wave", "draw_orders"]

RECIPES: Mapping[str, Recipe] = {
    "few_shot": few_shot,
    "label_first": label_first,
    "records": records,
    "self_instruct": self_instruct,
}
