"""Rows of the database as nouns and back; what the hash of an item covers."""

import json
from dataclasses import replace

import pytest

from selfinstruct.review.nouns import Decision, Edited, Item, Measured, Neighbour
from selfinstruct.review.tables import (
    from_decision,
    from_edited,
    hash_of,
    shown,
    to_decision,
    to_edited,
    to_item,
)
from selfinstruct.types import Message, Score
from tests.reviewed import made

ITEM = Item(
    made(1).id,
    3,
    "h",
    2,
    made(1),
    "too_similar",
    Measured(0.71, 0.7, "n"),
    ("near_threshold", "random"),
    0.75,
    (Score(made(1).id, "rubric", 4.0, "judge", "j"),),
    True,
    "label_first",
    "q v1",
    Neighbour(made(2), 0.5),
    None,
)
EDITED = Edited("do", "this", "so", "fee", (Message("user", "hi"), Message("assistant", "yes?")))


@pytest.mark.parametrize("item", [ITEM, replace(ITEM, measured=None, judge=None, scores=())])
def test_an_item_comes_back_as_it_was(item: Item) -> None:
    row = {"body": json.dumps(shown(item)), "position": 3, "hash": "h"}
    assert to_item(row) == item


@pytest.mark.parametrize(
    "change",
    [
        {"example": made(5)},
        {"fate": "accepted"},
        {"measured": None},
        {"scores": ()},
        {"nearest_real": Neighbour(made(3), 0.4)},
        {"why": ("random",)},
    ],
)
def test_the_hash_follows_all_that_is_shown(change: dict[str, object]) -> None:
    assert hash_of(replace(ITEM, **change)) != hash_of(ITEM)  # type: ignore[arg-type]
    assert hash_of(replace(ITEM, position=9, hash="x")) == hash_of(ITEM)


def test_an_edit_and_its_decision_come_back() -> None:
    assert to_edited(json.loads(json.dumps(from_edited(EDITED)))) == EDITED
    decision = Decision("d", "i", "h", "edit", "why", "note", EDITED, "ann", 5, 1.5)
    row = {
        **from_decision(decision),
        "edited": json.dumps(from_edited(EDITED)),
        "undoes": None,
        "again": None,
    }
    assert to_decision({"seq": 4, **row}) == decision
    assert "undoes" not in from_decision(decision)
