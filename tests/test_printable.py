import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.printable import clip, is_unsafe, visible


@pytest.mark.parametrize(
    "char", ["\x1b", "\x00", "\r", "\x9b", "\u202e", "\u2066", "\ud800", "\ue000"]
)
def test_what_moves_a_cursor_or_turns_a_line_is_unsafe(char: str) -> None:
    assert is_unsafe(char)


@pytest.mark.parametrize("char", ["a", " ", "é", "中", "🙂", "\u0301", "$", "<"])
def test_what_people_write_is_not(char: str) -> None:
    assert not is_unsafe(char)


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
