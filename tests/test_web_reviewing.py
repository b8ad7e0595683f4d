"""The calls of the page, on a true desk, each as the page makes it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.review.desk import Desk
from selfinstruct.web.guard import Guard
from selfinstruct.web.reviewing import REASONS, Reviewing
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, WRITE, Answer, ask
from tests.reviewed import text, write_reviewable


class Tab:
    """One page in a browser: what it has on screen, and what it sends."""

    def __init__(self, app: Guard) -> None:
        self.app = app
        self.item: Any = None

    def get(self, target: str) -> Answer:
        answer = ask(self.app, "GET", target)
        if answer.status == 200 and "item" in answer.json:
            self.item = answer.json["item"]
        return answer

    def decide(self, action: str, **more: Any) -> Answer:
        return self.post(self.body(action, **more))

    def body(self, action: str, *, id_: str = "", seen: Any = ..., **more: Any) -> dict[str, Any]:
        standing = self.item["standing"]
        decision = {
            "id": id_ or str(uuid.uuid4()),
            "item": self.item["id"],
            "item_hash": self.item["hash"],
            "action": action,
            **more,
        }
        held = (standing and standing["id"]) if seen is ... else seen
        return {"decision": decision, "seen": held, "filters": {}}

    def post(self, body: object, target: str = "/api/decide") -> Answer:
        return ask(self.app, "POST", target, WRITE, body)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def desk(run: Path) -> Iterator[Desk]:
    with Desk.open(run) as desk:
        yield desk


@pytest.fixture
def app(desk: Desk) -> Guard:
    reviewing = Reviewing(desk, "run", "ann", "/key/")
    return application(ADDRESS, reviewing.routes(), review=True)


@pytest.fixture
def tab(app: Guard) -> Tab:
    tab = Tab(app)
    tab.get("/api/next")
    return tab


def test_the_page_learns_whose_review_it_is(tab: Tab) -> None:
    found = tab.get("/api/start").json
    assert found == {
        "run": "run",
        "reviewer": "ann",
        "reasons": list(REASONS),
        "dashboard": "/key/",
        "pairs": False,
    }


def test_a_decision_is_stored_when_its_answer_brings_the_next_item(tab: Tab, desk: Desk) -> None:
    first = tab.item
    answer = tab.decide("reject", reason="wrong label", note="no", ms=900)
    assert answer.status == 200
    assert answer.json["item"]["position"] == first["position"] + 1
    held = desk.standing(first["id"])
    assert held is not None
    assert (held.action, held.reason, held.note) == ("reject", "wrong label", "no")
    assert (held.reviewer, held.ms) == ("ann", 900)


def test_the_same_decision_twice_is_one(tab: Tab, desk: Desk) -> None:
    body = tab.body("accept")
    assert tab.post(body).json["duplicate"] is False
    again = tab.post(body)
    assert (again.status, again.json["duplicate"]) == (200, True)
    assert len(desk.decisions()) == 1


def test_an_item_that_is_another_now_is_a_conflict(tab: Tab, desk: Desk) -> None:
    tab.item["hash"] = "of yesterday"
    answer = tab.decide("accept")
    assert (answer.status, answer.json["error"]["code"]) == (409, "changed")
    assert desk.decisions() == []


def test_of_two_tabs_the_second_hears_of_the_first(app: Guard, tab: Tab, desk: Desk) -> None:
    other = Tab(app)
    other.get("/api/next")
    assert tab.decide("accept").status == 200
    late = other.decide("reject", reason="other")
    assert (late.status, late.json["error"]["code"]) == (409, "decided")
    assert [each.action for each in desk.decisions()] == ["accept"]
    other.get(f"/api/item?id={other.item['id']}")
    assert other.item["standing"]["action"] == "accept"
    assert other.decide("reject", reason="other").status == 200
    held = desk.standing(other.item["id"])
    assert held is not None and held.action == "reject"


def test_undo_goes_back_one_by_one_and_answers_the_row(tab: Tab, desk: Desk) -> None:
    ids = []
    for action in ("accept", "skip"):
        ids.append(tab.item["id"])
        tab.item = tab.decide(action).json["item"]
    for expected in reversed(ids):
        undone = tab.post({"id": str(uuid.uuid4())}, "/api/undo")
        assert (undone.status, undone.json["item"]["id"]) == (200, expected)
        assert undone.json["item"]["standing"] is None
    nothing = tab.post({"id": str(uuid.uuid4())}, "/api/undo")
    assert nothing.json == {"item": None}
    assert len(desk.decisions()) == 4


def test_an_undo_sent_twice_takes_back_one(tab: Tab) -> None:
    for _ in range(2):
        tab.item = tab.decide("accept").json["item"]
    body = {"id": str(uuid.uuid4())}
    first = tab.post(body, "/api/undo").json["item"]["id"]
    assert tab.post(body, "/api/undo").json["item"]["id"] == first
    assert tab.get("/api/progress").json["progress"]["done"] == 1


def test_an_edit_that_the_filters_drop_is_refused_with_the_reason(tab: Tab, desk: Desk) -> None:
    example = tab.item["example"]
    words = {name: example[name] for name in ("instruction", "input", "response", "label")}
    bad = tab.decide("edit", edited={**words, "input": text(40)})  # a row of the gate
    assert (bad.status, bad.json["refused"]["reason"]) == (422, "contaminated")
    same = tab.decide("edit", edited=words)
    assert same.status == 422 and "changes nothing" in same.json["error"]["message"]
    assert desk.decisions() == []
    good = tab.decide("edit", edited={**words, "response": "another answer altogether"})
    assert good.status == 200
    held = desk.standing(tab.item["id"])
    assert held is not None and held.edited is not None
    assert held.edited.response == "another answer altogether"


def test_what_was_passed_over_comes_when_the_end_is_reached(tab: Tab) -> None:
    first = tab.item["id"]
    total = tab.get("/api/progress?state=all").json["progress"]["total"]
    last = tab.get(f"/api/next?after={total - 2}").json["item"]
    assert last["position"] == total - 1
    assert tab.decide("accept").json["item"]["id"] == first


def test_the_list_knows_what_is_decided(tab: Tab) -> None:
    tab.decide("flag")
    lines = tab.get("/api/list?state=all").json["lines"]
    assert [line["action"] for line in lines[:2]] == ["flag", None]
    assert tab.get("/api/list?state=decided").json["lines"] == []
    assert tab.get("/api/next?state=decided").json == {"item": None}
    start = len(lines) - 1
    assert tab.get(f"/api/list?state=all&start={start}").json["lines"] == lines[start:]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/item?id=nowhere", 404),
        ("/api/item", 404),
        ("/api/next?after=x", 404),
        ("/api/next?state=shut", 404),
        ("/api/list?start=1e9", 404),
        ("/api/nothing", 404),
        ("/api/decide", 405),
    ],
)
def test_what_there_is_not_is_told(tab: Tab, target: str, status: int) -> None:
    answer = ask(tab.app, "GET", target)
    assert (answer.status, list(answer.json)) == (status, ["error"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        b'{"decision": 3}',
        b'{"decision": {}, "filters": {"round": 1}}',
        b'{"decision": {}, "extra": 1}',
        b'{"decision": {"id": NaN}}',
    ],
)
def test_a_body_that_is_no_decision_stores_nothing(tab: Tab, desk: Desk, body: bytes) -> None:
    answer = ask(tab.app, "POST", "/api/decide", WRITE, body)
    assert (answer.status, list(answer.json)) == (422, ["error"])
    assert desk.decisions() == []
