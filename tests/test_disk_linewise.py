import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from selfinstruct.disk.linewise import SHOWN, bad_lines, read_lines
from selfinstruct.errors import UserError


class Word(BaseModel):
    """A line that is one."""

    word: str


def parse(line: str) -> str:
    return Word.model_validate_json(line).word


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_each_line_comes_with_its_number_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "w", '{"word": "a"}', "", '{"word": "b\u2028c"}', " ")
    assert read_lines(path, parse, "") == [(1, "a"), (3, "b\u2028c")]
    assert read_lines(write(tmp_path / "none"), parse, "") == []


def test_every_line_that_is_none_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    path = write(tmp_path / "w", "{", '{"word": "a"}', '{"word": 1}')
    with pytest.raises(UserError) as caught:
        read_lines(path, parse, "mend them")
    first, *told = caught.value.what.splitlines()
    assert first == f"{path}: 2 of 3 lines cannot be taken"
    assert told[0].startswith(f"{path}:1: the line: Invalid JSON")
    assert told[1] == f"{path}:3: word: Input should be a valid string"
    assert caught.value.why == "it is taken whole or not at all, so nothing was"
    assert caught.value.next_step == "mend them"


@pytest.mark.parametrize(
    ("faults", "shown", "last"),
    [
        (1, 1, "f:1: bad"),
        (SHOWN, SHOWN, f"f:{SHOWN}: bad"),
        (SHOWN + 1, SHOWN + 1, "and 1 more"),
        (SHOWN + 7, SHOWN + 1, "and 7 more"),
    ],
)
def test_of_many_faults_the_first_are_named_and_the_others_counted(
    faults: int, shown: int, last: str
) -> None:
    found = [(number, "bad") for number in range(1, faults + 1)]
    head, *told = bad_lines(Path("f"), found, faults, "").what.splitlines()
    assert head == f"f: {faults} of {faults} line{'s' * (faults > 1)} cannot be taken"
    assert (len(told), told[-1]) == (shown, last)


def test_what_is_no_fault_of_a_line_is_not_caught(tmp_path: Path) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_lines(write(tmp_path / "w", "{"), json.loads, "")
