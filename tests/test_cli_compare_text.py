import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from selfinstruct.cli.compare import compare_students
from selfinstruct.cli.compare_text import as_markdown, print_comparison
from tests.finished import write_run


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Any]:
    write_run(tmp_path)
    return compare_students([str(tmp_path)], ["accuracy:0.1"], held_out=True)


@pytest.fixture
def hidden(tmp_path: Path) -> dict[str, Any]:
    write_run(tmp_path)
    return compare_students([str(tmp_path)], ["accuracy:0.1"])


def printed(found: dict[str, Any]) -> str:
    out = io.StringIO()
    print_comparison(Console(file=out, width=140, highlight=False), found)
    return out.getvalue()


def test_people_read_metrics_verdicts_texts_and_what_failed(found: dict[str, Any]) -> None:
    text = printed(found)
    for words in (
        "round-1 against real-only, 40 gate rows",
        "label accuracy",
        "+0.450",
        "better",
        "find a gain of",
        "improvement (a): gate ticket",
        "round-1: d says",
        "round-1 took 6 s in its round, teacher calls 1, tokens 70 in its whole run",
        "FAILED base: accuracy is worse by more than 0.1",
    ):
        assert words in text
    assert text.count("improvement (a)") == 5
    assert "--held-out" not in text


def test_unasked_rows_that_changed_have_a_name_and_a_number_on_the_terminal_and_in_markdown(
    hidden: dict[str, Any],
) -> None:
    row = hidden["comparisons"][1]["improvements"][0]["id"]
    for text, line in (
        (printed(hidden), f"improvement (a): +1.000, row {row}"),
        (as_markdown(hidden), f"| {row} | a | +1.000 |"),
    ):
        assert line in text
        assert text.count("--held-out shows their words") == 1
        for words in ("gate ticket", "d says", "c says"):
            assert words not in text


def test_a_slice_is_shown_with_its_corrected_p_value(found: dict[str, Any]) -> None:
    text = printed(found)
    assert "p (Holm)" not in text  # one label, one source, one length: nothing to cut
    pair = found["comparisons"][1]
    half = {"dimension": "label", "value": "a", "n": 20, "adjusted": 0.04}
    pair["slices"] = [half | {"comparison": pair["metrics"]["accuracy"]}]
    text = printed(found)
    assert "p (Holm)" in text
    assert "label: a" in text
    assert "0.04" in text


def test_a_label_is_no_markup_for_the_terminal(found: dict[str, Any]) -> None:
    pair = found["comparisons"][1]
    odd = {"dimension": "label", "value": "[/red] \x1b[2J", "n": 20, "adjusted": 0.04}
    pair["slices"] = [odd | {"comparison": pair["metrics"]["accuracy"]}]
    pair["student"] = "[bold]run"
    text = printed(found)
    assert "label: [/red]" in text
    assert "[bold]run" in text
    assert "\x1b" not in text


def test_markdown_has_the_same_numbers(found: dict[str, Any]) -> None:
    text = as_markdown(found)
    assert "### round-1 against real-only, 40 gate rows" in text
    assert "| label accuracy | 0.950 | 0.500 | +0.450" in text
    assert "<details><summary>10 improvements</summary>" in text
    assert "**FAILED** base: accuracy is worse" in text
    widths = [line.count(" | ") for line in text.splitlines() if line.startswith("| metric")]
    assert widths == [6, 6]


def test_text_of_others_cannot_leave_its_cell(found: dict[str, Any]) -> None:
    hostile = "a | b\n\n# x <img src=x onerror=alert(1)> [l](javascript:x) \x1b[2J `c`"
    found["comparisons"][1]["improvements"][0]["ours"] = hostile
    text = as_markdown(found)
    (line,) = [line for line in text.splitlines() if "onerror" in line]
    assert "\\<img" in line
    assert "\\|" in line
    assert "\\[l\\]" in line
    assert "\x1b" not in text
