from typing import Any
from xml.etree import ElementTree

import pytest

from selfinstruct.report import look
from selfinstruct.report.canvas import draw_figure, draw_svg, for_page
from selfinstruct.report.chart import Chart, Table, nothing
from tests.drawn import faults
from tests.pages import Page

TABLE = Table(("x",))


def chart(text: str, size: float = 10.0, at: float = 0.5) -> Chart:
    def draw(figure: Any) -> None:
        ax = figure.subplots()
        ax.text(at, 0.5, text, fontsize=size)
        ax.plot([0, 1], [0, 1], color=look.BLUE)

    return Chart("c", "T", "look", "1 row", TABLE, draw)


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert draw_svg(chart("a")) == draw_svg(chart("a"))


@pytest.mark.parametrize(
    "text",
    [
        "$x_1$ is $\\frac{1}{2}$",
        "<script>alert(1)</script>",
        "{{7*7}}",
        "a & b ]]> c",
        "漢字 हिन्दी",
    ],
)
def test_any_text_is_shown_as_it_is_and_stays_text(text: str) -> None:
    tree = ElementTree.fromstring(draw_svg(chart(text)))
    shown = [
        "".join(each.itertext()).strip() for each in tree.iter("{http://www.w3.org/2000/svg}text")
    ]
    assert text in shown


def test_a_figure_knows_no_date_no_maker_and_no_address_of_others() -> None:
    svg = draw_svg(chart("a"))
    assert "metadata" not in svg
    assert "matplotlib.org" not in svg


def test_two_drawings_share_a_page_without_sharing_an_id() -> None:
    svg = draw_svg(chart("a"))
    page = Page(f"<div>{for_page(svg, 'one', 'One')}{for_page(svg, 'two', 'Two')}</div>")
    assert page.faults == []
    assert page.counts["svg"] == 2


def test_on_a_page_ink_and_paper_are_the_pages_own() -> None:
    body = for_page(draw_svg(chart("a")), "one", "One")
    assert "currentColor" in body
    assert not any(mark in body for mark in look.ON_PAGE)


def test_nothing_to_show_is_a_grey_panel_with_the_reason() -> None:
    empty = nothing("n", "T", "c", ("a",), "too few: 0 rows\nselfinstruct run CONFIG")
    svg = draw_svg(empty)
    assert "too few: 0 rows" in svg
    assert look.FAINT in svg
    assert faults(empty) == []


def test_figures_leave_no_trace_in_the_settings_of_others() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    draw_figure(chart("a"))
    assert dict(mpl.rcParams) == before


@pytest.mark.filterwarnings("ignore:constrained_layout not applied")
@pytest.mark.parametrize(
    ("drawn", "fault"),
    [
        (chart("tiny", size=5), "has 5"),
        (chart("far away", at=3), "leaves the picture"),
        (chart("fine"), None),
    ],
)
def test_the_tests_own_eye_sees_a_text_nobody_could_read(drawn: Chart, fault: str | None) -> None:
    found = faults(drawn)
    assert not found if fault is None else fault in found[0]
