"""Numbers of waves that are no waves are told in words."""

import pytest

from selfinstruct.purposes import (
    CALIBRATE_WAVE,
    JUDGE_WAVE,
    PAIRS_WAVE,
    VERIFY_WAVE,
    purpose,
)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((1, 0), None),
        ((3, 999_999), None),
        ((2, JUDGE_WAVE), "gate's judge"),
        ((1, VERIFY_WAVE), "verification of wave 0"),
        ((4, VERIFY_WAVE + 17), "verification of wave 17"),
        ((0, PAIRS_WAVE), "pairs"),
        ((0, CALIBRATE_WAVE), "calibration"),
    ],
)
def test_what_calls_are_for_is_told_in_words(place: tuple[int, int], words: str | None) -> None:
    assert purpose(*place) == words
