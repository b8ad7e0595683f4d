from dataclasses import replace

import pytest

from selfinstruct.config import PrivacyConfig
from selfinstruct.filters.personal import personal_data, question_check, scan
from selfinstruct.privacy import Finder
from selfinstruct.types import Drafts, Example, Message, Rejection

FINDER = Finder.of(PrivacyConfig())
CLEAN = Example(
    "Name the intent", "Order 4839201 of 3 March for $49.99", "Sorry! See [EMAIL_1].", label="late"
)
MAIL = replace(CLEAN, response="Write to anna@web.de or anna@web.de, or call +1 415 867 2291.")
UNREAD = Rejection(Example("?"), "unreadable")


@pytest.mark.parametrize(
    ("example", "kinds"),
    [
        (CLEAN, None),
        (MAIL, "email, phone"),
        (replace(CLEAN, input="I am anna@web.de"), "email"),
        (replace(CLEAN, turns=(Message("user", "I am anna@web.de"),)), "email"),
        (Example("Write to anna@web.de"), "email"),
        (replace(CLEAN, instruction="Write to anna@web.de"), None),  # the real rows' own
        (replace(CLEAN, response="Write to jane@example.com, 555-0147, 4242424242424242"), None),
        (replace(CLEAN, response="Call (212) 555-0147"), None),
    ],
)
def test_personal_data_is_told_by_kind_and_never_by_value(
    example: Example, kinds: str | None
) -> None:
    rejection = personal_data(example, FINDER)
    assert rejection == (kinds and Rejection(example, "personal_data", kinds))


def test_rows_are_rejected_kept_or_given_placeholders() -> None:
    drafts = Drafts((CLEAN, MAIL), (UNREAD,))
    rejected = scan(drafts, PrivacyConfig())
    assert rejected == Drafts((CLEAN,), (UNREAD, Rejection(MAIL, "personal_data", "email, phone")))
    assert scan(drafts, PrivacyConfig(outputs="keep")) == drafts
    hidden = scan(drafts, PrivacyConfig(outputs="placeholder"))
    assert hidden.rejections == (UNREAD,)
    assert [row.response for row in hidden.examples] == [
        CLEAN.response,
        "Write to [EMAIL_1] or [EMAIL_1], or call [PHONE_1].",
    ]


def test_a_question_is_asked_before_its_answer_is_paid_for() -> None:
    asked = Example("Name the intent", "I am anna@web.de", label="late")
    for outputs, rejected in (("reject", True), ("keep", False), ("placeholder", False)):
        check = question_check(PrivacyConfig.model_validate({"outputs": outputs}))
        assert (check(asked) is not None) is rejected


@pytest.mark.parametrize(
    "text", ["", "a1@ " * 25_000, "w " * 100_000, "\U0001f600", "\ud83d\udc00", "\0", "\u200f1"]
)
def test_bad_input_holds_nobodys_data(text: str) -> None:
    example = Example(text, text, text)
    for cfg in (PrivacyConfig(), PrivacyConfig(outputs="placeholder")):
        assert scan(Drafts((example,)), cfg).examples == (example,)


def test_a_thousand_copies_have_a_thousand_fates() -> None:
    assert len(scan(Drafts((MAIL,) * 1000), PrivacyConfig()).rejections) == 1000
