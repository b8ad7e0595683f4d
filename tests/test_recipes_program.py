"""A user's own function as the writer: what it is told, and what becomes of what it gives."""

import random
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.prompting import Shelf
from selfinstruct.recipes import RECIPES, Material, Order, Wave
from selfinstruct.recipes.program import program
from selfinstruct.types import Drafts, Example
from tests.scripted_ask import Scripted, say

TOLD: list[tuple[Mapping[str, Any], int]] = []


def sums(wish: Mapping[str, Any], count: int, rng: random.Random) -> Iterable[dict[str, Any]]:
    TOLD.append((wish, count))
    for _ in range(count):
        a, b = rng.randrange(90), rng.randrange(90)
        yield {"instruction": f"Add {a} and {b}", "response": str(a + b)}


def tickets(wish: Mapping[str, Any], count: int, _rng: random.Random) -> Iterable[dict[str, Any]]:
    yield {"instruction": "Name it.", "input": "a fee", "label": wish["label"]}
    yield {"instruction": "Name it.", "input": "a loan", "label": "loan"}
    yield {"instruction": " ", "input": "", "label": "fee"}
    for n in range(count):
        yield {"instruction": "Name it.", "input": f"late {n}", "label": "fee"}


def breaks(_wish: object, _count: int, _rng: object) -> Iterable[dict[str, Any]]:
    raise ZeroDivisionError("the rules divide by nothing")


def gives(value: Any) -> Any:
    return lambda _wish, _count, _rng: [value]


NO_DICT, NO_FIELD, NO_TEXT = gives("a text"), gives({"text": "x"}), gives({"instruction": 3})


def play(name: str, orders: tuple[Order, ...], target: Any = "response", seed: int = 0) -> Drafts:
    cfg = GenerateConfig(samples_per_prompt=3, program=f"tests.test_recipes_program:{name}")
    labels = ("fee",) if target == "label" else ()
    material = Material((Example("a"),), Shelf(), labels, target, lambda _: None)
    silent = Scripted(lambda *_: say("never"))
    found = program(material, silent, cfg, Wave(2, 0, random.Random(seed), orders))
    assert silent.prompts == []
    return found


def test_the_function_is_told_the_order_and_its_rows_are_right_by_construction() -> None:
    TOLD.clear()
    found = play("sums", (Order("program", request="large ones", persona="a clerk"),))
    assert RECIPES["program"] is program
    wish = {"label": None, "request": "large ones", "persona": "a clerk", "style": ""}
    assert [(wish, 3)] == TOLD
    for row in found.examples:
        _, a, _, b = row.instruction.split()
        assert row.response == str(int(a) + int(b))
        assert (row.source, row.request, row.round) == ("recipe:program", "large ones", 2)


def test_the_same_chance_gives_the_same_rows() -> None:
    order = (Order("program"),)
    assert play("sums", order) == play("sums", order) != play("sums", order, seed=1)


def test_rows_that_are_none_and_those_beyond_the_count_are_told() -> None:
    found = play("tickets", (Order("program", "fee"),), "label")
    assert [row.input for row in found.examples] == ["a fee"]
    assert [item.reason for item in found.rejections] == [
        "unknown_label",
        "unreadable",
        *["surplus"] * 3,
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("breaks", "failed: ZeroDivisionError: the rules divide by nothing"),
        ("NO_DICT", "gave str for a row"),
        ("NO_FIELD", "gave a row with 'text'"),
        ("NO_TEXT", "gave 3 as instruction"),
        ("gone", "has no function gone"),
    ],
)
def test_a_function_that_cannot_serve_is_told(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        play(name, (Order("program"),))
