"""The page of pairs in Chromium: choices by keyboard, kills, tabs, screens, hostile answers."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from selfinstruct.review.desk import Desk
from selfinstruct.review.pairs import Choice, contest_of
from tests.browsers import (
    Hosted,
    Server,
    Watched,
    chromium,
    decide,
    hosting,
    item_of,
    lose_one,
    needs_chromium,
    opened,
    serving,
    watch,
)
from tests.hostile import HOSTILE
from tests.paired import CONTEST, ROWS, add_pairs, side_of, write_paired
from tests.reviewed import write_reviewable

pytestmark = [pytest.mark.slow, needs_chromium]

FEW = ROWS[:7]
"""Of which five differ."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--host-resolver-rules=MAP evil.test 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "run"
    write_paired(folder, FEW)
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def server(run: Path) -> Iterator[Hosted]:
    with hosting(run) as server:
        yield server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def watched(context: BrowserContext, server: Hosted) -> Watched:
    return watch(context, server.origin)


@pytest.fixture
def page(context: BrowserContext, server: Hosted, watched: Watched) -> Page:
    assert watched.faults == []
    return opened(context, pairs_url(server))


def pairs_url(server: Hosted | Server) -> str:
    return f"{server.origin}/pairs#{server.token}"


def choices(server: Hosted | Server) -> list[Choice]:
    with Desk.open(server.run, write=False) as desk:
        return desk.pairs.choices()


def test_every_key_is_stored_key_by_key(page: Page, server: Hosted, watched: Watched) -> None:
    assert page.url == f"{server.origin}/pairs"  # the token is out of the address
    assert page.title() == "run: pairs"
    assert page.inner_text("#title") == "Pair 1 of 5"
    first = item_of(page)
    for key in ("1", "b", "=", "s", "x"):
        decide(page, key)
    found = choices(server)
    assert [each.action for each in found] == ["left", "right", "equal", "skip", "bad"]
    assert found[0].pair == first
    assert all(0 < each.ms < 600_000 and each.reviewer == "ann" for each in found)
    page.wait_for_function("() => document.getElementById('count').textContent.startsWith('4 of')")
    assert item_of(page) == found[3].pair  # the skipped one comes again
    assert watched.faults == [] and watched.foreign == []


def test_the_page_is_told_who_won_at_the_end_alone(page: Page, server: Hosted) -> None:
    for _ in range(5):
        assert page.is_hidden("#outcome")
        with Desk.open(server.run, write=False) as desk:
            pair = desk.pairs.pair(item_of(page))
        decide(page, {"left": "a", "right": "2"}[side_of(pair, first=True)])
    page.wait_for_selector("#outcome:not([hidden])")
    told = page.inner_text("#outcome")
    assert page.inner_text("#done-title") == "Every pair is judged"
    assert "round-1 better\n5" in told and "base better\n0" in told
    assert "100 %" in told and "p = 0.06" in told and "inconclusive (fewer than 20" in told
    assert "7 dev rows were answered, 2 of them alike" in page.inner_text("#done-text")
    page.keyboard.press("u")
    page.wait_for_function("() => document.body.dataset.item !== ''")
    assert page.is_hidden("#outcome")


def test_after_a_kill_and_a_restart_everything_stands_and_undo_goes_back(
    context: BrowserContext, run: Path
) -> None:
    with serving(run) as server:
        page = opened(context, pairs_url(server))
        judged = []
        for key in ("1", "x", "s", "2"):
            judged.append(item_of(page))
            decide(page, key)
        after = item_of(page)
        server.kill()
        page.keyboard.press("a")
        page.wait_for_selector("#banner:not([hidden])")
        assert "does not answer" in page.inner_text("#banner")
        assert item_of(page) == after  # nothing is shown that is not stored
        server.start()
        page.wait_for_function(
            "() => document.getElementById('banner').textContent.includes('started again')"
        )
        page.goto(pairs_url(server))  # pasted into the same tab: only the fragment differs
        page.wait_for_function("shown => document.body.dataset.item !== shown", arg=after)
        assert [each.action for each in choices(server)] == [
            *("left", "bad", "skip", "right", "left")
        ]
        for expected in (after, *reversed(judged)):
            shown = item_of(page)
            page.keyboard.press("u" if expected != after else "Control+z")
            page.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)
            assert item_of(page) == expected
        page.keyboard.press("u")
        page.wait_for_function(
            "() => document.getElementById('status').textContent.includes('nothing')"
        )
        assert len(choices(server)) == 10


def test_an_answer_that_is_lost_makes_no_second_choice(page: Page, server: Hosted) -> None:
    shown = item_of(page)
    lost = lose_one(page, "**/api/pairs/choose")
    page.keyboard.press("a")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)
    assert lost == [200]
    assert len(choices(server)) == 1


def test_a_pair_that_changed_meanwhile_is_shown_anew(page: Page, server: Hosted) -> None:
    shown = item_of(page)

    def changed(route: Route) -> None:
        body = route.request.post_data_json
        assert body is not None
        body["choice"]["pair_hash"] = "of yesterday"
        route.continue_(post_data=body)

    page.route("**/api/pairs/choose", changed)
    page.keyboard.press("a")
    page.wait_for_selector("#banner:not([hidden])")
    assert "has changed since it was shown" in page.inner_text("#banner")
    assert (item_of(page), choices(server)) == (shown, [])
    page.unroute("**/api/pairs/choose")
    decide(page, "a")
    assert page.is_hidden("#banner")


def test_two_tabs_see_each_other(page: Page, context: BrowserContext, server: Hosted) -> None:
    other = opened(context, pairs_url(server))
    assert item_of(other) == item_of(page)
    decide(page, "a")
    other.wait_for_function(
        "() => document.getElementById('status').textContent.includes('It was judged')"
    )
    decide(other, "2")  # now on purpose
    assert [each.action for each in choices(server)] == ["left", "right"]


def test_p_leads_from_candidates_to_pairs_and_back(page: Page, server: Hosted) -> None:
    page.keyboard.press("p")
    page.wait_for_url(f"{server.origin}/")
    page.wait_for_selector("body[data-item]")
    assert page.is_visible("#pairs-button")
    page.keyboard.press("p")
    page.wait_for_url(f"{server.origin}/pairs")
    page.wait_for_selector("body[data-item]")
    assert choices(server) == []


def test_without_pairs_the_review_page_does_not_speak_of_them(
    context: BrowserContext, tmp_path: Path
) -> None:
    write_reviewable(tmp_path / "bare")
    with hosting(tmp_path / "bare") as server:
        page = opened(context, server.url)
        page.keyboard.press("p")
        page.keyboard.press("?")
        assert page.is_hidden("#pairs-button") and page.is_hidden("#help .of-pairs >> nth=0")
        assert page.url == f"{server.origin}/"
        page.goto(f"{server.origin}/pairs")
        page.wait_for_selector("#done:not([hidden])")
        assert page.inner_text("#done-title") == "There are no pairs here"
        page.keyboard.press("u")
        page.keyboard.press("1")


def test_several_contests_each_have_a_link(context: BrowserContext, run: Path) -> None:
    other = contest_of(("round-2", "base"), ("made three", "made two"))
    with Desk.open(run) as desk:
        add_pairs(desk.pairs, FEW, contest=other)
    with hosting(run) as server:
        page = opened(context, pairs_url(server))
        assert page.inner_text("#contests [aria-current]") == "round-1 or base"
        page.get_by_role("link", name="round-2 or base").click()
        page.wait_for_url(f"**/pairs?of={other.id}")
        page.wait_for_selector("body[data-item]")
        assert page.inner_text("#first") == "round-2"
        decide(page, "1")
        with Desk.open(run, write=False) as desk:
            assert (desk.pairs.outcome(other.id).done, desk.pairs.outcome(CONTEST.id).done) == (
                1,
                0,
            )


def test_every_field_and_button_has_a_name_and_the_page_its_parts(page: Page) -> None:
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, input, select, textarea, a, summary")]
            .filter((each) =>
            !(each.innerText.trim() || each.getAttribute("aria-label") || each.labels?.length
              || each.closest("[hidden], dialog")))
            .map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    for role in ("banner", "main", "contentinfo", "navigation"):
        assert page.get_by_role(role).first.is_visible()
    for name in ("Answer 1", "Answer 2"):
        assert page.get_by_role("region", name=name).is_visible()
        assert page.get_by_role("button", name=name).is_visible()
    assert page.evaluate("document.activeElement.id") == "title"
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


def test_it_can_be_walked_by_tab_alone(page: Page, server: Hosted) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "right":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    first = item_of(page)
    page.keyboard.press("Enter")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=first)
    assert page.evaluate("document.activeElement.id") == "right"  # the focus stays
    assert [(each.pair, each.action) for each in choices(server)] == [(first, "right")]
    page.keyboard.press("r")
    assert page.locator("#reference").get_attribute("open") is not None
    page.keyboard.press("?")
    page.uncheck("#single")
    page.keyboard.press("Escape")
    page.keyboard.press("1")  # single keys are off
    page.wait_for_timeout(300)
    assert len(choices(server)) == 1


@pytest.mark.parametrize(
    ("width", "height"),
    [(390, 844), (640, 430), (320, 568)],  # a phone, 1280 at 200 %, at 400 %
)
def test_a_small_screen_never_scrolls_sideways(
    browser: Browser, tmp_path: Path, width: int, height: int
) -> None:
    long = {row.id: f"{'very' * 60} long {at}" for at, row in enumerate(FEW)}
    write_paired(tmp_path / "long", FEW, first=long)
    context = browser.new_context(viewport={"width": width, "height": height})
    with hosting(tmp_path / "long") as server:
        page = opened(context, pairs_url(server))
        for keys in ("", "r", "?", "Escape", "1", "1", "1", "1", "1", "1", "1"):
            if keys:
                page.keyboard.press(keys)
                page.wait_for_timeout(100)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, keys
            for button in page.locator("#actions button:visible").all():
                box = button.bounding_box()
                assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.is_visible("#outcome")
    context.close()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pairs, each with one text in every field that the page shows."""
    folder = tmp_path_factory.mktemp("hostile") / "run"
    rows = tuple(
        replace(row, instruction=bad, input=f"{bad} {at}", response=bad, label=bad)
        for at, (row, bad) in enumerate(zip(ROWS * 3, HOSTILE, strict=False))
    )
    first = {row.id: bad for row, bad in zip(rows, HOSTILE, strict=True)}
    second = {row.id: f"{bad} too" for row, bad in zip(rows, HOSTILE, strict=True)}
    contest = contest_of((HOSTILE[0], HOSTILE[10]), ("made one", "made two"))
    write_paired(folder, rows, first=first, second=second, contest=contest)
    return folder


def test_no_text_in_any_answer_is_more_than_a_text(browser: Browser, hostile: Path) -> None:
    context = browser.new_context()
    with hosting(hostile) as server:
        watched = watch(context, server.origin)
        page = opened(context, pairs_url(server))
        total = 0
        while page.evaluate("() => document.body.dataset.item"):
            total += 1
            page.keyboard.press("r")
            decide(page, "12=x"[total % 4])
        page.wait_for_selector("#outcome:not([hidden])")
        assert HOSTILE[0] in page.inner_text("#outcome")
        assert total == len(HOSTILE)
        assert page.evaluate("() => window.harmed") is None
        assert page.locator("main script, main img, main iframe, main svg").count() == 0
        assert (watched.faults, watched.foreign) == ([], [])
    context.close()


@pytest.mark.parametrize("path", ["/pairs", "/api/pairs/next", "/static/pairs.js"])
def test_a_name_that_was_made_to_lead_here_is_refused(
    browser: Browser, server: Hosted, path: str
) -> None:
    port = server.origin.rpartition(":")[2]
    page = browser.new_page()
    answer = page.goto(f"http://evil.test:{port}{path}#{server.token}")
    assert answer is not None and answer.status == 400
    page.close()


def test_a_page_of_another_site_can_neither_choose_nor_read(
    browser: Browser, server: Hosted
) -> None:
    with Desk.open(server.run, write=False) as desk:
        pair = desk.pairs.next(CONTEST.id)
    assert pair is not None
    body = {
        "choice": {
            "id": "0d7f5f0e-33a1-4b6c-9f44-52d1b1a0c001",
            "pair": pair.id,
            "pair_hash": pair.hash,
            "action": "left",
        },
        "seen": None,
    }
    page = browser.new_page()
    page.route("http://evil.test/", lambda route: route.fulfill(body="<title>x</title>"))
    page.goto("http://evil.test/")
    read = page.evaluate(
        """async ([to, token, body]) => {
            const tried = (path, options) => fetch(to + path, options).then(
                (answer) => answer.status, () => 0);
            return [
                await tried("/api/pairs/choose", {method: "POST", mode: "no-cors", body,
                    headers: {"Content-Type": "text/plain"}}),
                await tried("/api/pairs/choose", {method: "POST", body,
                    headers: {"Content-Type": "application/json", "X-Token": token}}),
                await tried("/api/pairs/next", {headers: {"X-Token": token}}),
            ];
        }""",
        [server.origin, server.token, json.dumps(body)],
    )
    assert read == [0, 0, 0]
    assert choices(server) == []
    page.close()
