from pathlib import Path

from selfinstruct.report.gather import gather
from selfinstruct.report.work import cost_chart, funnel_chart, losses_chart
from tests.finished import write_run
from tests.reported import Plan, write_reported_run


def test_the_funnel_has_shares_of_the_step_before_and_of_all(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    chart = funnel_chart(gather(tmp_path))
    rows = [row for row in chart.table.rows if row[0] == "all"]
    assert rows[0][:6] == ("all", "candidates", 60, 0, 1.0, 1.0)
    assert rows[1] == ("all", "readable", 54, 6, 0.9, 0.9, "truncated 6")
    assert rows[-1][1:4] == ("trained on", 24, 0)
    for index in (1, 2):
        own = [row for row in chart.table.rows if row[0] == index]
        assert own[0][2] == 30
        assert own[-2][2] == 12


def test_a_loss_that_is_no_number_is_counted_and_empty_in_the_table(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    chart = losses_chart(gather(tmp_path))
    assert chart.count == "2 student(s), 40 steps, 1 step(s) without a number"
    assert [row[:2] for row in chart.table.rows if row[2] is None] == [("round-1", 21)]


def test_seconds_tokens_and_latencies_are_those_of_the_ledger(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    rows = {(row[0], row[1]): row[2:] for row in cost_chart(gather(tmp_path)).table.rows}
    assert rows[0, "evaluate"][0] == 24.0
    assert rows[1, "generate"][0] == 100.0
    _, tokens, calls, median, p95 = rows[1, "label_first/question.j2"]
    assert (tokens, calls) == (490, 8)
    assert isinstance(median, float) and isinstance(p95, float)
    assert 0 <= median <= p95


def test_an_older_run_has_no_losses_and_says_so(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert losses_chart(gather(tmp_path)).missing.startswith("not recorded")
