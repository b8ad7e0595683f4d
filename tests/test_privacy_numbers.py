import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.privacy.numbers import digits, is_card, is_iban, is_international, passes_luhn


@pytest.mark.parametrize(
    ("number", "passes"),
    [("79927398713", True), ("79927398710", False), ("0", True), ("18", True), ("81", False)],
)
def test_luhn_as_in_the_standards_examples(number: str, passes: bool) -> None:
    assert passes_luhn(number) is passes


@given(st.text("0123456789", min_size=1, max_size=20), st.data())
def test_one_wrong_digit_is_always_seen(number: str, data: st.DataObject) -> None:
    sound = next(f"{number}{last}" for last in range(10) if passes_luhn(f"{number}{last}"))
    place = data.draw(st.integers(0, len(sound) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != sound[place]]))
    assert not passes_luhn(sound[:place] + other + sound[place + 1 :])


@pytest.mark.parametrize(
    ("number", "card"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),
        ("378282246310005", True),
        ("30569309025904", True),
        ("5555555555554444", True),
        ("2223003122003222", True),
        ("3530111333300000", True),
        ("6200000000000005", True),
        ("1111111111111117", False),  # no network begins so
        ("42", False),
        ("", False),
    ],
)
def test_a_card_has_a_network_a_length_and_a_check_digit(number: str, card: bool) -> None:
    assert is_card(number) is card


@pytest.mark.parametrize(
    ("text", "iban"),
    [
        ("DE89370400440532013000", True),
        ("GB29NWBK60161331926819", True),
        ("NO9386011117947", True),
        ("MT84MALT011000012345MTLCAST001S", True),
        ("DE89370400440532013001", False),
        ("DE8937040044053201300", False),  # too short
        ("ZZ89370400440532013000", False),
        ("DE8937040044053201300\u0661", False),
        ("", False),
    ],
)
def test_an_iban_has_its_countrys_length_and_leaves_1_of_97(text: str, iban: bool) -> None:
    assert is_iban(text) is iban


@pytest.mark.parametrize(
    ("number", "can_be"),
    [
        ("14158672291", True),
        ("1415867229", False),
        ("4915112345678", True),
        ("35812345678", True),
        ("2101234567", True),  # of 21x some are given out, and the range counts whole
        ("28012345678", False),  # of 28x none
        ("99999999999999999", False),
        ("0123456789", False),
        ("", False),
    ],
)
def test_a_number_behind_a_plus_has_a_calling_code(number: str, can_be: bool) -> None:
    assert is_international(number) is can_be


def test_digits_of_any_script_are_read() -> None:
    assert digits("\u0664\u0662 (0)\u00b2x") == "420"
