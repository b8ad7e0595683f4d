import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import PrivacyConfig
from selfinstruct.privacy import Finder, Span
from selfinstruct.privacy.find import texts_of
from selfinstruct.types import Example, Message
from tests.personal_data import CASES, UNSEEN, Case

FINDER = Finder.of(PrivacyConfig())
ALL = [*CASES, *UNSEEN]


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.text[:30])
def test_what_was_marked_by_hand_is_found_and_nothing_else(case: Case) -> None:
    assert [(span.start, span.end, span.kind) for span in FINDER.find(case.text)] == list(
        case.places
    )


def test_the_table_is_large_enough_to_say_something() -> None:
    assert len(ALL) >= 400
    assert sum(len(case.places) for case in ALL) >= 180
    assert sum(not case.places for case in ALL) >= 200


def test_of_two_that_overlap_the_one_that_proves_itself_wins() -> None:
    text = "account number DE44500105175407324931"
    assert FINDER.find(text) == (Span(15, 37, "iban"),)
    text = "https://anna:x@kaufhaus.de/"
    assert FINDER.find(text) == (Span(0, 26, "login"),)


def test_nothing_is_looked_for_inside_of_what_can_be_nobodys() -> None:
    assert FINDER.find("DE89 3704 0044 0532 0130 00") == ()


def test_the_users_own_kinds_come_first_and_may_hold_neither_digit_nor_at() -> None:
    finder = Finder.of(PrivacyConfig(patterns={"badge": "B-[A-Z]{3}", "all": "phone.*"}))
    assert finder.find("B-XYZ or B-xyz") == (Span(0, 5, "badge"),)
    assert finder.find("phone +1 415 867 2291") == (Span(0, 21, "all"),)


def test_words_for_owners_are_the_users_choice() -> None:
    assert FINDER.find("pupil number 12345") == ()
    assert Finder.of(PrivacyConfig(id_words=("pupil",))).find("pupil number 12345") == (
        Span(13, 18, "account"),
    )
    assert Finder.of(PrivacyConfig(id_words=())).find("account number 12345678") == ()
    odd = Finder.of(PrivacyConfig(id_words=("a.c",)))
    assert odd.find("abc number 12345") == ()  # a word, not a pattern


def test_all_texts_of_a_row_are_counted_by_kind() -> None:
    row = Example(
        "Call +1 415 867 2291",
        "or +1 415 867 2292",
        "write to anna@web.de",
        (Message("user", "or bert@web.de"),),
    )
    assert FINDER.kinds_in(texts_of(row)) == {"phone": 2, "email": 2}


def test_what_everybody_may_know_does_not_count() -> None:
    finder = Finder.of(PrivacyConfig(public=("+1 (415) 867-2291",)))
    assert finder.find("+1 415 867 2291 or +1 415 867 2292") == (Span(19, 34, "phone"),)


BAD = {
    "empty": "",
    "one word": "word " * 20_000,
    "100,000 tokens": "a1 b2@ 3.4 +5 " * 25_000,
    "emoji": "\U0001f600" * 5_000,
    "surrogates": "\ud83d a@b\udc00.de 1",
    "nul": "\0" * 1000 + "1",
    "marks": "\u200f\u202e+1\u202c" * 1000,
    "scripts": "привет 123 你好 مرحبا ١٢٣ hi@" * 100,
    "copies": "account number 12345678\n" * 1000,
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_has_places_in_it_and_apart(name: str) -> None:
    found = FINDER.find(BAD[name])
    ends = [0, *(span.end for span in found)]
    assert all(end <= span.start < span.end for end, span in zip(ends, found, strict=False))
    assert len(found) == (1000 if name == "copies" else 0)


PIECES = st.sampled_from(
    [
        "+1 415 867 2291",
        "a@b.de",
        "DE44500105175407324931",
        " ",
        "1",
        ".",
        "-",
        "account number ",
        "x",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=3)), max_size=12).map("".join))
def test_places_are_in_order_inside_and_apart(text: str) -> None:
    found = FINDER.find(text)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(st.text(st.characters(exclude_categories=["Nd"], exclude_characters="@")))
def test_what_has_neither_digit_nor_at_is_nothing(text: str) -> None:
    assert not re.search(r"\d", text)
    assert FINDER.find(text) == ()
