import pytest

from selfinstruct.config import PrivacyConfig
from selfinstruct.privacy.ids import account_of, card, iban, national_id
from selfinstruct.privacy.place import Detector, Place
from tests.personal_data import marked, plain

DETECTORS: dict[str, Detector] = {
    "iban": iban,
    "card": card,
    "national_id": national_id,
    "account": account_of(PrivacyConfig().id_words),
}


@pytest.mark.parametrize("kind", DETECTORS)
def test_each_finds_what_is_marked_as_its_own_and_nothing_in_plain_texts(kind: str) -> None:
    detect = DETECTORS[kind]
    for case in marked(kind):
        real = [(place.start, place.end, kind) for place in detect(case.text) if place.real]
        assert set(real) >= {place for place in case.places if place[2] == kind}
    assert [text for text in plain() if any(place.real for place in detect(text))] == []


def test_what_follows_an_iban_is_not_read_into_it() -> None:
    text = "DE44 5001 0517 5407 3249 31 AB12"
    assert list(iban(text)) == [Place(0, 27)]
    assert list(iban("DE445001051754073249311")) == []


def test_a_card_behind_the_word_for_an_order_is_an_order() -> None:
    assert list(card("order no. 4539148803436467")) == [Place(10, 26, False)]
    assert list(card("card no. 4539148803436467")) == [Place(9, 25)]


def test_without_a_word_for_it_a_number_of_the_state_is_a_number() -> None:
    assert list(national_id("536-22-8146")) == []
    assert list(national_id("SSN 536-22-8146")) == [Place(4, 15)]
    assert list(national_id("SSN 078-05-1120")) == [Place(4, 15, False)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("account 123456", 1), ("account 12345", 0), ("account no 1234", 1), ("account no 123", 0)],
)
def test_a_bare_number_must_be_longer_than_one_that_is_called_so(text: str, found: int) -> None:
    assert len(list(DETECTORS["account"](text))) == found
