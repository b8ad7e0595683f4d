from collections.abc import Callable, Iterator

import pytest

from selfinstruct.privacy.online import ip, login, mail
from selfinstruct.privacy.place import Place
from tests.personal_data import marked, plain

DETECTORS = {"email": mail, "login": login, "ip": ip}


@pytest.mark.parametrize("kind", DETECTORS)
def test_each_finds_what_is_marked_as_its_own_and_nothing_in_plain_texts(kind: str) -> None:
    detect: Callable[[str], Iterator[Place]] = DETECTORS[kind]
    for case in marked(kind):
        real = [(place.start, place.end, kind) for place in detect(case.text) if place.real]
        assert set(real) >= {place for place in case.places if place[2] == kind}
    assert [text for text in plain() if any(place.real for place in detect(text))] == []


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a@example.com", [Place(0, 13, False)]),
        ("a@b.c", []),  # no domain of one letter
        (f"{'a' * 64}@web.de", [Place(0, 71)]),
        (f"{'a' * 65}@web.de", []),  # RFC 5321: 64 at most
        ("a@@web.de", []),
        ("联系a@web.de请", [Place(0, 10)]),
    ],
)
def test_mail_has_the_form_of_its_rfc(text: str, places: list[Place]) -> None:
    assert list(mail(text)) == places


def test_a_version_of_four_numbers_is_no_address() -> None:
    assert list(ip("version 84.119.23.7")) == [Place(8, 19, False)]
    assert list(ip("from 84.119.23.7")) == [Place(5, 16)]
    assert list(ip("84.119.23.7.5")) == []
