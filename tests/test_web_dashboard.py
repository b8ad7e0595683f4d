from pathlib import Path

import pytest

from selfinstruct.cli.compare import compare_students
from selfinstruct.web.dashboard import SEALED, Dashboard
from selfinstruct.web.guard import Guard
from selfinstruct.web.library import Library
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, HOST, Answer, ask
from tests.finished import real_data, write_run
from tests.hostile import HOSTILE
from tests.pages import Page
from tests.reported import Plan, write_reported_run

EVIL = "<img src=x onerror=harm()>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    write_run(place / "finished")
    write_reported_run(place / "made", Plan(rounds=2))
    write_reported_run(place / EVIL, Plan(rounds=1, words=" ".join(HOSTILE), labels=HOSTILE[:3]))
    (place / "finished" / "report").mkdir()
    (place / "finished" / "report" / "rounds.svg").write_text("<svg/>")
    (place / "broken").mkdir()
    (place / "broken" / "run.db").write_bytes(b"")
    return place


@pytest.fixture(scope="module")
def app(folder: Path) -> Guard:
    return _app(Library(folder))


def _app(library: Library, *, review: bool = False) -> Guard:
    dashboard = Dashboard(library, ADDRESS.key, compare_students, review)
    return application(ADDRESS, dashboard.routes(), review=review)


def _get(app: Guard, path: str) -> Answer:
    return ask(app, "GET", f"{ADDRESS.dashboard}{path}", [HOST])


def _page(app: Guard, path: str) -> Page:
    answer = _get(app, path)
    assert answer.status == 200
    page = Page(answer.body.decode())
    allowed = ("<link>", "<form>", "has action", "has src", "leads to /", "leads nowhere")
    assert [fault for fault in page.faults if not any(word in fault for word in allowed)] == []
    return page


def test_every_run_is_listed_and_a_broken_one_says_why(app: Guard) -> None:
    page = _page(app, "")
    for words in ("finished", "made", "round-1", "✓ accept", "run.db is empty", EVIL):
        assert words in page.text
    assert page.counts.get("img") is None and page.counts.get("script") is None


def test_a_run_has_its_rounds_funnels_and_students(app: Guard) -> None:
    page = _page(app, "runs/made")
    for words in (
        "Champion, so far: round-1",
        "+5.0 points [-2.0, +12.0] label accuracy on 40 gate rows",
        "? inconclusive",
        "Because of the numbers.",
        "collapse alarm: distinct-1",
        "Where 30 candidates went",
        "too short",
        "12 real and 12 synthetic rows",
        "None are drawn yet.",
    ):
        assert words in page.text
    assert page.counts["progress"] == 2 * 7


def test_real_rows_that_were_left_out_are_told(app: Guard) -> None:
    assert "4 final (2 duplicates left out)." in _page(app, "runs/finished").text


def test_every_word_of_a_run_is_data(app: Guard) -> None:
    page = _page(app, f"runs/{EVIL}")
    assert EVIL in page.text
    assert page.counts.get("script") is None and page.counts.get("img") is None
    compared = _page(app, f"runs/{EVIL}/compare?ours=round-1&theirs=base")
    assert compared.counts.get("script") is None and compared.counts.get("img") is None


def test_two_students_stand_side_by_side(app: Guard) -> None:
    page = _page(app, "runs/finished/compare?ours=round-1&theirs=real-only")
    assert "round-1 against real-only" in page.text
    assert "+45.0 points" in page.text and "10 improvements" in page.text
    assert "+1.000" in page.text and real_data().gate[20].id in page.text


def test_no_words_of_gate_rows_are_on_the_page_of_two_students(app: Guard) -> None:
    page = _page(app, "runs/finished/compare?ours=round-1&theirs=real-only")
    assert "compare --held-out shows their words" in page.text
    for words in ("gate ticket", "d says", "c says"):
        assert words not in page.text


@pytest.mark.parametrize(
    "query", ["", "?ours=round-1", "?ours=round-9&theirs=base", "?ours=../made&theirs=base"]
)
def test_students_that_there_are_not_are_told(app: Guard, query: str) -> None:
    answer = _get(app, f"runs/finished/compare{query}")
    assert answer.status == 404
    assert "base, real-only, round-1" in answer.body.decode()


def test_a_picture_is_sealed(app: Guard) -> None:
    assert "Round over round" in _page(app, "runs/finished").text
    answer = _get(app, "runs/finished/pictures/rounds.svg")
    assert (answer.status, answer.body) == (200, b"<svg/>")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == SEALED


@pytest.mark.parametrize(
    "path",
    [
        "runs/nowhere",
        "runs/..",
        "runs/../finished",
        "runs/finished/pictures/none.svg",
        "runs/finished/pictures/../../run.db",
        "runs/finished/pictures/..\\run.svg",
        "runs/finished/run.db",
    ],
)
def test_what_there_is_not_is_not_found(app: Guard, path: str) -> None:
    assert _get(app, path).status == 404


def test_a_run_that_cannot_be_read_says_why(app: Guard) -> None:
    answer = _get(app, "runs/broken")
    assert answer.status == 404
    assert "run.db is empty" in answer.body.decode()


@pytest.mark.parametrize("key", ["", "k", "k" * 42, "k" * 44, ADDRESS.token, "é"])
def test_without_the_key_nothing_is_read(app: Guard, key: str) -> None:
    for path in ("", "runs/finished", "runs/finished/pictures/rounds.svg"):
        answer = ask(app, "GET", f"/{key}/{path}", [HOST])
        assert answer.status == 404
        assert b"finished" not in answer.body


def test_of_one_run_its_own_page_is_the_first(folder: Path) -> None:
    app = _app(Library(folder / "finished"), review=True)
    answer = _get(app, "")
    assert answer.status == 307
    assert answer.headers["location"] == f"{ADDRESS.dashboard}runs/finished"
    assert "Review" in _page(app, "runs/finished").text
    assert _get(app, "runs/made").status == 404
