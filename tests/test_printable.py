import pytest

from selfinstruct.printable import is_unsafe


@pytest.mark.parametrize(
    "char", ["\x1b", "\x00", "\r", "\x9b", "\u202e", "\u2066", "\ud800", "\ue000"]
)
def test_what_moves_a_cursor_or_turns_a_line_is_unsafe(char: str) -> None:
    assert is_unsafe(char)


@pytest.mark.parametrize("char", ["a", " ", "é", "中", "🙂", "\u0301", "$", "<"])
def test_what_people_write_is_not(char: str) -> None:
    assert not is_unsafe(char)
