import pytest

from selfinstruct.privacy import fictional
from selfinstruct.privacy.numbers import is_card, is_iban


@pytest.mark.parametrize(
    ("address", "nobodys"),
    [
        ("jane.doe@example.com", True),
        ("jane@mail.EXAMPLE.org", True),
        ("jane@myexample.com", False),
        ("jane@host.test", True),
        ("jane@contest", False),
        ("support@acme.com", True),
        ("no-reply@acme.com", True),
        ("customer.service@acme.com", True),
        ("supporter@acme.com", False),
        ("icon@2x.png", True),
        ("anna@web.de", False),
    ],
)
def test_addresses_of_examples_functions_and_files_are_nobodys(address: str, nobodys: bool) -> None:
    assert fictional.is_nobodys_mail(address) is nobodys


@pytest.mark.parametrize(
    ("number", "nobodys"),
    [
        ("2125550147", True),
        ("12125550199", True),
        ("2125550200", False),
        ("2125551147", False),
        ("07700900123", True),
        ("447700900123", True),
        ("07700901123", False),
        ("02079460000", True),
        ("01632960999", True),
        ("3023125042", False),  # neither with its 0 nor with its country
        ("493023125042", True),
        ("0639981234", True),
        ("33639981234", True),
        ("0684219735", False),
        ("5555555555", True),
        ("", False),
    ],
)
def test_numbers_for_films_are_nobodys(number: str, nobodys: bool) -> None:
    assert fictional.is_nobodys_phone(number) is nobodys


@pytest.mark.parametrize(
    ("text", "nobodys"),
    [
        ("192.0.2.1", True),
        ("198.51.100.255", True),
        ("203.0.113.9", True),
        ("2001:db8::1", True),
        ("10.1.2.3", True),
        ("127.0.0.1", True),
        ("8.8.8.8", True),
        ("224.0.0.1", True),
        ("256.1.1.1", True),
        ("a::b", True),
        ("84.119.23.7", False),
        ("2a02:8109::7", False),
    ],
)
def test_addresses_of_manuals_and_of_no_route_are_nobodys(text: str, nobodys: bool) -> None:
    assert fictional.is_nobodys_ip(text) is nobodys


def test_what_is_listed_has_the_form_that_is_looked_for() -> None:
    assert [number for number in fictional.CARDS if not is_card(number)] == []
    assert [text for text in fictional.IBANS if not is_iban(text)] == []


@pytest.mark.parametrize(
    ("number", "nobodys"),
    [("4242424242424242", True), ("4000000000000002", True), ("4539148803436467", False)],
)
def test_published_test_cards_are_nobodys(number: str, nobodys: bool) -> None:
    assert fictional.is_nobodys_card(number) is nobodys


@pytest.mark.parametrize(
    ("number", "never"),
    [("078051120", True), ("000123456", True), ("536228146", False), ("900123456", True)],
)
def test_social_security_numbers_that_were_never_given_out(number: str, never: bool) -> None:
    assert bool(fictional.SSNS.fullmatch(number)) is never
