from dataclasses import replace

import pytest

from selfinstruct.config import (
    FiltersConfig,
    FormatConfig,
    LanguageConfig,
    LengthConfig,
    ScriptConfig,
)
from selfinstruct.filters.language import Guess, Languages
from selfinstruct.filters.standards import Standards
from selfinstruct.types import Example

ROWS = [
    Example(f"Sort the ticket number {n} by team", response='{"team": "sales"}') for n in range(20)
]
STANDARDS = Standards.of(ROWS, FiltersConfig())
SOUND = ROWS[0]
LONG = "Sort the ticket number 7 by team " * 9


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (SOUND, None),
        (replace(SOUND, response="Команда продаж."), "foreign_script"),
        (replace(SOUND, instruction=LONG), "length_outlier"),
        (replace(SOUND, response="The sales team."), "not_json"),
        (replace(SOUND, instruction=LONG, response="Команда продаж."), "foreign_script"),
        (replace(SOUND, instruction=LONG, response="Sales."), "length_outlier"),
    ],
)
def test_the_cheapest_standard_that_is_missed_is_told(draft: Example, reason: str | None) -> None:
    fault = STANDARDS.fault(draft)
    assert (fault and fault.reason) == reason


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (replace(SOUND, response="Команда продаж."), None),
        (replace(SOUND, response="The sales team."), None),
        (replace(SOUND, instruction="Отсортируй заявку по команде"), "foreign_script"),
        (replace(SOUND, instruction=LONG), "length_outlier"),
    ],
)
def test_of_a_question_only_its_own_words_count(draft: Example, reason: str | None) -> None:
    fault = STANDARDS.question_fault(draft)
    assert (fault and fault.reason) == reason


def test_the_language_is_asked_about_last() -> None:
    cfg = LanguageConfig(expected=("en",), min_words=2)
    languages = Languages.of([], cfg, lambda _: Guess("de", 1.0))
    standards = replace(STANDARDS, languages=languages)
    for fault in (standards.fault(SOUND), standards.question_fault(SOUND)):
        assert fault is not None and fault.reason == "foreign_language"
    fault = standards.fault(replace(SOUND, response="Sales."))
    assert fault is not None and fault.reason == "not_json"


def test_all_of_it_can_be_off() -> None:
    off = FiltersConfig(
        script=ScriptConfig(max_foreign=None),
        length=LengthConfig(factor=None),
        format=FormatConfig(json_responses=False, code=False),
    )
    draft = replace(SOUND, instruction=LONG, response="Команда продаж. ```python\n(\n```")
    assert Standards.of(ROWS, off).fault(draft) is None


def test_no_real_row_falls_short_of_its_own_standards() -> None:
    assert [STANDARDS.fault(row) for row in ROWS] == [None] * len(ROWS)
