"""The nouns that others rely on without asking."""

from typing import get_args

from selfinstruct.review.nouns import EVERYTHING, REASONS, SETTLING, Action, Filters, Item
from tests.reviewed import made


def test_what_settles_is_an_action_and_reasons_have_a_key_each() -> None:
    assert set(SETTLING) < set(get_args(Action))
    assert len(set(REASONS)) == 9


def test_an_item_of_the_slice_knows_it() -> None:
    item = Item("i", 0, "h", 1, made(1), "accepted", None, ("rare_label", "random"), 0.5)
    assert item.is_random
    assert not Item("i", 0, "h", 1, made(1), "accepted", None, ("asked",), 0.5).is_random


def test_filters_mean_what_is_open_unless_asked() -> None:
    assert (Filters().state, EVERYTHING.state) == ("open", "all")
