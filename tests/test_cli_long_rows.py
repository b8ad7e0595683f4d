from typing import Any

import pytest

from selfinstruct.cli.long_rows import long_rows
from selfinstruct.config import Config, parse_config
from selfinstruct.seeds.survey import survey_rows
from selfinstruct.types import Example

FOUND = survey_rows([Example(f"q {n}", response="a word " * (10 * n)) for n in range(1, 11)])


def config(**sections: Any) -> Config:
    model = {"backend": "program", "name": "m:f"}
    return parse_config({"seeds": {"path": "x"}, "teacher": model, **sections})


ROOM: dict[str, Any] = {
    "student": {"max_tokens": 500},
    "evaluate": {"max_new_tokens": 300},
    "generate": {"answer": {"max_tokens": 300}},
}


@pytest.mark.parametrize(
    ("changes", "target", "notes"),
    [
        ({}, "response", []),
        ({"student": {"max_tokens": 100}}, "response", ["up to 6 of 10 rows may have more than"]),
        ({"student": {"max_tokens": 100}}, "label", ["up to 6 of 10 rows may have more than"]),
        (
            {"evaluate": {"max_new_tokens": 70}},
            "response",
            ["at least 5 of 10 responses have more"],
        ),
        ({"evaluate": {"max_new_tokens": 70}}, "label", []),
        (
            {"generate": {"answer": {"max_tokens": 70}}},
            "label_and_response",
            ["at least 5 of 10 responses have more than generate.answer.max_tokens=70"],
        ),
    ],
)
def test_rows_beyond_a_limit_are_told_before_a_run_meets_them(
    changes: dict[str, Any], target: str, notes: list[str]
) -> None:
    told = long_rows(FOUND, config(**{**ROOM, **changes}), target)
    assert len(told) == len(notes)
    assert all(note.startswith(start) for note, start in zip(told, notes, strict=True))


def test_the_limit_that_is_named_holds_all_rows() -> None:
    (note,) = long_rows(FOUND, config(**{**ROOM, "student": {"max_tokens": 100}}), "response")
    enough = int(note.rpartition("student.max_tokens=")[2].partition(" ")[0])
    assert long_rows(FOUND, config(**{**ROOM, "student": {"max_tokens": enough}}), "response") == []
