import pytest

from selfinstruct.privacy.phones import phone
from selfinstruct.privacy.place import Place
from tests.personal_data import marked, plain


def test_it_finds_what_is_marked_and_nothing_in_plain_texts() -> None:
    for case in marked("phone"):
        real = {(place.start, place.end, "phone") for place in phone(case.text) if place.real}
        assert real >= {place for place in case.places if place[2] == "phone"}
    no_iban = [text for text in plain() if "DE89" not in text]  # which hides the digits in it
    real_ones = [text for text in no_iban if any(place.real for place in phone(text))]
    assert real_ones == ["SSN 078-05-1120"]  # a form of Germany's too; the word before it decides


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("06 84 21 97 35", [Place(0, 14)]),
        ("06.84 21.97 35", []),  # pairs as nobody writes them
        ("05.11.2023 10 30", []),  # a date
        ("order 0684219735", [Place(6, 16, False)]),
        ("+1 415 867 229", []),
        ("115 867 2291", []),  # no area code begins with 1
        ("5551234", []),
        ("phone 8671234", [Place(6, 13)]),
        ("call me on 2023-11-05", []),
        ("text us 20231105", []),
    ],
)
def test_a_form_alone_is_enough_only_where_nothing_else_has_it(
    text: str, places: list[Place]
) -> None:
    assert list(dict.fromkeys(phone(text))) == places
