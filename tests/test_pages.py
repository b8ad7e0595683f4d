"""Pages of templates that are made up here, in a package of this test's own."""

import sys
from collections.abc import Iterator
from enum import StrEnum

import jinja2
import pytest
from markupsafe import Markup

from selfinstruct.pages import Render, renderer
from tests.hostile import HOSTILE
from tests.pages import Page

PACKAGE = "pages_of_a_test"
TEMPLATES = {
    "page.j2": "<p>{{ text }}</p>\n",
    "short.j2": "{{ text|clip(3) }}",
    "macro.j2": "{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}{{ bold(text) }}",
}


class Turned(StrEnum):
    """A str that is not exactly one, such as numpy's, an enum's or a parser's."""

    ROUND = "a\u202eb"


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Render]:
    root = tmp_path_factory.mktemp("pages")
    folder = root / PACKAGE / "templates"
    folder.mkdir(parents=True)
    (root / PACKAGE / "__init__.py").touch()
    for name, source in TEMPLATES.items():
        (folder / name).write_text(source, encoding="utf-8")
    sys.path.insert(0, str(root))
    yield renderer(PACKAGE)
    sys.path.remove(str(root))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_text(render: Render, text: str) -> None:
    page = Page(render("page.j2", text=text))
    assert page.faults == []
    assert set(page.counts) == {"p"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\u202eb", "a[U+202E]b"),
        (Turned.ROUND, "a[U+202E]b"),
        ("\x1b[2J", "[U+001B][2J"),
        (Markup("<i>ours</i>"), "<i>ours</i>"),
        (0, "0"),
        (None, "None"),
    ],
)
def test_every_str_but_our_own_markup_is_spelled_out(
    render: Render, value: object, shown: str
) -> None:
    assert render("page.j2", text=value) == f"<p>{shown}</p>"


def test_a_macro_is_markup_and_its_text_is_not(render: Render) -> None:
    assert render("macro.j2", text="<\u202e>") == "<b>&lt;[U+202E]&gt;</b>"


def test_a_long_text_is_clipped(render: Render) -> None:
    assert render("short.j2", text="<abc>") == "&lt;ab… (2 more characters)"


def test_a_value_that_is_missing_is_a_bug(render: Render) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("page.j2")


def test_a_template_that_is_missing_is_a_bug(render: Render) -> None:
    with pytest.raises(jinja2.TemplateNotFound):
        render("other.j2", text="")
