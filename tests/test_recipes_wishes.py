"""What a teacher is shown as a good rewriting would pass the filters that its own must pass."""

import pytest

from selfinstruct.config import HeuristicsConfig, NoveltyConfig
from selfinstruct.filters.heuristics import check_instruction
from selfinstruct.recipes.asking import COPIED_WORDS
from selfinstruct.recipes.wishes import BREADTH, DEPTH, MESSIER, Wish
from selfinstruct.text import rouge_l, words
from selfinstruct.types import Example

TASKS = (*DEPTH, BREADTH)
LIMIT = NoveltyConfig().threshold or 0


@pytest.mark.parametrize("wish", [*TASKS, *MESSIER], ids=lambda wish: wish.words)
def test_the_example_of_a_wish_would_be_kept(wish: Wish) -> None:
    label = None if wish in TASKS else "late parcel"
    assert check_instruction(Example(wish.after, label=label), HeuristicsConfig()) is None
    assert rouge_l(words(wish.before), words(wish.after)) <= LIMIT
    assert len(words(wish.after)) >= COPIED_WORDS  # or a copy of it would not be found


def test_every_wish_asks_and_shows_something_of_its_own() -> None:
    every = [*TASKS, *MESSIER]
    assert len({wish.words for wish in every}) == len({wish.after for wish in every}) == 11
