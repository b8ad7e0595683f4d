import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.report.chart import nothing
from selfinstruct.report.html import clip, picture, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a\nb\tc"),
        ("\x1b[2J", "[U+001B][2J"),
        ("a\u202eb\u2066", "a[U+202E]b[U+2066]"),
        ("\x00\r", "[U+0000][U+000D]"),
        ("क्\u200dष 👩\u200d👧", "क्\u200dष 👩\u200d👧"),
    ],
)
def test_what_could_turn_a_line_round_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    assert not any(ord(char) < 32 and char not in "\n\t" for char in visible(text))


def test_a_long_text_says_how_much_is_missing() -> None:
    assert clip("x" * 10_000) == "x" * 600 + "… (9400 more characters)"
    assert clip("short") == "short"


def test_a_chart_of_nothing_is_a_panel_of_words_that_are_escaped() -> None:
    empty = nothing("n", "T", "c", ("a",), "<b>none</b>\ngo on")
    assert picture(empty, "") == (
        '<div class="missing"><p>&lt;b&gt;none&lt;/b&gt;</p><p>go on</p></div>'
    )
