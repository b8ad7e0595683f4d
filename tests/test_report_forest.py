from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.compare import compare_students
from selfinstruct.report.forest import FEWER_SLICES, forest_chart
from tests.drawn import faults
from tests.reported import Plan, write_reported_run

LONG = [f"{i} is a label of some forty characters long" for i in range(6)]


def compared(folder: Path, rounds: int) -> dict[str, Any]:
    write_reported_run(folder, Plan(rounds=rounds, labels=LONG))
    return compare_students([str(folder)])


def test_every_metric_and_every_tested_slice_has_its_interval(tmp_path: Path) -> None:
    found = compared(tmp_path, 1)
    rows = forest_chart(found).table.rows
    tested = sum(bool(each["comparison"]) for one in found["comparisons"] for each in one["slices"])
    assert tested
    assert len(rows) == 2 * len(found["comparisons"]) + tested
    accuracy = found["comparisons"][1]["metrics"]["accuracy"]
    gain = accuracy["gain"]
    ends = (gain["value"], gain["low"], gain["high"], accuracy["verdict"])
    assert ("gain in label accuracy", "round-1", 40, *ends) in rows


def test_of_many_students_fewer_slices_are_drawn_and_the_title_says_so(tmp_path: Path) -> None:
    chart = forest_chart(compared(tmp_path, 3))
    assert any(f"the worst {FEWER_SLICES} of" in str(row[0]) for row in chart.table.rows)
    assert faults(chart) == []


@pytest.mark.parametrize("found", [{"comparisons": [], "reference": "a"}])
def test_nothing_compared_is_a_panel_that_says_so(found: dict[str, Any]) -> None:
    assert forest_chart(found).draw is None
