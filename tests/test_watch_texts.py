import numpy as np
import pytest

from selfinstruct.types import Example, Message
from selfinstruct.watch.texts import (
    CHARACTERS,
    WORDS,
    Ragged,
    counts,
    numbered,
    taught_text,
    taught_words,
)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Example("Name it.", "My card!", "Sorry.", label="card"), ["my", "card", "sorry"]),
        (Example("Say hi.", "twice", "Hi."), ["say", "hi", "hi"]),
        (Example("", "", ""), []),
        (Example("退款", "", "好"), ["退", "款", "好"]),
        (
            Example("Yes", "", "Ok", turns=(Message("user", "Tea?"), Message("assistant", "Now?"))),
            ["tea", "now", "yes", "ok"],
        ),
    ],
)
def test_a_row_teaches_question_and_response(row: Example, words: list[str]) -> None:
    assert taught_words(row) == words


def test_a_row_longer_than_anything_is_cut() -> None:
    row = Example("word " * 10**5)
    assert len(taught_text(row)) == CHARACTERS
    assert len(taught_words(row)) == WORDS


def test_items_are_numbered_by_first_appearance() -> None:
    assert numbered(["b", "a", "b", None]).tolist() == [0, 1, 0, 2]


def test_a_sample_has_the_items_of_its_rows_in_order() -> None:
    ragged = Ragged([["x", "y"], [], ["y", "z", "x"]])
    assert ragged.kinds == 3
    assert ragged.of(np.array([2, 1, 0])).tolist() == [1, 2, 0, 0, 1]
    assert Ragged([[], []]).of(np.array([0, 1])).tolist() == []


def test_codes_are_counted_by_draw() -> None:
    codes, draws = np.array([1, 0, -1, 1]), np.array([[0, 3, 2], [1, 1, 2]])
    assert counts(codes, draws).tolist() == [[0, 2], [2, 0]]
    assert counts(np.array([-1, -1]), np.array([[0, 1]])).tolist() == [[]]
