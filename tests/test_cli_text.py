import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.cli.text import escape, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext\tkept", "plain\ntext\tkept"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x1b]8;;http://x\x07link", "\\x1b]8;;http://x\\x07link"),
        ("back\rover", "back\\x0dover"),
        ("abc\u202edcba", "abc\\x202edcba"),
        ("\ud800", "\\xd800"),
        ("naïve 日本", "naïve 日本"),
    ],
)
def test_what_could_move_a_terminal_is_spelled_out(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.text())
def test_nothing_escaped_can_act_on_a_terminal(text: str) -> None:
    shown = escape(text)
    assert not any(ord(char) < 32 and char not in "\n\t" for char in shown)
    assert "\x7f" not in shown
    shown.encode()


@given(st.text(), st.integers(2, 40))
def test_one_line_is_one_line_of_that_width(text: str, width: int) -> None:
    shown = one_line(text, width)
    assert "\n" not in shown
    assert len(shown) <= width
