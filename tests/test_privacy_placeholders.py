import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import PrivacyConfig
from selfinstruct.privacy import Finder, hide_in_messages, hide_in_row
from selfinstruct.types import Example, Message
from tests.personal_data import CASES, Case

FINDER = Finder.of(PrivacyConfig())


def test_the_same_value_has_the_same_number_in_all_texts_of_a_row() -> None:
    row = Example(
        "Answer the mail",
        "I am anna@web.de, not bert@web.de; call +1 415 867 2291.",
        "We wrote to ANNA@web.de and called +1 (415) 867-2291.",
        (Message("user", "bert@web.de"),),
        label="mail",
        group="g",
        license="MIT",
    )
    hidden = hide_in_row(row, FINDER)
    assert hidden == Example(
        "Answer the mail",
        "I am [EMAIL_1], not [EMAIL_2]; call [PHONE_1].",
        "We wrote to [EMAIL_1] and called [PHONE_1].",
        (Message("user", "[EMAIL_2]"),),
        label="mail",
        group="g",
        license="MIT",
    )
    assert row.input.startswith("I am anna")


def test_a_row_without_any_is_itself() -> None:
    row = Example("Order 123456", "for $5", "Thanks")
    assert hide_in_row(row, FINDER) is row


def test_a_number_that_a_text_holds_already_is_not_given_again() -> None:
    row = Example("[EMAIL_1] and [EMAIL_7]", response="anna@web.de or [PHONE_2]")
    assert hide_in_row(row, FINDER).response == "[EMAIL_8] or [PHONE_2]"


def test_messages_of_one_prompt_share_their_numbers() -> None:
    messages = (Message("system", "to anna@web.de"), Message("user", "bert@web.de, anna@web.de"))
    assert hide_in_messages(messages, FINDER) == (
        Message("system", "to [EMAIL_1]"),
        Message("user", "[EMAIL_2], [EMAIL_1]"),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text[:30])
def test_what_was_marked_is_gone_and_hiding_again_changes_nothing(case: Case) -> None:
    hidden = hide_in_row(Example(case.text), FINDER)
    assert all(case.text[start:end] not in hidden.instruction for start, end, _ in case.places)
    assert hidden.instruction.count("[") == case.text.count("[") + len(case.places)
    assert hide_in_row(hidden, FINDER) == hidden


@given(st.text(st.characters()))
def test_any_text_can_be_hidden(text: str) -> None:
    hide_in_row(Example(text, response=text), FINDER)
