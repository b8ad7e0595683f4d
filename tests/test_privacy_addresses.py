import pytest

from selfinstruct.privacy.addresses import address
from tests.personal_data import marked, plain


def test_it_finds_what_is_marked_and_nothing_in_plain_texts() -> None:
    for case in marked("address"):
        real = {(place.start, place.end, "address") for place in address(case.text)}
        assert real >= {place for place in case.places if place[2] == "address"}
    assert [text for text in plain() if any(place.real for place in address(text))] == []


@pytest.mark.parametrize(
    ("text", "real"),
    [
        ("12 Google Drive", [False]),
        ("12 Elm Drive", [True]),
        ("$12 Elm Drive", []),
        ("12 Elm Drives", []),
        ("12 the road", []),
        ("Am Markt 3", []),  # at market 3? Only with its town
        ("Am Markt 3, 28195 Bremen", [True]),
    ],
)
def test_a_street_has_a_number_and_a_word_for_street(text: str, real: list[bool]) -> None:
    assert [place.real for place in address(text)] == real
