"""Texts of a file, each fault by its line."""

from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.recipes.passages import Passage, of_rows, read_passages
from selfinstruct.types import Example


def test_paragraphs_are_parted_by_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(b"\xef\xbb\xbfOne\nstill one\r\n\r\n\r\nTwo\n")
    found = read_passages(path, "CC0-1.0")
    assert [passage.text for passage in found] == ["One\nstill one", "Two"]
    assert {passage.license for passage in found} == {"CC0-1.0"}


def test_a_line_may_have_a_licence_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"text": " One "}\n\n{"text": "Two", "license": "MIT", "n": 3}\n')
    assert read_passages(path, "CC0-1.0") == (Passage("One", "CC0-1.0"), Passage("Two", "MIT"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", '{"text": "One"}\nnot json\n', "a.jsonl:2: no JSON"),
        ("a.jsonl", '{"text": "One"}\n{"words": "x"}\n', "a.jsonl:2: there is no `text`"),
        ("a.jsonl", "[1]\n", "a.jsonl:1: there is no `text`"),
        ("a.jsonl", '{"text": "  "}\n', "a.jsonl:1: there is no `text`"),
        ("a.txt", "\n \n\n", "holds no text"),
        ("a.jsonl", "", "holds no text"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        read_passages(tmp_path / name, "")
    with pytest.raises(UserError, match="no readable file"):
        read_passages(tmp_path / "gone.txt", "")


def test_only_rows_that_a_request_can_be_told_from_hold_a_text() -> None:
    rows = [
        Example("a", response="Five words make a text.", license="MIT"),
        Example("b", label="x"),
        Example("Which weekday is it?", response="It is a Wednesday."),  # four
        Example("Which dates?", "a clause", response="1 March, 28 February and 15 January"),
        Example("Reply.", "My card is gone", label="lost", response="I am sorry to hear that."),
    ]
    assert of_rows(rows) == (
        Passage("Five words make a text.", "MIT", rows[0]),
        Passage("I am sorry to hear that.", "", rows[4]),
    )
