"""What other pages, other names and the rows themselves try, in Chromium: nothing comes of it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.types import Example, Rejection, Score, Screened
from tests.browsers import Hosted, chromium, decide, hosting, needs_chromium, opened, watch
from tests.hostile import HOSTILE
from tests.reviewed import made, write_reviewable

pytestmark = [pytest.mark.slow, needs_chromium]

RUN = "<img src=x onerror=harm()>"


def hostile_rows() -> Screened:
    """60 rows, each with one text in every field that a page shows."""
    rows = tuple(_row(at, words) for at, words in enumerate(HOSTILE))
    dropped = Rejection(replace(made(500), input=" ".join(HOSTILE)), "too_similar", 0.71, 0.7)
    scores = tuple(
        Score(row.id, words, 0.5, "judge", words) for row, words in zip(rows, HOSTILE, strict=True)
    )
    return Screened(rows, (dropped,), scores)


def _row(at: int, words: str) -> Example:
    return replace(
        made(at), instruction=words, input=f"{words} {at}", response=words, label=f"{words}"
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "run"
    write_reviewable(folder, {"fraction": 1.0}, {1: hostile_rows()})
    return folder.rename(folder.with_name(RUN))  # as no config would call it


@pytest.fixture(scope="module")
def server(run: Path) -> Iterator[Hosted]:
    with hosting(run) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--host-resolver-rules=MAP evil.test 127.0.0.1") as browser:
        yield browser


def _count(run: Path) -> int:
    with Desk.open(run, write=False) as desk:
        return len(desk.decisions())


def test_no_text_in_any_field_is_more_than_a_text(
    browser: Browser, server: Hosted, run: Path
) -> None:
    context = browser.new_context()
    watched = watch(context, server.origin)
    page = opened(context, server.url)
    total = 0
    while page.evaluate("() => document.body.dataset.item"):
        total += 1
        if total % 10 == 1:  # the editor, the list and the note as well
            page.keyboard.press("e")
            page.keyboard.press("Escape")
            page.keyboard.press("n")
            page.keyboard.insert_text(HOSTILE[total % len(HOSTILE)])
            page.keyboard.press("Escape")
            page.keyboard.press("l")
            page.wait_for_selector("#lines button")
            page.keyboard.press("Escape")
        decide(page, "a")
    with Desk.open(run, write=False) as desk:
        decided = desk.decisions()
    assert len(decided) == total  # some rows come twice
    assert len({each.item for each in decided}) == len(HOSTILE) + 1
    assert page.evaluate("() => window.harmed") is None
    assert page.locator("main script, main img, main iframe, main svg, dialog script").count() == 0
    page.goto(f"{server.origin}/?text=%3Cscript%3E&label=%3Cimg+src%3Dx+onerror%3Dharm()%3E")
    page.wait_for_selector("body[data-item]")
    page.goto(f"{server.origin}{server.dashboard}")
    assert RUN in page.inner_text("h1")
    assert page.locator("script, main img").count() == 0
    assert (watched.faults, watched.foreign) == ([], [])
    context.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def _foreign_site(folder: Path) -> Iterator[int]:
    """A web server of somebody else, on another port; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


ATTACKS = """
const to = "TARGET";
window.answers = [];
const tried = (name, work) => work().then(
  (answer) => window.answers.push([name, answer.type, answer.status]),
  () => window.answers.push([name, "failed", 0]));
const body = JSON.stringify({decision: DECISION, seen: null, filters: {}});
window.done = Promise.all([
  tried("text", () => fetch(to + "/api/decide", {method: "POST", mode: "no-cors", body,
    headers: {"Content-Type": "text/plain"}})),
  tried("json", () => fetch(to + "/api/decide", {method: "POST", body,
    headers: {"Content-Type": "application/json", "X-Token": "TOKEN"}})),
  tried("read", () => fetch(to + "/api/next", {headers: {"X-Token": "TOKEN"}})),
  tried("opaque", () => fetch(to + "/api/next", {mode: "no-cors"})),
  new Promise((resolve) => {
    const image = new Image();
    image.onload = () => { window.answers.push(["img", "loaded", 1]); resolve(); };
    image.onerror = () => { window.answers.push(["img", "failed", 0]); resolve(); };
    image.src = to + "/static/icon.svg";
  }),
]);
"""


def test_a_page_on_another_port_can_neither_write_nor_read(
    browser: Browser, server: Hosted, tmp_path: Path
) -> None:
    with Desk.open(server.run, write=False) as desk:
        item = desk.item(desk.listed(EVERYTHING, 0, 1)[0].id)
    before = _count(server.run)
    decision = json.dumps(
        {
            "id": "0d7f5f0e-33a1-4b6c-9f44-52d1b1a0c001",
            "item": item.id,
            "item_hash": item.hash,
            "action": "reject",
        }
    )
    script = (
        ATTACKS.replace("TARGET", server.origin)
        .replace("TOKEN", server.token)  # even one who had it
        .replace("DECISION", decision)
    )
    (tmp_path / "attack.html").write_text(
        f"<title>x</title><form id=f method=post action='{server.origin}/api/decide' "
        f"enctype=text/plain><input name='{decision}' value=''></form><script>{script}</script>"
    )
    with _foreign_site(tmp_path) as port:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/attack.html")
        page.evaluate("() => window.done")
        answers = {name: status for name, _, status in page.evaluate("() => window.answers")}
        assert answers == {"text": 0, "json": 0, "read": 0, "opaque": 0, "img": 0}
        with page.expect_navigation() as navigated:
            page.evaluate("() => document.getElementById('f').submit()")
        assert navigated.value is not None and navigated.value.status == 403
        framed = browser.new_page()
        (tmp_path / "frame.html").write_text(f"<iframe src='{server.url}'></iframe>")
        framed.goto(f"http://127.0.0.1:{port}/frame.html")
        assert [each.locator("#actions").count() for each in framed.frames] == [0, 0]
        page.close()
        framed.close()
    assert _count(server.run) == before


@pytest.mark.parametrize("path", ["/", "/api/next", "/static/review.js"])
def test_a_name_that_was_made_to_lead_here_is_refused(
    browser: Browser, server: Hosted, path: str
) -> None:
    port = server.origin.rpartition(":")[2]
    page = browser.new_page()
    answer = page.goto(f"http://evil.test:{port}{path}#{server.token}")
    assert answer is not None and answer.status == 400
    assert "answers to" in page.content()
    page.close()


def test_pages_of_runs_work_without_a_script(browser: Browser, server: Hosted) -> None:
    context = browser.new_context(java_script_enabled=False)
    watched = watch(context, server.origin)
    page = context.new_page()
    answer = page.goto(f"{server.origin}{server.dashboard}")
    assert answer is not None and answer.status == 200
    assert "Where" in page.inner_text("main") and "candidates went" in page.inner_text("main")
    assert (watched.faults, watched.foreign) == ([], [])
    context.close()
