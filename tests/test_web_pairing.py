"""The calls of the page of pairs, on a true desk, each as the page makes it."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.review.desk import Desk
from selfinstruct.review.pairs import contest_of
from selfinstruct.web.guard import Guard
from selfinstruct.web.pairing import Pairing
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, HOST, JSON, ORIGIN, TOKEN, WRITE, Answer, ask
from tests.paired import CONTEST, ROWS, add_pairs, choose, write_paired

OTHER = contest_of(("round-2", "base"), ("made three", "made two"))


class Tab:
    """One page in a browser: what it has on screen, and what it sends."""

    def __init__(self, app: Guard) -> None:
        self.app = app
        self.pair: Any = None

    def get(self, target: str) -> Answer:
        answer = ask(self.app, "GET", target)
        if answer.status == 200 and "pair" in answer.json:
            self.pair = answer.json["pair"]
        return answer

    def choose(self, action: str, **more: Any) -> Answer:
        return self.post(self.body(action, **more))

    def body(self, action: str, *, id_: str = "", seen: Any = ..., **more: Any) -> dict[str, Any]:
        standing = self.pair["standing"]
        choice = {
            "id": id_ or str(uuid.uuid4()),
            "pair": self.pair["id"],
            "pair_hash": self.pair["hash"],
            "action": action,
            **more,
        }
        held = (standing and standing["id"]) if seen is ... else seen
        return {"choice": choice, "seen": held}

    def post(self, body: object, target: str = "/api/pairs/choose") -> Answer:
        return ask(self.app, "POST", target, WRITE, body)

    def undo(self, of: str = CONTEST.id) -> Answer:
        return self.post({"id": str(uuid.uuid4()), "of": of}, "/api/pairs/undo")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    write_paired(tmp_path / "run", ROWS[:5])  # of which four differ
    with Desk.open(tmp_path / "run") as desk:
        yield desk


@pytest.fixture
def tab(desk: Desk) -> Tab:
    pairing = Pairing(desk.pairs, "run", "ann", "/key/", rows=True)
    tab = Tab(application(ADDRESS, pairing.routes(), review=True))
    tab.get(f"/api/pairs/next?of={CONTEST.id}")
    return tab


def test_the_page_learns_whose_answers_it_shows_and_begins_where_something_is_open(
    tab: Tab, desk: Desk
) -> None:
    assert tab.get("/api/pairs/start").json == {
        "run": "run",
        "reviewer": "ann",
        "dashboard": "/key/",
        "rows": True,
        "contests": [{"id": CONTEST.id, "first": "round-1", "second": "base"}],
    }
    add_pairs(desk.pairs, ROWS[:5], contest=OTHER)
    while (pair := desk.pairs.next(CONTEST.id)) is not None:
        choose(desk.pairs, pair, "equal", str(pair.position))
    found = tab.get("/api/pairs/start").json["contests"]
    assert [each["id"] for each in found] == [OTHER.id, CONTEST.id]


def test_what_is_shown_is_all_that_is_told_of_a_pair(tab: Tab, desk: Desk) -> None:
    fields = {"id", "hash", "place", "example", "left", "right", "standing"}
    assert tab.pair.keys() == fields
    sides = set()
    for _ in range(4):
        told = json.dumps(tab.get(f"/api/pairs/next?of={CONTEST.id}").json)
        pair = desk.pairs.pair(tab.pair["id"])
        sides.add(pair.first_left)
        assert not [name for name in ("round-1", "first", "true", "false") if name in told]
        tab.choose("left")
    assert sides == {True, False}


def test_a_choice_is_stored_and_brings_the_next_pair(tab: Tab, desk: Desk) -> None:
    first = tab.pair
    answer = tab.choose("left", ms=1234)
    assert (answer.status, answer.json["duplicate"]) == (200, False)
    assert answer.json["pair"]["place"] == 2
    stored = desk.pairs.standing(first["id"])
    assert stored is not None
    assert (stored.action, stored.ms, stored.reviewer) == ("left", 1234, "ann")


def test_counts_by_student_are_told_once_all_is_judged(tab: Tab) -> None:
    for done in range(4):
        told = tab.get(f"/api/pairs/progress?of={CONTEST.id}").json["progress"]
        assert told.keys() == {"contest", "pairs", "done", "skipped"}
        assert (told["done"], told["pairs"]) == (done, 4)
        tab.get(f"/api/pairs/next?of={CONTEST.id}")
        answer = tab.choose("left")
    assert answer.json["pair"] is None
    told = tab.get(f"/api/pairs/progress?of={CONTEST.id}").json["progress"]
    assert told["first"] + told["second"] == 4
    assert (told["verdict"], told["contest"]["first"]) == ("inconclusive", "round-1")
    tab.undo()
    told = tab.get(f"/api/pairs/progress?of={CONTEST.id}").json["progress"]
    assert "verdict" not in told


def test_the_same_call_twice_is_one_choice(tab: Tab, desk: Desk) -> None:
    body = tab.body("right")
    assert [tab.post(body).json["duplicate"] for _ in range(2)] == [False, True]
    assert len(desk.pairs.choices()) == 1


def test_a_pair_that_is_not_what_was_shown_is_a_conflict(tab: Tab, desk: Desk) -> None:
    answer = tab.choose("left", pair_hash="of yesterday")
    assert (answer.status, answer.json["error"]["code"]) == (409, "changed")
    tab.choose("left")
    answer = tab.choose("right")  # still on the screen of another tab
    assert (answer.status, answer.json["error"]["code"]) == (409, "decided")
    assert [each.action for each in desk.pairs.choices()] == ["left"]
    tab.get(f"/api/pairs/pair?id={tab.pair['id']}")
    assert tab.pair["standing"]["action"] == "left"
    assert tab.choose("right").status == 200  # now on purpose


def test_undo_brings_the_pair_back(tab: Tab) -> None:
    first = tab.pair
    tab.choose("bad")
    assert tab.undo().json["pair"] == first
    assert tab.undo().json["pair"] is None
    assert tab.undo("nowhere").status == 422


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "1"}, "UUID"),
        ({"action": "undo"}, "no action 'undo'"),
        ({"action": "accept"}, "no action 'accept'"),
        ({"action": 1}, "action is a text"),
        ({"pair": None}, "pair is a text"),
        ({"pair": "x"}, "no pair 'x'"),
        ({"ms": -1}, "milliseconds"),
        ({"ms": True}, "milliseconds"),
        ({"reviewer": "bob"}, "unknown: reviewer"),
    ],
)
def test_what_is_no_choice_is_refused(
    tab: Tab, desk: Desk, change: dict[str, Any], told: str
) -> None:
    body = tab.body("left")
    body["choice"] |= change
    answer = tab.post(body)
    assert answer.status == 422
    assert told in answer.json["error"]["message"]
    assert desk.pairs.choices() == []


@pytest.mark.parametrize("target", ["next?of=x", "progress?of=x", "pair?id=x", "next", "pair"])
def test_what_is_not_there_is_told(tab: Tab, target: str) -> None:
    assert tab.get(f"/api/pairs/{target}").status == 404


@pytest.mark.parametrize(
    "headers",
    [
        (HOST, ORIGIN, JSON),
        (HOST, TOKEN, JSON),
        (HOST, TOKEN, ORIGIN),
        (("host", "evil.test:8123"), TOKEN, ORIGIN, JSON),
        (HOST, TOKEN, ("origin", "http://127.0.0.1:9999"), JSON),
        (HOST, TOKEN, ORIGIN, ("content-type", "text/plain")),
        (HOST, ("x-token", "u" * 43), ORIGIN, JSON),
        (*WRITE, ("sec-fetch-site", "cross-site")),
    ],
)
def test_a_call_of_anybody_else_writes_nothing(
    tab: Tab, desk: Desk, headers: tuple[tuple[str, str], ...]
) -> None:
    answer = ask(tab.app, "POST", "/api/pairs/choose", headers, tab.body("left"))
    assert answer.status in (400, 403, 415)
    assert desk.pairs.choices() == []
