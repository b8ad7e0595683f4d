from pathlib import Path

import pytest

from selfinstruct.seeds.tables import separator_of, table_rows
from tests.seed_files import fault, read


def test_csv_keeps_quotes_commas_newlines_and_physical_lines(tmp_path: Path) -> None:
    text = 'text,category\r\n"one, ""two""\nthree",a\r\n\r\n ,\r\nplain\u2028text,b\r\n'
    examples = read(
        tmp_path,
        text,
        "seeds.csv",
        columns={"input": "text", "label": "category"},
        instruction="Name the intent.\n",
    ).examples
    assert [(e.instruction, e.input, e.label, e.source) for e in examples] == [
        ("Name the intent.", 'one, "two"\nthree', "a", "seeds.csv:2"),
        ("Name the intent.", "plain\u2028text", "b", "seeds.csv:6"),
    ]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n", ","),
        ("a;b\n", ";"),
        ("a\tb\n", "\t"),
        ("a|b\n", "|"),
        ("a\n", ","),
        ('"one, two";b\n', ";"),
        ("Name;Question, short;Answer\n", ";"),
        ("a,b;c\n", ","),  # as many names either way
        ("\n\na;b\n", ";"),
        ("sep=;\na,x;b,y\n", ";"),
        ("sep=|\na;b|c\n", "|"),
        ("", ","),
    ],
)
def test_what_parts_the_header_parts_the_cells(text: str, separator: str) -> None:
    assert separator_of(text) == separator


def test_a_line_of_excel_that_states_the_separator_is_no_header() -> None:
    text = "sep=;\r\ntext;label\r\na;b\r\n"
    assert list(table_rows(text, "a.csv", ";")) == [(3, {"text": "a", "label": "b"})]


@pytest.mark.parametrize(("name", "cell"), [("a.csv", ";"), ("a.tsv", "\t"), ("a.csv", "|")])
def test_a_table_with_other_separators_is_read_and_told(
    tmp_path: Path, name: str, cell: str
) -> None:
    result = read(tmp_path, f"instruction{cell}response\na, b{cell}c\n", name)
    assert result.examples[0].instruction == "a, b"
    assert result.form[0].startswith("cells parted by ")


def test_empty_cells_beyond_the_header_are_none(tmp_path: Path) -> None:
    content = "instruction;response\na;b;; \nc;d;e;\n"
    assert "a.csv:3: cells: 3, where the header has 2" in fault(tmp_path, content, "a.csv")
    assert len(read(tmp_path, content, "a.csv", skip_bad=True).examples) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ('instruction,label\na,b\n"c,d\ne,f\n', "a.csv:3: unexpected end of data"),
        ('instruction,label\n"c"d,e\n', "a.csv:2: ',' expected after '\"'"),
        ("label,instruction,label\nc,d,e\n", "a.csv:1: column 'label' twice"),
        ("instruction,label\rc,d\r", "a.csv:1: new-line character seen in unquoted"),
        (f"instruction,label\n{'c' * 200_000},d\n", "a.csv:2: field larger than field"),
    ],
)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_table_broken_as_a_whole_cannot_be_skipped(
    tmp_path: Path, data: str, reason: str, skip_bad: bool
) -> None:
    assert fault(tmp_path, data, "a.csv", skip_bad=skip_bad).startswith(reason)


def test_csv_rows_of_another_width_are_faults(tmp_path: Path) -> None:
    content = 'instruction,response\n"a\nb",c\nd,e,f\ng\n'
    message = fault(tmp_path, content, "a.csv")
    assert "a.csv:4: cells: 3, where the header has 2\na.csv:5: cells: 1, where the" in message
    assert len(read(tmp_path, content, "a.csv", skip_bad=True).examples) == 1


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("a\0b", "holds a NUL (U+0000)"), ("a\x1b[2Jb", "holds a control character (U+001B)")],
)
def test_what_nobody_types_is_named_in_a_csv_too(tmp_path: Path, cell: str, reason: str) -> None:
    content = f"instruction,response\nc,d\n{cell},e\n"
    assert f"a.csv:3: instruction {reason}" in fault(tmp_path, content, "a.csv")
    assert len(read(tmp_path, content, "a.csv", skip_bad=True).examples) == 1


def test_a_header_in_the_middle_is_no_row(tmp_path: Path) -> None:
    content = "instruction,response\na,b\ninstruction, response\nc,d\n"
    assert "a.csv:3: the header again" in fault(tmp_path, content, "a.csv")
    assert len(read(tmp_path, content, "a.csv", skip_bad=True).examples) == 2
