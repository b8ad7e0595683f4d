from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.report.chart import Chart
from selfinstruct.report.gather import Facts, gather
from selfinstruct.report.watch import judge_chart, watch_chart
from selfinstruct.types import Interval
from selfinstruct.verdict import Signal
from tests.drawn import faults
from tests.finished import write_run
from tests.reported import Plan, write_reported_run


def test_every_signal_is_in_the_table_and_alarms_are_counted(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    chart = watch_chart(gather(tmp_path))
    assert chart.count == "9 signals, 2 round(s), 1 alarm(s)"
    assert len(chart.table.rows) == 2 * 17
    assert [row[:3] for row in chart.table.rows if row[-1]] == [(2, "distinct-1", "mixture")]


def test_an_estimate_outside_of_its_bootstrap_interval_is_drawn(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    facts = gather(tmp_path)
    odd = Signal("odd", "mixture", 1.0, 1.0, Interval(0.6, 0.7, 0.9), 0.9)
    rounds = (facts.rounds[0], replace(facts.rounds[1], signals=(odd,)))
    assert faults(watch_chart(replace(facts, rounds=rounds))) == []


def test_the_judge_says_that_there_are_no_human_labels(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    chart = judge_chart(gather(tmp_path))
    assert "No human labels" in chart.caption
    assert chart.table.rows[0] == (1, 40, 18, 13, 9, 4, 2, 0.55, True)


@pytest.mark.parametrize(
    ("make", "why"), [(watch_chart, "not recorded"), (judge_chart, "no judge was used")]
)
def test_a_run_without_them_has_panels_that_say_so(
    tmp_path: Path, make: Callable[[Facts], Chart], why: str
) -> None:
    write_run(tmp_path)
    chart = make(gather(tmp_path))
    assert chart.draw is None
    assert chart.missing.startswith(why)
