import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.seed_files import GOOD, fault, line, read, words


def test_source_and_license_have_defaults(tmp_path: Path) -> None:
    example = read(tmp_path, "\n" + line(GOOD), license="MIT").examples[0]
    assert (example.source, example.license) == ("seeds.jsonl:2", "MIT")


def test_crlf_inside_a_text_does_not_change_the_id(tmp_path: Path) -> None:
    windows, unix = (
        read(tmp_path, f'instruction,response\n"Say{end}it",It\n', "seeds.csv").examples[0]
        for end in ("\r\n", "\n")
    )
    assert windows.id == unix.id


TEXT = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: not any(unicodedata.category(c) == "Cc" and c not in "\n\t\x85" for c in text)
)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"instruction": TEXT.filter(str.strip), "response": TEXT.filter(str.strip)},
            optional={"input": TEXT, "source": TEXT, "unknown": st.integers() | TEXT},
        ),
        min_size=1,
    ),
    st.booleans(),
)
def test_any_text_survives_json_lines(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], ascii_only: bool
) -> None:
    folder = tmp_path_factory.mktemp("law")
    content = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows)
    result = read(folder, content)
    expected = dict.fromkeys(
        (row["instruction"].strip(), row.get("input", "").strip(), row["response"].strip())
        for row in rows
    )
    assert [words(example) for example in result.examples] == list(expected)
    assert len(result.examples) + result.duplicates == len(rows)


def test_twenty_faults_are_listed_and_the_rest_counted(tmp_path: Path) -> None:
    message = fault(tmp_path, line(GOOD) + "{}\n" * 23)
    assert message.startswith("seeds.jsonl: 23 of 24 rows cannot be used\nseeds.jsonl:2: ")
    assert "seeds.jsonl:21: " in message
    assert "seeds.jsonl:22: " not in message
    assert "\nand 3 more" in message


@pytest.mark.parametrize("content", ["", "\n \n", "[]", "[ ]\n", "\ufeff"])
def test_an_empty_file_is_no_seeds(tmp_path: Path, content: str) -> None:
    assert "seeds.jsonl has no usable row\n  why:  it is empty" in fault(tmp_path, content)


def test_a_header_alone_is_no_seeds(tmp_path: Path) -> None:
    message = fault(tmp_path, "instruction,response\n", "a.csv")
    assert "a.csv has no usable row" in message
    assert "JSON" not in message


def test_nothing_left_after_skipping_says_why(tmp_path: Path) -> None:
    message = fault(tmp_path, "{}\n", skip_bad=True)
    assert "no usable row" in message
    assert "seeds.jsonl:1: no instruction" in message


def test_exact_copies_are_counted_and_left_out(tmp_path: Path) -> None:
    result = read(tmp_path, line(GOOD) + line({**GOOD, "source": "copy"}) + line(GOOD))
    assert (len(result.examples), result.duplicates) == (1, 2)
    assert result.examples[0].source == "seeds.jsonl:1"


def test_one_question_may_have_two_responses_but_not_two_labels(tmp_path: Path) -> None:
    asked = {"instruction": "Sort.", "input": "x"}
    answers = line({**asked, "response": "b"}) + line({**asked, "response": "c"})
    labels = line({**asked, "label": "b"}) + line({**asked, "label": "c"})
    assert len(read(tmp_path, answers).examples) == 2
    assert "seeds.jsonl:2: same question as line 1, other label: 'c', there 'b'" in fault(
        tmp_path, labels
    )
    kept = read(tmp_path, labels, skip_bad=True)
    assert ([example.label for example in kept.examples], kept.skipped) == (["b"], 1)


def labelled(*labels: str) -> str:
    return "".join(
        line({"instruction": "Sort.", "input": f"text {n}", "label": label})
        for n, label in enumerate(labels)
    )


def test_only_the_wanted_labels_are_kept(tmp_path: Path) -> None:
    result = read(tmp_path, labelled("refund", "fee", "refund"), labels=("refund",))
    assert [example.input for example in result.examples] == ["text 0", "text 2"]
    assert (result.skipped, result.duplicates) == (0, 0)


@pytest.mark.parametrize(
    ("label", "next_step"),
    [("refnud", "did you mean 'refund'?"), ("zzz", "there are: ['fee', 'refund']")],
)
def test_a_wanted_label_that_never_occurs_is_an_error(
    tmp_path: Path, label: str, next_step: str
) -> None:
    message = fault(tmp_path, labelled("refund", "fee"), labels=("fee", label))
    assert f"has the label {label!r}" in message
    assert next_step in message


def test_a_column_that_no_row_has_is_an_error(tmp_path: Path) -> None:
    message = fault(tmp_path, "text,label\na,b\n", "a.csv", columns={"input": "txt"})
    assert "a.csv has no column 'txt', which seeds.columns.input names" in message
    assert "did you mean 'text'?" in message
