"""The review page in Chromium, by keyboard: decisions, undo, kills, conflicts, tabs, screens."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import Decision, Filters
from tests.browsers import (
    Hosted,
    Server,
    Watched,
    chromium,
    decide,
    hosting,
    item_of,
    lines,
    lose_one,
    needs_chromium,
    opened,
    serving,
    watch,
)
from tests.reviewed import text, write_reviewable

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run to be copied."""
    folder = tmp_path_factory.mktemp("made") / "run"
    write_reviewable(folder, {"fraction": 1.0})
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def server(run: Path) -> Iterator[Hosted]:
    with hosting(run) as server:
        yield server


@pytest.fixture
def killable(run: Path) -> Iterator[Server]:
    """The true command, which can be killed."""
    with serving(run) as server:
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
    return opened(context, server.url)


def _decisions(server: Hosted | Server) -> list[Decision]:
    with Desk.open(server.run, write=False) as desk:
        return desk.decisions()


def test_a_walk_by_keyboard_is_stored_key_by_key(
    page: Page, server: Hosted, watched: Watched
) -> None:
    first = item_of(page)
    assert page.url == f"{server.origin}/"  # the token is out of the address
    assert page.title() == "run: review"
    decide(page, "a")
    second = item_of(page)
    page.keyboard.press("n")
    page.keyboard.type("axs1 is typed here, not pressed")
    page.keyboard.press("Escape")
    decide(page, "x", "2")
    decide(page, "s")
    decide(page, "f")
    found = _decisions(server)
    assert [each.action for each in found] == ["accept", "reject", "skip", "flag"]
    assert (found[0].item, found[1].item) == (first, second)
    assert (found[1].reason, found[1].note) == ("wrong answer", "axs1 is typed here, not pressed")
    assert all(0 < each.ms < 600_000 and each.reviewer == "ann" for each in found)
    page.wait_for_function("() => document.getElementById('count').textContent.startsWith('2 of')")
    assert page.inner_text("#status").startswith("Flagged. Row 5.")
    assert watched.faults == [] and watched.foreign == []


def test_an_edit_is_saved_by_ctrl_enter_and_left_by_escape(page: Page, server: Hosted) -> None:
    shown = item_of(page)
    page.keyboard.press("e")
    page.wait_for_selector("form.editor")
    page.keyboard.type(" which is not kept")
    page.keyboard.press("Escape")
    assert "which is not kept" not in page.inner_text("#conversation")
    page.keyboard.press("e")
    page.get_by_label("Answer").fill("a wholly other answer")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)
    (stored,) = _decisions(server)
    assert stored.action == "edit" and stored.edited is not None
    assert stored.edited.response == "a wholly other answer"


def test_an_edit_that_the_filters_drop_stays_in_the_editor(page: Page, server: Hosted) -> None:
    page.keyboard.press("e")
    page.get_by_label("Input").fill(text(40))  # a row of the gate
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#editor-fault:not([hidden])")
    assert "contaminated" in page.inner_text("#editor-fault")
    assert page.get_by_label("Input").input_value() == text(40)
    assert _decisions(server) == []


def test_after_a_kill_and_a_restart_everything_stands_and_undo_goes_back(
    context: BrowserContext, killable: Server
) -> None:
    server, page = killable, opened(context, killable.url)
    decided = []
    for keys in (("a",), ("x", "1"), ("s",), ("a",)):
        decided.append(item_of(page))
        decide(page, *keys)
    after = item_of(page)
    server.kill()
    server.start()
    page.close()
    again = opened(context, server.url)
    assert item_of(again) == after
    again.wait_for_function("() => document.getElementById('count').textContent.startsWith('3 of')")
    for expected in reversed(decided):
        shown = item_of(again)
        again.keyboard.press("u")
        again.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)
        assert item_of(again) == expected
        assert "decision" not in again.inner_text("#badges")
    again.keyboard.press("Control+z")
    again.wait_for_function(
        "() => document.getElementById('status').textContent.includes('nothing')"
    )
    assert len(_decisions(server)) == 8


def test_a_decision_made_while_the_server_is_gone_is_kept_and_stored_once(
    context: BrowserContext, killable: Server
) -> None:
    server, page = killable, opened(context, killable.url)
    shown = item_of(page)
    server.kill()
    page.keyboard.press("a")
    page.wait_for_selector("#banner:not([hidden])")
    assert "does not answer" in page.inner_text("#banner")
    assert item_of(page) == shown  # nothing is shown that is not stored
    page.keyboard.press("x")  # no second decision beside the one that is kept
    assert page.is_hidden("#reasons")
    url = server.start()
    page.wait_for_function(
        "() => document.getElementById('banner').textContent.includes('started again')"
    )
    page.goto(url)  # pasted into the same tab: only the fragment differs
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)
    page.wait_for_selector("#banner", state="hidden")
    assert [(each.item, each.action) for each in _decisions(server)] == [(shown, "accept")]


def test_a_list_that_cannot_go_on_says_so(page: Page) -> None:
    page.keyboard.press("l")
    page.wait_for_selector("#list[open]")
    page.route("**/api/list*", lambda route: route.abort())
    page.click("#more")
    page.wait_for_selector("#banner:not([hidden])")
    assert "does not answer" in page.inner_text("#banner")
    page.unroute("**/api/list*")  # it asks again by itself
    page.wait_for_selector("#banner", state="hidden")


def test_an_answer_that_is_lost_makes_no_second_decision(page: Page, server: Hosted) -> None:
    shown = item_of(page)
    lost = lose_one(page, "**/api/decide")
    page.keyboard.press("a")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)
    assert lost == [200]
    assert len(_decisions(server)) == 1


def test_a_row_that_changed_meanwhile_is_shown_anew(page: Page, server: Hosted) -> None:
    shown = item_of(page)

    def changed(route: Route) -> None:
        body = route.request.post_data_json
        assert body is not None
        body["decision"]["item_hash"] = "of yesterday"
        route.continue_(post_data=body)

    page.route("**/api/decide", changed)
    page.keyboard.press("a")
    page.wait_for_selector("#banner:not([hidden])")
    assert "has changed since it was shown" in page.inner_text("#banner")
    assert item_of(page) == shown
    assert _decisions(server) == []
    page.unroute("**/api/decide")
    decide(page, "a")
    assert page.is_hidden("#banner")
    assert len(_decisions(server)) == 1


def test_two_tabs_see_each_other(page: Page, context: BrowserContext, server: Hosted) -> None:
    other = opened(context, server.url)
    shown = item_of(page)
    assert item_of(other) == shown
    decide(page, "a")
    other.wait_for_function(
        "() => document.getElementById('badges').textContent.includes('accepted')"
    )
    decide(other, "x", "9")  # now on purpose
    assert [each.action for each in _decisions(server)] == ["accept", "reject"]


def test_a_tab_that_heard_nothing_is_told(page: Page, browser: Browser, server: Hosted) -> None:
    elsewhere = browser.new_context()  # another browser: no word passes between them
    other = opened(elsewhere, server.url)
    shown = item_of(page)
    decide(page, "a")
    other.keyboard.press("x")
    other.keyboard.press("1")
    other.wait_for_selector("#banner:not([hidden])")
    assert "decided in another tab" in other.inner_text("#banner")
    assert item_of(other) == shown
    assert [each.action for each in _decisions(server)] == ["accept"]
    elsewhere.close()


def test_filters_stand_in_the_address_and_the_way_back_works(
    page: Page, context: BrowserContext, server: Hosted
) -> None:
    page.keyboard.press("/")
    page.locator("#filter-form [name=label]").select_option("fee")
    page.locator("#filter-form button[value=set]").click()
    page.wait_for_url("**/?label=fee")
    page.wait_for_function("() => document.getElementById('badges').textContent.includes('fee')")
    assert lines(page, "#chips li")[0].split()[:2] == ["label:", "fee"]
    page.reload()
    page.wait_for_selector("body[data-item]")
    assert "fee" in page.inner_text("#badges")
    page.go_back()
    page.wait_for_selector("#chips", state="hidden")
    other = opened(context, f"{server.origin}/?state=decided#{server.token}")
    other.wait_for_selector("dialog#list[open]")
    assert "Nothing fits" in other.inner_text("#lines")


def test_a_filter_by_measures_stands_in_the_address(
    page: Page, context: BrowserContext, server: Hosted, watched: Watched
) -> None:
    page.keyboard.press("/")
    page.wait_for_selector("#filter[open]")
    page.locator("#filter summary").click()
    page.get_by_role("button", name="rubric", exact=True).click()  # what there is can be clicked
    where = page.locator("#filter-form [name=where]")
    assert where.input_value() == "rubric<"
    where.fill("rubric<=2 and recipe=label_first")
    page.keyboard.press("Enter")
    page.wait_for_selector("#filter", state="hidden")
    page.wait_for_url("**/?where=rubric*")
    page.wait_for_function(
        "() => /rubric\\s*[12]\\s/.test(document.getElementById('right').innerText)"
    )
    assert "rubric<=2 and recipe=label_first" in page.inner_text("#chips")
    shown = item_of(page)
    page.reload()
    page.wait_for_selector("body[data-item]")
    assert item_of(page) == shown
    address = page.url
    page.go_back()
    page.wait_for_selector("#chips", state="hidden")
    other = opened(context, f"{address}#{server.token}")  # a bookmark
    assert item_of(other) == shown
    assert watched.faults == [] and watched.foreign == []


def test_a_filter_that_means_nothing_is_refused_with_the_caret_where_it_is_wrong(
    page: Page, context: BrowserContext, server: Hosted
) -> None:
    page.keyboard.press("/")
    where = page.locator("#filter-form [name=where]")
    where.fill("rubric<=2 and rubrik=3")
    page.locator("#filter-form button[value=set]").click()
    page.wait_for_selector("#where-fault:not([hidden])")
    told = page.inner_text("#where-fault")
    assert "unknown field (column 15 of the expression)" in told
    exact = page.locator("#where-fault .exact").all_text_contents()
    assert exact == ["    rubric<=2 and rubrik=3", f"    {' ' * 14}^"]
    assert "did you mean rubric?" in told
    assert page.evaluate("document.activeElement.selectionStart") == 14
    assert page.locator("#filter").is_visible() and page.url == f"{server.origin}/"
    where.fill("rubric<=2")
    assert page.locator("#where-fault").is_hidden()
    page.keyboard.press("Escape")
    bookmark = context.new_page()
    bookmark.goto(f"{server.origin}/?where=rubrik%3D3#{server.token}")
    bookmark.wait_for_selector("#banner:not([hidden])")
    assert "unknown field" in bookmark.inner_text("#banner .told")
    bookmark.get_by_role("button", name="Change the filter").click()
    assert bookmark.locator("#filter-form [name=where]").input_value() == "rubrik=3"
    bookmark.keyboard.press("Escape")
    bookmark.get_by_role("button", name="Clear it").click()
    bookmark.wait_for_selector("body[data-item]")
    assert bookmark.url == f"{server.origin}/"
    assert bookmark.locator("#banner").is_hidden()


def test_rows_that_come_again_bear_no_mark_and_are_told_as_agreement(
    context: BrowserContext, tmp_path: Path
) -> None:
    write_reviewable(tmp_path / "run", {"fraction": 1.0, "reshow": 0.3})
    with hosting(tmp_path / "run") as server:
        page = opened(context, server.url)
        seen: list[tuple[str, str, str]] = []
        while item_of(page):
            badges = page.inner_text("#badges")
            seen.append((item_of(page), page.inner_text("#title"), badges))
            assert "decision" not in badges
            assert page.input_value("#note") == ""
            decide(page, *(("a",) if len(seen) % 2 else ("x", "1")))
        page.wait_for_function(
            "() => document.getElementById('figures').textContent.includes('8 rows twice')"
        )
        stored = _decisions(server)
    again = [each for each in stored if each.again is not None]
    assert len(again) == 8
    for each in again:
        shown = [entry for entry in seen if entry[0] == each.item]
        assert len({badges for _, _, badges in shown}) == 1


def test_keys_are_what_the_config_says_on_buttons_in_the_help_and_in_use(
    context: BrowserContext, tmp_path: Path
) -> None:
    keys = {"accept": "j", "next": "a", "help": "0", "undo": "Z"}
    write_reviewable(tmp_path / "run", {"fraction": 1.0, "keys": keys})
    with hosting(tmp_path / "run") as server:
        page = opened(context, server.url)
        first = item_of(page)
        assert page.inner_text("#accept").split() == ["Accept", "j"]
        page.keyboard.press("a")  # goes on, and decides nothing
        page.wait_for_function("shown => document.body.dataset.item !== shown", arg=first)
        decide(page, "j")
        page.keyboard.press("0")
        help_text = " ".join(page.inner_text("#help dl").split())
        assert help_text.startswith("j accept e edit")
        assert "Z Ctrl+z undo the latest" in help_text
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+Z")
        page.wait_for_function("() => document.getElementById('status').innerText === 'Undone.'")
        assert [each.action for each in _decisions(server)] == ["accept", "undo"]


def test_moving_about_decides_nothing(page: Page, server: Hosted) -> None:
    first = item_of(page)
    page.keyboard.press("j")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=first)
    second = item_of(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("shown => document.body.dataset.item === shown", arg=first)
    page.keyboard.press("g")
    page.keyboard.type(second)
    page.keyboard.press("Enter")
    page.wait_for_function("shown => document.body.dataset.item === shown", arg=second)
    page.keyboard.press("l")
    page.locator("#lines button").first.click()
    page.wait_for_function("shown => document.body.dataset.item === shown", arg=first)
    page.keyboard.press("?")
    assert page.locator("dialog#help").is_visible()
    page.keyboard.press("a")  # a dialog is open
    page.uncheck("#single")
    page.keyboard.press("Escape")
    page.keyboard.press("a")  # single keys are off
    page.wait_for_timeout(300)
    assert _decisions(server) == []
    page.get_by_role("button", name="Accept").press("Enter")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=first)
    assert len(_decisions(server)) == 1


def test_the_last_row_leads_to_a_page_that_says_so(page: Page, server: Hosted) -> None:
    with Desk.open(server.run, write=False) as desk:
        total = len(desk.listed(Filters(state="all"), 0, 1000))
    while item_of(page):  # one comes twice
        decide(page, "a")
    assert page.inner_text("#done-title") == "Nothing is open here"
    assert len({each.item for each in _decisions(server)}) == total
    page.keyboard.press("u")
    page.wait_for_function("() => document.body.dataset.item !== ''")


def test_without_a_token_the_page_says_where_to_get_one(
    context: BrowserContext, server: Hosted
) -> None:
    page = context.new_page()
    page.goto(server.origin)
    page.wait_for_selector("#banner:not([hidden])")
    assert "open the address" in page.inner_text("#banner")
    assert server.token not in page.content()


def test_every_field_and_button_has_a_name_and_every_page_its_parts(page: Page) -> None:
    page.keyboard.press("e")
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, input, select, textarea, a")].filter((each) =>
            !(each.innerText.trim() || each.getAttribute("aria-label") || each.labels?.length))
            .map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    for role in ("banner", "main", "complementary", "contentinfo", "navigation", "status"):
        assert page.get_by_role(role).first.is_visible() or role == "status"
    assert page.evaluate("document.documentElement.lang") == "en"
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


def test_it_can_be_walked_by_tab_alone(page: Page, server: Hosted) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "accept":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    first = item_of(page)
    page.keyboard.press("Enter")
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=first)
    assert page.evaluate("document.activeElement.id") == "accept"  # the focus stays
    assert [each.item for each in _decisions(server)] == [first]


@pytest.mark.parametrize(
    ("width", "height"),
    [(390, 844), (640, 430), (320, 568)],  # a phone, 1280 at 200 %, at 400 %
)
def test_a_small_screen_never_scrolls_sideways(
    browser: Browser, server: Hosted, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = opened(context, server.url)
    for keys in ("", "e", "Escape", "x", "Escape", "?"):
        if keys:
            page.keyboard.press(keys)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, keys
        for button in page.locator("#actions button:visible, #reasons button:visible").all():
            box = button.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    context.close()


def test_the_ids_that_a_page_makes_are_uuids(page: Page, server: Hosted) -> None:
    decide(page, "a")
    (stored,) = _decisions(server)
    assert str(uuid.UUID(stored.id)) == stored.id
