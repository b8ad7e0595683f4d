from selfinstruct.quality.students import prompt_of, readable
from selfinstruct.types import Example, Message
from tests.bad_rows import bad_rows


def test_half_characters_are_replaced_in_every_field() -> None:
    half = "\ud83d"
    row = Example(half, half, half, (Message("user", half),), half)
    for part in (*prompt_of(row, "s"), Message("user", readable(row).response)):
        part.content.encode()
    assert readable(row).label == "\ufffd"


def test_any_row_can_be_read() -> None:
    for row in bad_rows()[:10]:
        for turn in prompt_of(row, "system"):
            turn.content.encode()


def test_a_sound_row_stays_as_it_is() -> None:
    row = Example("i", "in", "out", label="a", origin="synthetic", round=3)
    assert readable(row) == row
    assert readable(row).id == row.id
