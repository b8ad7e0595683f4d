from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.cli.compare import compare_students
from selfinstruct.report.comparison import compare_page, mark_words
from tests.finished import write_run
from tests.pages import Page


@pytest.mark.parametrize(
    ("ours", "theirs", "parts"),
    [
        ("a b c", "a x c", ([("a", False), ("b", True), ("c", False)], "x")),
        ("same words", "same words", ([("same words", False)], "")),
        ("", "x", ([], "x")),
    ],
)
def test_the_words_that_differ_are_marked(
    ours: str, theirs: str, parts: tuple[list[tuple[str, bool]], str]
) -> None:
    left, right = mark_words(ours, theirs)
    assert left == parts[0]
    assert " ".join(text for text, differs in right if differs) == parts[1]


@given(st.text("ab ", max_size=30), st.text("ab ", max_size=30))
def test_no_word_is_lost_by_marking(ours: str, theirs: str) -> None:
    left, right = mark_words(ours, theirs)
    assert " ".join(text for text, _ in left).split() == ours.split()
    assert " ".join(text for text, _ in right).split() == theirs.split()


def test_texts_too_long_to_compare_are_shown_unmarked() -> None:
    assert mark_words("a " * 500, "b") == ([("a " * 500, False)], [("b", False)])


def test_a_page_of_a_comparison_stands_on_its_own(tmp_path: Path) -> None:
    write_run(tmp_path)
    html = compare_page(compare_students([str(tmp_path)], ["accuracy:0.1"], held_out=True))
    page = Page(html)
    assert page.faults == []
    assert page.counts["svg"] == 1
    for words in (
        "Compared with real-only",
        "round-1: +45.0 points",
        "10 improvements",
        "FAILED base: accuracy is worse by more than 0.1",
        "smallest gain found 4 in 5",
        "tokens of its run",
    ):
        assert words in " ".join(page.text.split())
    assert page.counts["mark"] >= 20
    assert "--held-out" not in page.text


def test_unasked_no_word_of_a_gate_row_is_on_the_page(tmp_path: Path) -> None:
    write_run(tmp_path)
    page = Page(compare_page(compare_students([str(tmp_path)])))
    assert page.faults == []
    assert "10 improvements" in page.text and "+1.000" in page.text
    assert "--held-out shows their words" in page.text
    for words in ("gate ticket", "d says", "c says"):
        assert words not in page.text


def test_answers_labels_settings_and_names_are_data(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>{{7*7}}\u202e"
    write_run(tmp_path / "a", settings={"student.max_steps": evil})
    write_run(tmp_path / "b", right=21)
    found = compare_students([str(tmp_path / "a"), str(tmp_path / "b")], held_out=True)
    for text in found["comparisons"][0]["regressions"]:
        text |= {"asked": evil, "label": evil, "ours": evil, "theirs": evil * 200}
    html = compare_page(found | {"reference": evil})
    page = Page(html)
    assert page.faults == []
    assert "<script" not in html
    assert "{{7*7}}" in page.text
    assert "\u202e" not in html
