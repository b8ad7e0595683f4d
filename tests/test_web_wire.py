import json
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.errors import UserError
from selfinstruct.review.nouns import (
    Asked,
    Decision,
    Edited,
    Filters,
    Item,
    Neighbour,
)
from selfinstruct.types import Example, Message, Score
from selfinstruct.web.wire import (
    LONGEST,
    from_again,
    from_item,
    to_decision,
    to_filters,
    to_number,
    to_position,
)

ID = "0d7f5f0e-33a1-4b6c-9f44-52d1b1a0c001"
SENT: dict[str, Any] = {"id": ID, "item": "a1", "item_hash": "h", "action": "accept"}
EDITED = {"instruction": "Name it.", "response": "x", "turns": [{"role": "user", "content": "hi"}]}


def test_a_decision_is_of_whoever_started_the_server() -> None:
    sent = {**SENT, "action": "reject", "reason": "other", "note": "n", "ms": 1200}
    assert to_decision(sent, "ann") == Decision(
        ID, "a1", "h", "reject", "other", "n", None, "ann", 1200
    )


def test_an_edit_carries_words() -> None:
    found = to_decision({**SENT, "action": "edit", "edited": EDITED}, "ann")
    assert found.edited == Edited("Name it.", "", "x", None, (Message("user", "hi"),))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"action": "undo"}, "no action 'undo'"),
        ({"action": "<script>"}, "no action"),
        ({"action": 3}, "action is a text"),
        ({"id": "1"}, "UUID"),
        ({"id": ID.upper()}, "UUID"),
        ({"id": ID + "\n"}, "UUID"),
        ({"item": None}, "item is a text"),
        ({"item_hash": ["h"]}, "item_hash is a text"),
        ({"note": 1}, "note is a text"),
        ({"note": "\ud800"}, "half of a character"),
        ({"ms": -1}, "ms is a whole number"),
        ({"ms": 1.5}, "ms is a whole number"),
        ({"ms": True}, "ms is a whole number"),
        ({"reviewer": "eve"}, "unknown: reviewer"),
        ({"at": 0}, "unknown: at"),
        ({"undoes": ID}, "unknown: undoes"),
        ({"again": True}, "again is a text"),
        ({"edited": EDITED}, "an edit, and nothing else"),
        ({"action": "edit"}, "an edit, and nothing else"),
        ({"action": "edit", "edited": []}, "an object"),
        ({"action": "edit", "edited": {**EDITED, "label": 3}}, "label is a text"),
        ({"action": "edit", "edited": {**EDITED, "turns": {}}}, "turns are a list"),
        ({"action": "edit", "edited": {**EDITED, "turns": ["x"]}}, "an object"),
        (
            {"action": "edit", "edited": {**EDITED, "turns": [{"role": "tool", "content": ""}]}},
            "no role 'tool'",
        ),
        ({"action": "edit", "edited": {**EDITED, "round": 9}}, "unknown: round"),
    ],
)
def test_what_is_no_decision_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        to_decision({**SENT, **change}, "ann")


@pytest.mark.parametrize("given", [None, [], "x", 3])
def test_only_an_object_is_read(given: object) -> None:
    with pytest.raises(UserError, match="an object"):
        to_decision(given, "ann")


def test_a_page_left_open_counts_for_a_day_at_most() -> None:
    assert to_decision({**SENT, "ms": 10**15}, "ann").ms == LONGEST


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ({}, Filters()),
        ({"label": ""}, Filters(label="")),
        (
            {"label": "fee", "why": "random", "state": "all", "text": "x", "round": "2"},
            Filters("fee", "random", "all", "x", 2),
        ),
        ({"where": "novelty<.3"}, Filters(where="novelty<.3")),
        ({"after": "3", "unknown": "x"}, Filters()),
    ],
)
def test_an_address_holds_the_filters(query: dict[str, str], filters: Filters) -> None:
    assert to_filters(query) == filters


@pytest.mark.parametrize(
    "query", [{"why": "because"}, {"state": "shut"}, {"round": "one"}, {"round": "1e3"}]
)
def test_a_filter_that_there_is_not_is_told(query: dict[str, str]) -> None:
    with pytest.raises(UserError):
        to_filters(query)


@pytest.mark.parametrize("text", ["", "1.0", "-2", "٣", " 1", "9" * 10, "0x1"])
def test_a_number_is_digits(text: str) -> None:
    with pytest.raises(UserError, match="not a whole number"):
        to_number(text)


def test_an_item_has_its_neighbours_with_the_difference() -> None:
    near = Neighbour(Example("Name it.", "my card is lost", label="lost"), 0.75)
    example = Example("Name it.", "my card was lost", "ok", label="lost", origin="synthetic")
    item = Item(
        id=example.id,
        position=3,
        hash="h",
        round=1,
        example=example,
        fate="accepted",
        measured=None,
        why=("random",),
        hardness=0.5,
        scores=(Score(example.id, "rubric", 4.0, "judge"),),
        nearest_real=near,
    )
    held = Decision(ID, example.id, "h", "skip", reviewer="ann")
    row = json.loads(json.dumps(from_item(item, held)))
    assert row["nearest_real"]["difference"] == [
        ["both", "my card"],
        ["both", " "],
        ["gone", "is"],
        ["both", " "],
        ["new", "was"],
        ["both", " lost"],
    ]
    assert row["nearest_synthetic"] is None
    assert (row["position"], row["hash"], row["why"]) == (3, "h", ["random"])
    assert row["standing"]["action"] == "skip"
    assert from_item(replace(item, nearest_real=None), None)["standing"] is None
    assert (row["row"], row["again"]) == (4, None)
    again = from_again(Asked(item, "d1"), 57, 59)
    assert (again["standing"], again["again"], again["position"], again["row"]) == (
        None,
        "d1",
        57,
        59,
    )
    assert {**again, "again": None, "position": 3, "row": 4} == from_item(item, None)


@pytest.mark.parametrize("given", [-2, 1.0, "1", None, True, 10**9])
def test_a_position_is_a_whole_number_from_minus_one(given: object) -> None:
    with pytest.raises(UserError, match="a position is a whole number"):
        to_position(given)
    assert [to_position(each) for each in (-1, 0, 10**9 - 1)] == [-1, 0, 10**9 - 1]
