from pathlib import Path

import pytest

from selfinstruct import stats
from selfinstruct.report.gather import gather
from selfinstruct.report.rounds import rounds_chart
from tests.reported import Plan, write_reported_run


def test_scores_yield_and_tokens_of_each_round_with_their_intervals(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    rows = rounds_chart(gather(tmp_path)).table.rows
    by_key = {(row[0], row[1]): row[2:] for row in rows}
    kept = by_key["share of candidates kept", "round-1"]
    wilson = stats.wilson(12, 30)
    assert kept == (wilson.value, wilson.low, wilson.high, "accept")
    # seven answered calls of 70 tokens for twelve rows
    assert by_key["teacher tokens for one row kept", "round-2"][0] == pytest.approx(490 / 12)
    students = [row[1] for row in rows if str(row[0]).startswith("label accuracy")]
    assert students == ["base", "real-only", "round-1", "round-2"]


def test_a_round_that_kept_nothing_has_a_rate_of_zero_and_no_cost(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1, kept=0))
    rows = {row[0]: row for row in rounds_chart(gather(tmp_path)).table.rows}
    assert rows["share of candidates kept"][2] == 0
    assert "teacher tokens for one row kept" not in rows
