import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.web.difference import MOST_WORDS, Part, differ


@pytest.mark.parametrize(
    ("before", "after", "parts"),
    [
        ("", "", []),
        ("a b", "a b", [("both", "a b")]),
        ("", "a", [("new", "a")]),
        ("a", "", [("gone", "a")]),
        (
            "my card is lost",
            "my bank card was lost",
            [
                ("both", "my"),
                ("both", " "),
                ("new", "bank"),
                ("both", " card"),
                ("both", " "),
                ("gone", "is"),
                ("both", " "),
                ("new", "was"),
                ("both", " lost"),
            ],
        ),
        (
            "one\n\ntwo",
            "one\n\ntwo three",
            [("both", "one\n\ntwo"), ("both", " "), ("new", "three")],
        ),
        ("same words", "same   words", [("both", "same   words")]),
    ],
)
def test_what_each_text_lacks_is_told(before: str, after: str, parts: list[Part]) -> None:
    assert differ(before, after) == parts


WORDS = st.lists(st.sampled_from(["a", "b", "c", "<b>", "\u202e", "é"]), max_size=12).map(" ".join)


@given(WORDS, WORDS)
def test_each_text_can_be_read_from_the_parts(before: str, after: str) -> None:
    parts = differ(before, after)
    old = "".join(text for kind, text in parts if kind != "new")
    new = "".join(text for kind, text in parts if kind != "gone")
    assert (old.split(), new.split()) == (before.split(), after.split())


@given(WORDS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert {kind for kind, _ in differ(text, text)} <= {"both"}


def test_long_texts_are_not_searched() -> None:
    many = "word " * (MOST_WORDS + 1)
    assert differ(many, "word") == [("gone", many), ("new", "word")]


def test_white_space_at_the_end_costs_no_more_than_its_length() -> None:
    begun = time.perf_counter()
    differ("a" + " " * 300_000, "a" + "\n" * 300_000)
    assert time.perf_counter() - begun < 5
