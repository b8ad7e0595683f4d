"""The twelve charts of a run, in the order of the page."""

from selfinstruct.report.arms import arms_chart
from selfinstruct.report.chart import Chart
from selfinstruct.report.curve import ratio_chart
from selfinstruct.report.gather import Facts
from selfinstruct.report.labels import labels_chart, verbs_chart
from selfinstruct.report.rounds import rounds_chart
from selfinstruct.report.texts import lengths_chart, novelty_chart
from selfinstruct.report.watch import judge_chart, watch_chart
from selfinstruct.report.work import cost_chart, funnel_chart, losses_chart


def run_charts(facts: Facts) -> list[Chart]:
    """Every chart, those with nothing to show included."""
    return [
        ratio_chart(facts.sweep),
        rounds_chart(facts),
        novelty_chart(facts),
        funnel_chart(facts),
        watch_chart(facts),
        lengths_chart(facts),
        arms_chart(facts),
        labels_chart(facts),
        verbs_chart(facts),
        judge_chart(facts),
        losses_chart(facts),
        cost_chart(facts),
    ]
