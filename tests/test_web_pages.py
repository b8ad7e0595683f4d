"""Templates and files; and a lint: no page of ours reads a text as markup or runs it."""

import re
from importlib import resources

import jinja2
import pytest
from markupsafe import escape

from selfinstruct.config import KeysConfig
from selfinstruct.web.pages import KINDS, render, statics
from tests.hostile import HOSTILE
from tests.pages import Page

FOLDER = resources.files("selfinstruct.web")
SCRIPTS = sorted(name for name in statics() if name.endswith(".js"))
TEMPLATES = sorted(
    each.name for each in (FOLDER / "templates").iterdir() if each.name.endswith(".j2")
)

MARKUP = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment"),
    *(
        "DOMParser",
        "setHTML",
        "parseHTML",
        "srcdoc",
        "eval(",
        "Function(",
        "import(",
        "javascript:",
    ),
    *("XMLHttpRequest", "document.cookie", "postMessage(*", "http://", "https://", "localStorage"),
)
RAW = re.compile(r"\|\s*safe|autoescape|Markup|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style")
FETCHED = re.compile(r'(?:src|href|action)="([^"#{]*)')


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_reads_a_text_as_markup(name: str) -> None:
    source = statics()[name][0].decode()
    assert [word for word in MARKUP if word in source] == []
    assert not re.search(r"""set(Timeout|Interval)\(\s*["'`]""", source)
    for module in re.findall(r'from "([^"]+)"', source):
        assert module.removeprefix("./") in SCRIPTS


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_lets_a_text_through_as_markup(name: str) -> None:
    source = (FOLDER / "templates" / name).read_text(encoding="utf-8")
    assert RAW.findall(source) == []
    own = {match for match in FETCHED.findall(source) if match not in ("", "/")}
    assert all(path.removeprefix("/static/") in statics() for path in own)


def test_no_style_fetches_anything() -> None:
    for name, (content, _) in statics().items():
        if name.endswith(".css"):
            assert b"url(" not in content and b"@import" not in content


def test_files_have_the_type_that_nosniff_asks_for() -> None:
    found = {name: kind for name, (_, kind) in statics().items()}
    assert found["review.js"] == "text/javascript"
    assert found["style.css"] == "text/css"
    assert set(found.values()) <= set(KINDS.values())


def test_the_review_page_is_well_formed_and_names_its_parts() -> None:
    html = render("review.html.j2", reasons=("wrong label", "other"), keys=dict(KeysConfig()))
    page = Page(html)
    allowed = ("<script>", "<link>", "<form>", "has src", "leads to /", "/static/", "/ leads")
    assert [fault for fault in page.faults if not any(word in fault for word in allowed)] == []
    for tag in ("header", "main", "nav", "aside", "footer", "h1", "dialog"):
        assert page.counts[tag]
    assert 'lang="en"' in html and 'role="status"' in html and 'role="alert"' in html


@pytest.mark.parametrize("action", sorted(set(KeysConfig.model_fields) - {"progress", "quit"}))
@pytest.mark.parametrize("key", ["Z", "<", '"'])
def test_every_key_of_the_page_is_printed_as_it_is_configured(action: str, key: str) -> None:
    keys = dict(KeysConfig(**{action: key}))
    html = render("review.html.j2", reasons=("other",), keys=keys)
    shown = escape(key)
    assert re.search(rf'data-key="{shown}" aria-keyshortcuts="{shown}[ "]', html)
    assert html.count(f"<kbd>{shown}</kbd>") == 2  # on the button and in the help


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_in_a_page_stays_text(text: str) -> None:
    page = Page(render("fault.html.j2", status=404, message=text))
    assert page.counts.get("script") is None and page.counts.get("img") is None
    assert [
        fault for fault in page.faults if "<link>" not in fault and "/static/" not in fault
    ] == []
    assert page.text.count("There is nothing to show") == 1


def test_a_value_that_is_missing_is_a_bug() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("fault.html.j2", status=404)
