import pytest

from selfinstruct.errors import IncompleteError, StoreError, UserError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UserError("what"), "what"),
        (UserError("what", why="so"), "what\n  why:  so"),
        (UserError("what", next_step="do"), "what\n  next: do"),
        (UserError("what", why="so", next_step="do"), "what\n  why:  so\n  next: do"),
    ],
)
def test_an_error_says_what_why_and_what_next(error: UserError, text: str) -> None:
    assert str(error) == text


def test_exit_codes_are_those_scripts_rely_on() -> None:
    codes = (UserError.exit_code, IncompleteError.exit_code, StoreError.exit_code)
    assert codes == (2, 3, 4)
