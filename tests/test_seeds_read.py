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


def test_a_reason_is_told_once_with_its_lines(tmp_path: Path) -> None:
    message = fault(tmp_path, line(GOOD) + "{}\n" * 23)
    assert message.startswith("seeds.jsonl: 23 of 24 rows cannot be used\nseeds.jsonl:2: ")
    assert "\n  the same of 22 more rows, lines 3, 4, 5, 6, 7, ...\n" in message
    assert "next: mend them, or leave them out with seeds.skip_bad=true" in message


def test_columns_that_go_by_other_names_are_proposed(tmp_path: Path) -> None:
    texts = "".join(f"where is order {n} of mine,{'late' if n % 2 else 'fee'}\n" for n in range(9))
    message = fault(tmp_path, f"message,topic\n{texts}", "a.csv")
    assert "9 of 9 rows cannot be used\na.csv:2: no instruction" in message
    assert "next: try: selfinstruct init NEW --from a.csv" in message
    assert """or set 'seeds.columns={"input": "message", "label": "topic"}'""" in message
    assert "seeds.instruction to what is to be done with each" in message
    asked = fault(
        tmp_path, f"prompt,completion\n{texts.replace('late', 'it is late, I fear')}", "a.csv"
    )
    assert "seeds.instruction" not in asked


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


def test_labels_are_renamed_before_they_are_compared(tmp_path: Path) -> None:
    rows = line({"input": "x", "label": "Refund"}) + line({"input": "x", "label": "refund"})
    asked = {"instruction": "Sort."}
    assert "same question as line 1, other label: 'refund'" in fault(tmp_path, rows, **asked)
    meant = {"Refund": "refund"}
    result = read(tmp_path, rows, labels=("refund",), rename_labels=meant, **asked)
    assert [example.label for example in result.examples] == ["refund"]
    assert result.duplicates == 1
    unknown = fault(tmp_path, rows, rename_labels={"Refnd": "refund"}, skip_bad=True, **asked)
    assert "has the label 'Refnd', which seeds.rename_labels names" in unknown
    assert "did you mean 'Refund'?" in unknown


def test_rows_that_lack_what_is_required_are_left_out_and_counted(tmp_path: Path) -> None:
    asked = {"instruction": "Sort.", "input": "x"}
    rows = "".join(
        line({**asked, "input": str(n), **rest})
        for n, rest in enumerate(
            [{"label": "a", "response": "b"}, {"label": "a"}, {"response": "b"}, {}]
        )
    )
    both = read(tmp_path, rows, require=("label", "response"))
    assert ([e.input for e in both.examples], both.incomplete, both.skipped) == (["0"], 3, 0)
    answered = read(tmp_path, rows, require=("response",))
    assert ([e.input for e in answered.examples], answered.incomplete) == (["0", "2"], 2)
    assert "seeds.jsonl:4: no response and no label" in fault(tmp_path, rows)
    none = fault(tmp_path, line({**asked, "label": "a"}), require=("response",))
    assert "why:  1 rows lack what seeds.require names" in none


def test_turns_out_of_order_are_mended_where_that_is_asked(tmp_path: Path) -> None:
    said = [("assistant", "Hi!"), ("user", "My card"), ("user", "fails."), ("assistant", "Sorry.")]
    talk = line({"messages": [{"role": role, "content": text} for role, text in said]})
    good = line({"messages": [{"role": role, "content": text} for role, text in said[2:]]})
    assert "next: read them with seeds.mend_turns=true" in fault(tmp_path, talk + good)
    result = read(tmp_path, talk + good, mend_turns=True)
    assert [words(example) for example in result.examples] == [
        ("My card\nfails.", "", "Sorry."),
        ("fails.", "", "Sorry."),
    ]
    assert (result.mended, result.skipped) == (1, 0)
    nobody = line({"messages": [{"role": "assistant", "content": "Hi!"}]})
    assert "no turn of the assistant" in fault(tmp_path, nobody, mend_turns=True)


def test_what_is_not_read_of_a_file_is_told(tmp_path: Path) -> None:
    result = read(
        tmp_path,
        "Id;Body;Answer;Status\n1;a;b;open\n",
        "a.csv",
        columns={"instruction": "Body", "response": "Answer"},
    )
    assert result.unread == ("Id", "Status")
    assert result.form == ("cells parted by semicolons",)
    nested = {"ticket": {"body": "a"}, "answer": "b", "id": 1}
    columns = {"instruction": "ticket.body", "response": "answer"}
    assert read(tmp_path, line(nested), columns=columns).unread == ("id",)
