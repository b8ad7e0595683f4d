"""What can be aimed at, and what a config is refused for."""

from typing import Any

import pytest

from selfinstruct.config import GenerateConfig, parse_config
from selfinstruct.config.aiming import read_words
from selfinstruct.errors import UserError

MODEL = {"backend": "program", "name": "m:f"}


def generate(**changes: Any) -> GenerateConfig:
    tree = {"seeds": {"path": "x"}, "teacher": MODEL, "generate": changes}
    return parse_config(tree).generate


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a tired parent", "a tired parent"),
        ("  folded\n  over\tlines ", "folded over lines"),
        ("中文", "中文"),
        ("a \u200fright-to-left\u200f mark", "a \u200fright-to-left\u200f mark"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("word " * 200, ("word " * 200).strip()),
    ],
)
def test_words_come_on_one_line(text: str, words: str) -> None:
    assert read_words(text) == words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a letter or a digit"),
        (" \n ", "a letter or a digit"),
        ("🙂🙂", "a letter or a digit"),
        ("word " * 100_000, "1000 are the most"),
        ("nul \x00 here", "control character"),
        ("half \ud83d here", "surrogate"),
    ],
)
def test_words_that_no_prompt_should_show_are_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_words(text)


RHYME = {"ask": "a rhyme", "count": 1}


@pytest.mark.parametrize(
    ("aim", "told"),
    [
        ({"quotas": {"fee": -1}}, "generate.quotas.fee"),
        ({"requests": [{"ask": "x", "count": 0}]}, "generate.requests.0.count"),
        ({"requests": [{"ask": " ", "count": 1}]}, "a letter or a digit"),
        ({"requests": [{"aks": "x", "count": 1}]}, "generate.requests.0.aks"),
        ({"requests": [RHYME, RHYME]}, "the same words twice"),
        ({"requests": [RHYME, {**RHYME, "label": "fee"}]}, "the same words twice"),
        ({"personas": ["a  child", "a child"]}, "personas holds the same words twice"),
        ({"styles": ["x", "x"]}, "styles holds the same words twice"),
        ({"focus": "strong"}, "generate.focus"),
        ({"balance": -1}, "generate.balance"),
        ({"balance": float("nan")}, "generate.balance"),
        ({"adapt": 0}, "generate.adapt"),
        ({"adapt": 1.5}, "generate.adapt"),
        ({"recipes": {"label_first": 0}}, "generate.recipes.label_first"),
        ({"recipes": {"labelfirst": 1}}, "generate.recipes.labelfirst"),
        (
            {"recipe": "label_first", "recipes": {"label_first": 1}},
            "one recipe in generate.recipe or several",
        ),
    ],
)
def test_an_aim_that_makes_no_sense_is_refused(aim: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError) as caught:
        generate(**aim)
    assert told in str(caught.value)


def test_the_same_words_under_two_labels_are_two_requests() -> None:
    asked = [{**RHYME, "label": "fee"}, {**RHYME, "label": "loan"}]
    assert [each.label for each in generate(requests=asked).requests] == ["fee", "loan"]


def test_by_default_nothing_is_aimed_at() -> None:
    cfg = generate()
    assert (cfg.quotas, cfg.requests, cfg.personas, cfg.styles) == ({}, (), (), ())
    assert (cfg.focus, cfg.adapt, cfg.balance, cfg.recipes) == (None, None, 1.0, {})
