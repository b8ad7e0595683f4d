"""Neighbours among what is known: since when, of which text, and singly as of many at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import FiltersConfig, NoveltyConfig
from selfinstruct.filters.indexes import Indexes, Sizes
from selfinstruct.types import Example, Message

RED = Example("Name three red fruits", response="Cherry, strawberry and raspberry.")
RESPONSES = FiltersConfig(novelty=NoveltyConfig(response_threshold=0.7))
TOGETHER = FiltersConfig(novelty=NoveltyConfig(over="instruction_and_input"))


def built(*train: Example, cfg: FiltersConfig = RESPONSES) -> Indexes:
    return Indexes.build(train, (), (), cfg)


def test_what_was_there_before_is_left_out() -> None:
    indexes = built(RED)
    before = indexes.sizes
    again = Example("Name three red fruits", response="Beet.")
    assert indexes.near(again, before, is_sibling=False) is None
    indexes.add([Example("Name three red fruits please", response="Plum.")])
    found = indexes.near(again, before, is_sibling=False)
    assert found is not None
    assert (found.reason, found.neighbour != RED.id) == ("too_similar", True)
    first = indexes.near(again, Sizes(), is_sibling=False)
    assert first is not None
    assert (first.value, first.neighbour) == (1.0, RED.id)


def test_a_sibling_is_asked_for_its_response_alone() -> None:
    indexes = built(RED)
    other = Example(RED.instruction, response="Beet and radish, if they count.")
    assert indexes.near(other, Sizes(), is_sibling=True) is None
    same = Example(RED.instruction, response=RED.response)
    found = indexes.near(same, Sizes(), is_sibling=True)
    assert found is not None
    assert found.reason == "response_too_similar"


@pytest.mark.parametrize(
    ("cfg", "text"),
    [(RESPONSES, "hello there\nSum it up"), (TOGETHER, "hello there\nSum it up\nit rained")],
)
def test_the_text_that_has_to_be_new(cfg: FiltersConfig, text: str) -> None:
    turns = (Message("system", "be kind"), Message("user", "hello there"))
    assert built(cfg=cfg).asked(Example("Sum it up", "it rained", turns=turns)) == text


WORDS = st.lists(
    st.sampled_from(["red", "blue", "green", "apple", "pear", "plum"]), min_size=1, max_size=5
)
ROWS = st.builds(
    lambda asked, said: Example(" ".join(asked), response=" ".join(said)), WORDS, WORDS
)


@given(st.lists(ROWS, max_size=6), st.lists(ROWS, max_size=6))
def test_many_at_once_are_told_what_each_is(known: list[Example], asked: list[Example]) -> None:
    indexes = built(*known)
    singly = {
        slot: found
        for slot, row in enumerate(asked)
        if (found := indexes.near(row, Sizes(), is_sibling=False)) is not None
    }
    assert indexes.near_many(dict(enumerate(asked))) == singly
