"""Filters as SQL over a queue, held against a filter written in Python over the same items."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING, Filters, Item
from selfinstruct.types import Screened
from tests.reviewed import decide, screened, write_reviewable


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("filtering") / "run"
    write_reviewable(folder, {"fraction": 1.0})
    with Desk.open(folder) as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 4)]
        decide(desk, items[0], "accept", "d1")
        decide(desk, items[1], "reject", "d2", reason="wrong label", note="no %", reviewer="bob")
        decide(desk, items[2], "reject", "d3", reason="off topic")
        desk.undo("ann", "u")
        decide(desk, items[3], "skip", "d4", note="later")
        yield desk


def novelty(item: Item) -> float:
    near = [each.rouge_l for each in (item.nearest_real, item.nearest_synthetic) if each]
    return 1 - max(near, default=0.0)


def score(item: Item, name: str) -> float:
    return next((one.value for one in item.scores if one.name == name), float("nan"))


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("", lambda _: True),
        ("novelty<0.3", lambda item: novelty(item) < 0.3),
        ("novelty>=0.3 and novelty<1", lambda item: 0.3 <= novelty(item) < 1),
        ("rubric<=2", lambda item: score(item, "rubric") <= 2),
        ("rubric!=5", lambda item: score(item, "rubric") != 5),
        ("rubric=none", lambda item: not any(one.name == "rubric" for one in item.scores)),
        ("label_agreement>.7", lambda item: score(item, "label_agreement") > 0.7),
        ("hardness>.5 or rubric=1", lambda i: i.hardness > 0.5 or score(i, "rubric") == 1),
        ("not label=fee", lambda item: item.example.label != "fee"),
        ("recipe=label_first", lambda item: item.recipe == "label_first"),
        ("recipe!=label_first", lambda item: item.recipe != "label_first"),
        ("recipe~FIRST", lambda item: "first" in item.recipe),
        ("prompt=label_first/question@v1", lambda item: item.prompt == "label_first/question v1"),
        ("prompt=other@v1", lambda _: False),
        ("fate=rejected", lambda item: item.fate != "accepted"),
        ("reason=too_similar", lambda item: item.fate == "too_similar"),
        ("reason=none", lambda item: item.fate == "accepted"),
        ("value>0.72", lambda i: i.measured is not None and _number(i.measured.value) > 0.72),
        ("value=email", lambda i: i.measured is not None and i.measured.value == "email"),
        ("judge=pass", lambda item: item.judge is True),
        ("judge=none", lambda item: item.judge is None),
        ("row<=3", lambda item: item.position < 3),
        ("round=2", lambda item: item.round == 2),
        ("text~NUMBER11", lambda item: "number11" in item.example.input),
        ("decision=accept", lambda item: item.position == 0),
        ("decision=none", lambda item: item.position not in (0, 1, 3)),
        ("rejected_for='wrong label'", lambda item: item.position == 1),
        ("rejected_for='off topic'", lambda _: False),  # it was undone
        ("reviewer=bob", lambda item: item.position == 1),
        ("note~%", lambda item: item.position == 1),
    ],
)
def test_an_expression_means_what_it_says(
    desk: Desk, where: str, fits: Callable[[Item], bool]
) -> None:
    items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)]
    found = desk.listed(Filters(state="all", where=where), 0, 99)
    assert [line.id for line in found] == [item.id for item in items if fits(item)]
    assert desk.progress(Filters(where=where)).total == len(found)
    first = next((item for item in items if fits(item) and item.position > 3), None)
    shown = desk.next(Filters(where=where), after=2)
    put_off = items[3] if fits(items[3]) else None
    assert shown == (first or put_off)


def _number(value: float | str | None) -> float:
    return value if isinstance(value, int | float) else float("nan")


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("novlty<0.3", r"unknown field \(column 1 .*\n.*\n    \^(.|\n)*did you mean novelty\?"),
        ("novelty<0.3 and", r"expected a field.*column 16"),
        ("novelty<low", r"novelty is a number \(column 9"),
        ("label<fee", r"label is a text, which has no < \(column 6"),
        ("recipe='few", r"this quote is never closed \(column 8"),
        ("a);DROP TABLE items;--", r"column 1 "),
    ],
)
def test_what_means_nothing_is_pointed_at_and_changes_nothing(
    desk: Desk, where: str, told: str
) -> None:
    for ask in (
        lambda filters: desk.listed(filters, 0, 9),
        desk.progress,
        desk.next,
        desk.check,
        lambda filters: desk.again("ann", filters),
    ):
        with pytest.raises(UserError, match=told):
            ask(Filters(where=where))
    assert desk.progress(EVERYTHING).total == 27


def test_what_no_row_has_can_be_asked_for_all_the_same(tmp_path: Path) -> None:
    kept = screened(accepted=1, near=0).accepted
    bare = Screened((replace(kept[0], attempt=None),))
    write_reviewable(tmp_path / "run", {"fraction": 1.0}, {1: bare})
    with Desk.open(tmp_path / "run") as desk:
        for where in ("recipe=few_shot", "prompt~x", "value>1"):
            assert desk.next(Filters(where=where)) is None
            assert desk.next(Filters(where=f"not {where}")) is not None


def test_filters_of_all_kinds_go_together(desk: Desk) -> None:
    both = Filters(label="fee", why="near_threshold", state="open", text="TUNNEL", round=1)
    several = Filters(**{**_plain(both), "where": "rubric>=1 or rubric=none"})  # type: ignore[arg-type]
    assert desk.listed(several, 0, 99) == desk.listed(both, 0, 99)
    assert len(desk.listed(both, 0, 99)) < len(desk.listed(EVERYTHING, 0, 99))


def _plain(filters: Filters) -> dict[str, object]:
    return {name: getattr(filters, name) for name in ("label", "why", "state", "text", "round")}


def test_the_fields_say_what_is_there(desk: Desk) -> None:
    found = {line.name: line for line in desk.fields()}
    assert (found["rubric"].low, found["rubric"].high, found["rubric"].kind) == (1, 5, "number")
    assert found["recipe"].values == ("label_first",)
    assert found["prompt"].values == ("label_first/question@v1",)
    assert set(found["label"].values) == {"refund", "fee", "lost card"}
    assert found["decision"].values == ("accept", "reject", "skip")
    assert found["rejected_for"].values == ("wrong label",)
    assert found["value"].values == ("email",) and found["value"].low == pytest.approx(0.71)
    assert found["text"].values == found["id"].values == ()
    assert {"novelty", "hardness", "label_agreement", "judge", "reviewer"} <= found.keys()
