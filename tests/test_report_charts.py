from pathlib import Path

import pytest

from selfinstruct.report.charts import run_charts
from selfinstruct.report.gather import gather
from selfinstruct.store import Store
from tests.drawn import faults
from tests.reported import Plan, write_reported_run

NAMES = (
    *("sweep", "rounds", "novelty", "funnel", "watch", "lengths", "arms", "labels", "verbs"),
    *("judge", "losses", "cost"),
)
LONG = [f"{i} is a label of some forty characters long" for i in range(77)]


def test_twelve_charts_with_their_count_caption_and_table(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2))
    charts = run_charts(gather(tmp_path))
    assert tuple(chart.name for chart in charts) == NAMES
    for chart in charts:
        assert chart.draw is not None, chart.name
        assert chart.caption.startswith("Look for")
        assert any(char.isdigit() for char in chart.count)
        assert chart.table.rows
        assert {len(row) for row in chart.table.rows} == {len(chart.table.head)}


def test_a_run_of_nothing_but_rows_has_twelve_panels_that_say_why(tmp_path: Path) -> None:
    write_reported_run(tmp_path / "whole", Plan(rounds=1))
    with Store(tmp_path / "new", write=True) as store:
        store.freeze(gather(tmp_path / "whole").data)
    charts = run_charts(gather(tmp_path / "new"))
    assert len(charts) == 12
    for chart in charts:
        assert chart.draw is None
        why, _, step = chart.missing.partition("\n")
        assert why and step
        assert chart.table.head and not chart.table.rows


@pytest.mark.slow
@pytest.mark.parametrize(
    "plan",
    [
        Plan(rounds=1),
        Plan(rounds=6, labels=LONG[:12]),
        Plan(rounds=15, labels=()),
        Plan(rounds=2, labels=LONG, kept=150),
        Plan(rounds=1, kept=0),
        Plan(rounds=1, words="$x_1$ <b> \x1b[2J \u202e" + "w" * 10_000, labels=["$a$ \u202e" * 9]),
    ],
    ids=["one round", "12 long labels", "15 rounds", "77 labels", "nothing kept", "hostile"],
)
def test_every_text_can_be_read(tmp_path: Path, plan: Plan) -> None:
    write_reported_run(tmp_path, plan)
    found = {chart.name: faults(chart) for chart in run_charts(gather(tmp_path))}
    assert not {name: each for name, each in found.items() if each}
