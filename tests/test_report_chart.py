import csv
import io

import pytest

from selfinstruct.report.chart import Table, nothing


@pytest.mark.parametrize("opener", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_quoted_and_a_number_is_not(opener: str) -> None:
    text = Table((f"{opener}head", "n"), ((f"{opener}1+1", -1.5), ("-", None))).csv()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        [f"'{opener}head", "n"],
        [f"'{opener}1+1", "-1.5"],
        ["'-", ""],
    ]


def test_cells_with_commas_quotes_and_line_breaks_come_back() -> None:
    rows = (("a,b", 'say "hi"', "two\nlines"), ("é", "漢", ""))
    text = Table(("x", "y", "z"), rows).csv()
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert [tuple(row) for row in found] == [("x", "y", "z"), *rows]


def test_a_chart_of_nothing_says_why_and_keeps_its_columns() -> None:
    chart = nothing("n", "T", "c", ("a", "b"), "too few: 0 rows\ngo on")
    assert chart.draw is None
    assert chart.missing == "too few: 0 rows\ngo on"
    assert chart.table.csv() == "a,b\r\n"
