"""The calls of the page, on a true desk, each as the page makes it."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING, REASONS
from selfinstruct.store import Store
from selfinstruct.web.guard import Guard
from selfinstruct.web.reviewing import Reviewing
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, WRITE, Answer, ask
from tests.reviewed import screened, text, write_reviewable


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
    empty = tab.decide("edit", edited={**words, "response": " \n"})
    assert empty.status == 422 and "leaves the answer empty" in empty.json["error"]["message"]
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


def through(tab: Tab, count: int) -> list[Any]:
    """What is shown to who decides so often, the row on screen now first."""
    shown = []
    for _ in range(count):
        shown.append(tab.item)
        again = {} if tab.item["again"] is None else {"again": tab.item["again"]}
        seen = tab.item["again"] or (tab.item["standing"] or {}).get("id")
        body = tab.body("reject" if again else "accept", seen=seen, **again)
        answer = tab.post({**body, "after": tab.item["position"]})
        assert answer.status == 200, answer.json
        tab.item = answer.json["item"]
    return shown


@pytest.fixture
def twice(tmp_path: Path) -> Iterator[tuple[Desk, Guard]]:
    """A review in which most rows come again."""
    write_reviewable(tmp_path / "twice", {"fraction": 1.0, "reshow": 0.6})
    with Desk.open(tmp_path / "twice") as desk:
        routes = Reviewing(desk, "twice", "ann", "/key/").routes()
        yield desk, application(ADDRESS, routes, review=True)


def test_a_row_that_comes_again_looks_like_one_that_does_not(twice: tuple[Desk, Guard]) -> None:
    desk, app = twice
    tab = Tab(app)
    tab.get("/api/next")
    shown = through(tab, 27 + 16)
    assert tab.item is None
    again = [each for each in shown if each["again"]]
    assert len(again) == 16
    for each in again:
        first = next(other for other in shown if other["id"] == each["id"])
        assert each["standing"] is None
        own = ("again", "position", "row")
        assert {**each, **{name: first[name] for name in own}} == first
    numbers = [each["row"] for each in shown]
    assert numbers == sorted(numbers)  # none goes back, as that of a known row would
    assert [each["row"] for each in shown if not each["again"]] == list(range(1, 28))
    held = [desk.standing(each["id"]) for each in shown]
    assert all(said is not None and said.action == "accept" for said in held)
    found = tab.get("/api/progress").json["progress"]["constancy"]
    assert (found["planned"], found["n"], found["share"]["value"]) == (16, 16, 0.0)


def test_a_row_that_comes_again_can_be_passed_over_and_undone(twice: tuple[Desk, Guard]) -> None:
    desk, app = twice
    tab = Tab(app)
    tab.get("/api/next")
    while not tab.item["again"]:
        through(tab, 1)
    asked = tab.item
    fresh = tab.get(f"/api/next?after={asked['position']}&fresh=1").json["item"]
    assert (fresh["again"], fresh["row"]) == (None, asked["row"])
    assert tab.get(f"/api/next?after={asked['position']}").json["item"] == asked
    through(tab, 1)
    body = {"id": str(uuid.uuid4()), "after": asked["position"]}
    undone = tab.post(body, "/api/undo").json["item"]
    assert (undone["id"], undone["again"]) == (asked["id"], asked["again"])
    assert undone["standing"] is None
    assert desk.progress(EVERYTHING).constancy.n == 0
    tab.item = undone
    through(tab, 1)
    assert desk.progress(EVERYTHING).constancy.n == 1


def test_of_two_tabs_with_the_same_second_look_one_is_told(twice: tuple[Desk, Guard]) -> None:
    desk, app = twice
    tab, other = Tab(app), Tab(app)
    tab.get("/api/next")
    while not tab.item["again"]:
        through(tab, 1)
    other.item = dict(tab.item)
    body = tab.body("accept", seen=tab.item["again"], again=tab.item["again"])
    assert tab.post(body).status == 200
    assert tab.post(body).json["duplicate"] is True  # the answer was lost, and it is sent again
    late = other.decide("reject", seen=other.item["again"], again=other.item["again"])
    assert (late.status, late.json["error"]["code"]) == (409, "decided")
    other.get(f"/api/item?id={other.item['id']}")
    assert other.item["standing"]["action"] == "accept"
    assert desk.progress(EVERYTHING).constancy.n == 1


def test_a_filter_that_means_nothing_is_pointed_at_and_nothing_is_stored(
    tab: Tab, desk: Desk
) -> None:
    bad = quote("novelty<0.3 or rubrik=4")
    for target in ("next", "list", "progress"):
        answer = ask(tab.app, "GET", f"/api/{target}?where={bad}")
        assert answer.status == 404
        told = answer.json["error"]["message"]
        assert "unknown field (column 16 of the expression)" in told
        assert f"    novelty<0.3 or rubrik=4\n    {' ' * 15}^" in told
        assert "did you mean rubric?" in told
    body = {**tab.body("accept"), "filters": {"where": "rubrik=4"}}
    assert tab.post(body).status == 422
    half = {**tab.body("accept"), "filters": {"where": "label=\ud800"}}
    assert "half of a character" in tab.post(half).json["error"]["message"]
    assert desk.decisions() == []


def test_filters_by_measures_choose_what_comes_next(tab: Tab) -> None:
    fields = {each["name"]: each for each in tab.get("/api/fields").json["fields"]}
    assert fields["recipe"]["values"] == ["label_first"]
    assert fields["rubric"]["low"] >= 1
    where = quote("rubric<=2 and recipe=label_first")
    lines = tab.get(f"/api/list?state=all&where={where}").json["lines"]
    tab.get(f"/api/next?where={where}")
    assert tab.item["id"] == lines[0]["id"]
    scores = {one["name"]: one["value"] for one in tab.item["scores"]}
    assert scores["rubric"] <= 2
    after = tab.post({**tab.body("accept"), "filters": {"where": unquote(where)}})
    assert after.json["item"]["id"] == lines[1]["id"]


def test_a_round_that_the_run_completes_meanwhile_is_there_when_the_page_is_loaded(
    tab: Tab, desk: Desk, run: Path
) -> None:
    with Store(run, write=True) as store:  # the run is at work
        store.commit_wave(2, 0, screened(index=2))
        assert tab.decide("accept").status == 200
        tab.get("/api/start")
        assert tab.get("/api/progress").json["progress"]["total"] == 14  # it is not complete
        store.commit_stage(2, "generate", {}, 1.0)
        tab.get("/api/start")
        assert tab.get("/api/progress").json["progress"]["total"] == 28
        assert tab.get("/api/next?round=2").json["item"]["round"] == 2
    assert len(desk.decisions()) == 1


def test_two_tabs_with_different_filters_share_one_queue(app: Guard, tab: Tab, desk: Desk) -> None:
    other = Tab(app)
    other.get(f"/api/next?where={quote('label=fee')}")
    while tab.item["example"]["label"] != "fee":
        tab.item = tab.decide("accept").json["item"]
    assert tab.item["id"] == other.item["id"]
    body = {**other.body("reject", reason="other"), "filters": {"where": "label=fee"}}
    following = other.post(body).json["item"]
    assert following["example"]["label"] == "fee"
    late = tab.decide("accept")
    assert (late.status, late.json["error"]["code"]) == (409, "decided")
    tab.get("/api/next")
    assert tab.item["id"] not in {each.item for each in desk.decisions()}


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
