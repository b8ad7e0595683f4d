"""That every picture that can be drawn has one title, wherever it is shown."""

from pathlib import Path

from selfinstruct.pictures import TITLES
from selfinstruct.report.charts import run_charts
from selfinstruct.report.forest import forest_chart
from selfinstruct.report.gather import gather
from selfinstruct.report.thresholds import thresholds_chart
from tests.reported import Plan, write_reported_run


def test_every_chart_has_its_title_and_no_title_is_without_its_chart(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    charts = [
        *run_charts(gather(tmp_path)),
        forest_chart({"comparisons": []}),
        thresholds_chart({"curves": []}),
    ]
    drawn = {chart.name: chart.title for chart in charts}
    assert drawn == {**TITLES, "verbs": "Labels and how their tickets open"}
