import re

import pytest

from selfinstruct.privacy.place import ORDER, is_date, led_by


@pytest.mark.parametrize(
    ("before", "led"),
    [
        ("order ", True),
        ("Order number: ", True),
        ("my invoice no. ", True),
        ("Bestellnummer ", True),
        ("#", True),
        ("reorder ", False),
        ("order by ", False),
        ("", False),
    ],
)
def test_a_word_explains_the_number_right_behind_it(before: str, led: bool) -> None:
    assert led_by(ORDER, f"{before}12345", len(before)) is led


def test_a_word_too_far_away_explains_nothing() -> None:
    assert not led_by(re.compile("x *$"), "x" + " " * 40 + "1", 41)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2023-11-05", True),
        ("20231105", True),
        ("05/11/2023", True),
        ("5.11.2023 10:30", True),
        ("2020-2021", True),
        ("20231305", False),
        ("05.11.20231", False),
        ("06.84.21.97.35", False),
    ],
)
def test_dates_have_a_year_of_four_digits(text: str, date: bool) -> None:
    assert is_date(text) is date
