"""Scores and yield from round to round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from selfinstruct import stats
from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.report.gather import Facts
from selfinstruct.report.watch import draw_interval
from selfinstruct.telling import name_metric
from selfinstruct.types import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANEL = 1.55
"""Inches of height for each metric."""


@dataclass(frozen=True, slots=True)
class Series:
    """One line over students or rounds: (place, estimate) with the name of the axis."""

    name: str
    points: tuple[tuple[str, Interval], ...]
    from_zero: bool = False


def rounds_chart(facts: Facts) -> Chart:
    """Each metric of each student, the accept rate and the tokens for one row kept."""
    title = TITLES["rounds"]
    caption = (
        "Look for metrics whose interval climbs clear of real-only; a falling accept rate or "
        "rising tokens for a row kept mean that the teacher runs dry. Bars: 95 % intervals."
    )
    head = ("what", "student", "value", "low", "high", "verdict")
    series = [*_metrics(facts), *_yields(facts)]
    if not series:
        why = "too few: no student is scored yet\nselfinstruct run CONFIG goes on"
        return nothing("rounds", title, caption, head, why)
    verdicts = {each.student: each.verdict.outcome for each in facts.rounds if each.verdict}
    rows: list[tuple[Cell, ...]] = [
        (one.name, place, at.value, at.low, at.high, verdicts.get(place))
        for one in series
        for place, at in one.points
    ]
    places = ["base", "real-only", *(each.student for each in facts.bootstrap_rounds)]
    gate = len(facts.data.gate)
    return Chart(
        "rounds",
        title,
        caption,
        f"{gate} gate rows, {len(facts.bootstrap_rounds)} round(s)",
        Table(head, tuple(rows)),
        partial(_draw_rounds, series, places, verdicts),
        height=0.6 + PANEL * len(series),
    )


def _metrics(facts: Facts) -> list[Series]:
    students = facts.summary["students"]
    metrics = list(dict.fromkeys(name for student in students for name in student["metrics"]))
    return [
        Series(
            name_metric(metric),
            tuple(
                (student["name"], _interval(student["metrics"][metric]))
                for student in students
                if metric in student["metrics"]
            ),
        )
        for metric in metrics
    ]


def _interval(found: Mapping[str, Any]) -> Interval:
    return Interval(found["value"], found["low"], found["high"])


def _yields(facts: Facts) -> list[Series]:
    rates, costs = [], []
    for each in facts.bootstrap_rounds:
        kept, seen = len(each.accepted), len(each.accepted) + len(each.rejected)
        tokens = sum(
            call.prompt_tokens + call.completion_tokens
            for call in facts.calls
            if call.round == each.index
        )
        if seen:
            rates.append((each.student, stats.wilson(kept, seen)))
        if kept and tokens:
            cost = tokens / kept
            costs.append((each.student, Interval(cost, cost, cost)))
    found = (("share of candidates kept", rates), ("teacher tokens for one row kept", costs))
    return [Series(name, tuple(points), from_zero=True) for name, points in found if points]


def _draw_rounds(
    series: Sequence[Series],
    places: Sequence[str],
    verdicts: Mapping[str, str],
    figure: "Figure",
) -> None:
    axes = figure.subplots(len(series), sharex=True, squeeze=False)[:, 0]
    at = {place: x for x, place in enumerate(places)}
    for ax, one in zip(axes, series, strict=True):
        for place, found in one.points:
            accepted = verdicts.get(place) == "accept"
            judged = place in verdicts
            colour = look.GREEN if accepted else look.RED if judged else look.BLUE
            marker = "o" if accepted else "X" if judged else "D"
            draw_interval(ax, at[place], found, colour)
            ax.plot([at[place]], [found.value], marker=marker, color=colour)
        ax.set_title(one.name)
        ax.set_xlim(-0.5, len(places) - 0.5)
        ax.margins(y=0.2)
        if one.from_zero:
            ax.set_ylim(bottom=0)
    axes[-1].set_xticks(range(len(places)), [_short(place) for place in places])
    _legend_of_verdicts(figure, verdicts)


def _short(place: str) -> str:
    return "real\nonly" if place == "real-only" else place.removeprefix("round-")


def _legend_of_verdicts(figure: "Figure", verdicts: Mapping[str, str]) -> None:
    kinds = [("D", look.BLUE, "no verdict: base, real-only")]
    if "accept" in verdicts.values():
        kinds.append(("o", look.GREEN, "accepted"))
    if set(verdicts.values()) - {"accept"}:
        kinds.append(("X", look.RED, "rejected or inconclusive"))
    ax = figure.axes[0]
    handles = [
        ax.plot([], [], ls="", marker=marker, color=colour, label=label)[0]
        for marker, colour, label in kinds
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
