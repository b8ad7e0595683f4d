import pytest

from selfinstruct.report import look


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand", "two lines and"),
        ("\x1b[2Jx\x00", "·[2Jx·"),
        ("a\u202eb", "a·b"),
        ("क्षि", "क्षि"),
        ("w" * 10_000, "w" * 39 + "…"),
        ("", ""),
    ],
)
def test_other_peoples_words_become_one_safe_short_line(text: str, shown: str) -> None:
    assert look.plain(text) == shown


def test_no_text_is_smaller_than_nine_points_and_every_colour_has_a_shape() -> None:
    assert look.SMALL >= 9
    assert len(look.COLOURS) == len(look.MARKERS) == len(look.LINES) == len(look.HATCHES)
    assert len(set(look.COLOURS)) == len(look.COLOURS)
