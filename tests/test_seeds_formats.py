import json
from pathlib import Path
from typing import Any

import pytest

from tests.seed_files import GOOD, fault, line, read, rest, words


@pytest.mark.parametrize("name", ["seeds.json", "seeds.jsonl"])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_alpaca_array_is_read_with_the_lines_of_its_rows(
    tmp_path: Path, name: str, indent: int | None
) -> None:
    rows = [{"instruction": f"Add {n}.", "input": "1", "output": str(n + 1)} for n in range(3)]
    examples = read(tmp_path, " \n" + json.dumps(rows, indent=indent), name).examples
    assert [words(example) for example in examples] == [
        ("Add 0.", "1", "1"),
        ("Add 1.", "1", "2"),
        ("Add 2.", "1", "3"),
    ]
    lines = [2, 2, 2] if indent is None else [3, 8, 13]
    assert [example.source for example in examples] == [f"{name}:{number}" for number in lines]


def test_json_lines_may_be_named_json(tmp_path: Path) -> None:
    assert words(read(tmp_path, line(GOOD), "seeds.json").examples[0])[2] == "Pear."


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + line(GOOD).encode(),
        line(GOOD).replace("\n", "\r\n").encode(),
        b"\n  \n" + line(GOOD).encode() + b"\t\n\n",
        line(GOOD).rstrip("\n").encode(),
        (b"\xef\xbb\xbf" + line(GOOD).encode()) * 2,
    ],
    ids=["byte-order-mark", "crlf", "blank-lines", "no-last-newline", "joined-files"],
)
def test_files_of_other_editors_read_the_same(tmp_path: Path, data: bytes) -> None:
    result = read(tmp_path, data)
    assert [words(example) for example in result.examples] == [("Name a fruit.", "", "Pear.")]
    assert result.skipped == 0


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085", "\u200b", "\u202e"])
def test_unicode_separators_and_format_characters_stay_in_the_text(
    tmp_path: Path, separator: str
) -> None:
    row = {"instruction": f"a{separator}b", "response": "c"}
    assert read(tmp_path, line(row)).examples[0].instruction == f"a{separator}b"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"instruction": "a", }\n', "not JSON: "),
        ('{"instruction": "a"\n', "not JSON: "),
        ("plain words\n", "not JSON: Expecting value at column 1"),
        ('"text"\n', "text where an object belongs"),
        ("17\n", "a number where an object belongs"),
        ("{\n", "an object over several lines"),
        (line(GOOD).rstrip() + line(GOOD), "not JSON: Extra data"),
        (line(GOOD).rstrip() + ",\n", "not JSON: Extra data"),
        (line(GOOD).replace("\n", "\r") * 2, "not JSON: Extra data"),
        (rest('"response": ', '"b", "\\ud800": 1, "\\ud800": 2'), "key '\\ud800' twice"),
        (rest('"response": "b", "x": ', "NaN"), "'NaN' is no number"),
        (rest('"response": "b", "x": ', "-Infinity"), "'-Infinity' is no number"),
        (rest('"response": "b", "x": ', "1e400"), "'1e400' is no number"),
        (rest('"response": "b", "x": ', "9" * 5000), "a number of 5,000 digits"),
        (rest('"response": "b", "x": ', "[" * 200_000), "nested too deeply"),
        (rest('"response": "b", ', '"response": "c"'), "key 'response' twice"),
        (rest('"response": ', '"a\x00b"'), "not JSON: Invalid control character at column"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_line_that_is_no_row_is_named_by_line_and_reason(
    tmp_path: Path, bad: str, reason: str
) -> None:
    content = line(GOOD) + "\n" + bad
    message = fault(tmp_path, content)
    assert f"\nseeds.jsonl:3: {reason}" in message
    skipped = read(tmp_path, content, skip_bad=True)
    assert (len(skipped.examples), skipped.skipped) == (1, 1)
    assert reason in skipped.faults[0]


def test_latin_1_lines_are_named_and_may_be_skipped(tmp_path: Path) -> None:
    data = line(GOOD).encode() + '{"instruction": "né", "response": "b"}\n'.encode("latin-1")
    assert "seeds.jsonl:2: not UTF-8: byte 0xe9 at column 19" in fault(tmp_path, data)
    assert read(tmp_path, data, skip_bad=True).skipped == 1


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", "[" * 200_000, "a.json:1: nested too deeply"),
        ("a.json", '[{"a": 1},\n]', "a.json:"),
        ("a.json", '[{"a": 1}\n{"a": 2}]', "a.json:2: not JSON: Expecting ',' or ']' at column 1"),
        ("a.json", '[{"a": 1},\n{"a": 2}', "a.json:2: not JSON: Expecting ',' or ']'"),
        ("a.json", '[{"a": 1},\n{"a": 2, "a": 3}]', "a.json:2: key 'a' twice"),
        ("a.json", '[{"a":\n\n nope}]', "a.json:3: not JSON: Expecting value at column 2"),
        ("a.json", "[]\n\n[]", "a.json:3: more text after the array"),
        ("a.json", '[{"a": 1},]', "a.json:1: not JSON: Expecting value at column 11"),
        ("a.json", '[{"a": ' + "9" * 5000 + "}]", "a.json:1: a number of 5,000 digits"),
        ("a.json", '[{"a": 1e999}]', "a.json:1: '1e999' is no number"),
        ("a.json", '[{"a": "\0"}]', "a.json:1: not JSON: Invalid control character"),
    ],
)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_file_broken_as_a_whole_cannot_be_skipped(
    tmp_path: Path, name: str, data: str | bytes, reason: str, skip_bad: bool
) -> None:
    assert fault(tmp_path, data, name, skip_bad=skip_bad).startswith(reason)


def test_what_utf_8_forbids_is_a_fault_of_its_line(tmp_path: Path) -> None:
    for bad in (b"\xed\xa0\x80", b"\xc0\x80"):  # a surrogate, and NUL in two bytes
        data = line(GOOD).encode() + b'{"instruction": "a' + bad + b'", "response": "b"}\n'
        assert "seeds.jsonl:2: not UTF-8: byte" in fault(tmp_path, data)


def test_an_array_names_the_line_of_a_bad_element(tmp_path: Path) -> None:
    content = f"[\n{line(GOOD)},\n7,\n{line({'instruction': 'a'})}]"
    message = fault(tmp_path, content, "a.json")
    assert "a.json:4: a number where an object belongs\na.json:5: no response" in message


@pytest.mark.parametrize("indent", [None, 2])
def test_rows_within_one_object_are_read_and_told(tmp_path: Path, indent: int | None) -> None:
    rows = [{"instruction": f"Add {n}.", "output": str(n)} for n in range(2)]
    data = {"total": 2, "page": {"next": "[]"}, "rows": rows, "end": [1, "}"]}
    result = read(tmp_path, json.dumps(data, indent=indent), "a.json")
    assert [words(example) for example in result.examples] == [
        ("Add 0.", "", "0"),
        ("Add 1.", "", "1"),
    ]
    assert result.form == ("its rows are under the key 'rows'",)
    lines = [1, 1] if indent is None else [7, 11]
    assert [example.source for example in result.examples] == [f"a.json:{n}" for n in lines]


def test_two_arrays_in_one_object_are_a_choice_for_people(tmp_path: Path) -> None:
    data = {"open": [GOOD], "solved": [GOOD]}
    message = fault(tmp_path, json.dumps(data), "a.json")
    assert "a.json:1: rows may be under 'open' or 'solved'" in message
    assert """jq -c '.["open"][]' OLD > NEW.jsonl""" in message


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "row",
    [
        {**GOOD, "sources": [{"url": "x"}]},
        {
            "messages": [
                {"role": "user", "content": "Name a fruit."},
                {"role": "assistant", "content": "Pear."},
            ]
        },
        {
            "conversations": [
                {"from": "human", "value": "Name a fruit."},
                {"from": "gpt", "value": "Pear."},
            ]
        },
    ],
    ids=["ours", "messages", "sharegpt"],
)
def test_a_file_of_one_row_is_that_row(
    tmp_path: Path, row: dict[str, Any], indent: int | None
) -> None:
    result = read(tmp_path, json.dumps(row, indent=indent), "a.json")
    assert [words(example) for example in result.examples] == [("Name a fruit.", "", "Pear.")]


def test_objects_over_several_lines_are_refused_as_a_whole(tmp_path: Path) -> None:
    content = "\n".join(json.dumps(GOOD, indent=2) for _ in range(2))
    message = fault(tmp_path, content, skip_bad=True)
    assert "seeds.jsonl:1: objects over several lines" in message
    assert "jq -c . OLD > NEW.jsonl" in message
