import json
from pathlib import Path

import pytest

from selfinstruct.config import FormatConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.format import Formats, read_pattern
from selfinstruct.types import Example

PROSE = Example("Name a fruit", response="A cherry.")
TICKET = Example("Sort the ticket", response='{"team": "sales"}')
SOUND = Example("Show a loop", response="```python\nfor x in y:\n    pass\n```")


def fault(
    response: str, *rows: Example, label: str | None = None, **settings: object
) -> tuple[str, float | str | None, float | str | None] | None:
    formats = Formats.of(rows or (PROSE,), FormatConfig.model_validate(settings))
    found = formats.fault(Example("Show it", response=response, label=label))
    return None if found is None else (found.reason, found.value, found.threshold)


def test_where_every_real_response_is_json_a_candidates_is_too() -> None:
    assert fault('{"team": "support"}', TICKET, TICKET) is None
    found = fault("The support team.", TICKET, TICKET)
    assert found == ("not_json", "Expecting value: line 1 column 1 (char 0)", None)
    assert fault('```json\n{"team": 1}\n```', TICKET) is not None


@pytest.mark.parametrize(
    "rows",
    [
        (TICKET, PROSE),
        (Example("Add 1 and 1", response="2"),),  # JSON by accident
        (Example("Is it so", response="true"), TICKET),
        (Example("Name the intent", "x", "", label="a"),),
    ],
)
def test_auto_asks_for_no_json_where_real_rows_do_without(rows: tuple[Example, ...]) -> None:
    assert fault("About two.", *rows) is None


def test_json_is_asked_for_or_not_whatever_the_rows() -> None:
    assert fault("About two.", PROSE, json_responses=True) is not None
    assert fault("About two.", TICKET, json_responses=False) is None
    deep = fault("[" * 100_000, PROSE, json_responses=True)
    assert deep == ("not_json", "nested too deep", None)


def test_a_label_alone_has_no_form() -> None:
    assert fault(" ", PROSE, label="a", json_responses=True, regex="x") is None


def test_a_response_is_held_to_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "ticket.json"
    path.write_text(json.dumps({"required": ["team"]}))
    assert fault('{"team": 1}', json_schema=str(path)) is None
    assert fault('{"tea": 1}', json_schema=str(path)) == ("breaks_schema", None, str(path))
    assert fault("[" * 100_000, json_schema=str(path)) is not None


def test_a_schema_that_is_missing_is_named_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"filters\.format\.json_schema: .*none\.json cannot"):
        fault("x", json_schema=str(tmp_path / "none.json"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "response", "matches"),
    [
        (r"\d+ (EUR|USD)", "12 EUR", True),
        (r"\d+ (EUR|USD)", "12 EUR or more", False),
        (r"\d+ (EUR|USD)", "about 12 EUR", False),
        (r"\d+", "12\n", False),
        (r"a|b", "ab", False),
        (r"(?s).*\bTotal: .+", "One\nTotal: 3", True),
        (r"[\p{Cyrillic} ]+", "вишня и малина", True),
        (r"a\x00b", "a\0b", True),
        (r".*", "\ud83d", True),
        (r"(a+)+b", "a" * 200_000, False),  # `re` would never come back
        (r"(a|aa)+", "a" * 200_000 + "b", False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_pattern_takes_the_whole_response_in_linear_time(
    pattern: str, response: str, matches: bool
) -> None:
    expected = None if matches else ("breaks_pattern", None, pattern)
    assert fault(response, regex=pattern) == expected


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?=a)", "(a{1000}){1000}", "a)|(b"])
def test_what_re2_does_not_take_is_refused_before_any_answer(pattern: str) -> None:
    with pytest.raises(UserError, match="RE2 does not take it"):
        read_pattern(pattern)


def test_code_that_is_marked_must_parse() -> None:
    assert fault(SOUND.response) is None
    broken = "Look:\n```python\nfor x in y\n```"
    assert fault(broken) == ("broken_code", "python: line 1: expected ':'", None)
    assert fault(broken, code=False) is None
    assert fault("```json\n{'a': 1}\n```") is not None
    assert fault("```\nfor x in y\n```") is None


def test_a_language_that_a_real_row_breaks_is_left_alone() -> None:
    session = Example("Show a session", response="```python\n>>> 1 + 1\n2\n```")
    assert fault("```python\n>>> 2\n2\n```", session) is None
    assert fault("```json\n{'a': 1}\n```", session) is not None


def test_the_first_reason_is_given() -> None:
    formats = Formats.of([TICKET], FormatConfig(regex="x"))
    found = formats.fault(PROSE)
    assert found is not None and found.reason == "not_json"
