"""A comparison as a forest plot: every paired difference with its interval, by metric and slice.

Takes the object that `compare --json` prints.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.telling import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "compare"
CAPTION = (
    "Look for intervals that stay clear of the line at zero; one that covers it may be chance. "
    "Right of the line is better than the reference; slices are the worst first."
)
MOST_SLICES, FEWER_SLICES = 12, 5
"""Slices drawn of each student; the fewer where there are more than two students."""
HEADROOM, ROW = 0.75, 0.26
KINDS = {
    "better": (look.GREEN, "o"),
    "worse": (look.RED, "s"),
    "inconclusive": (look.MUTED, "D"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One difference: whose, on how many rows, with its interval and verdict."""

    name: str
    n: int
    value: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Differences in one unit, under each other; `most` of them are drawn."""

    title: str
    lines: tuple[Line, ...]
    most: int | None = None


def forest_chart(found: Mapping[str, Any]) -> Chart:
    """A panel for each metric with a line for each student, then one of each student's slices."""
    panels = [*_metrics(found), *_slices(found)]
    head = ("panel", "line", "n", "gain", "low", "high", "verdict")
    if not panels:
        return nothing(
            NAME, TITLES[NAME], CAPTION, head, "nothing was compared\nselfinstruct compare A B"
        )
    rows: list[tuple[Cell, ...]] = [
        (panel.title, line.name, line.n, line.value, line.low, line.high, line.verdict)
        for panel in panels
        for line in panel.lines
    ]
    shown = [Panel(panel.title, panel.lines[: panel.most]) for panel in panels]
    sizes = sorted({one["n"] for one in found["comparisons"]})
    return Chart(
        NAME,
        TITLES[NAME],
        CAPTION,
        f"{' or '.join(map(str, sizes))} gate rows, reference {found['reference']}",
        Table(head, tuple(rows)),
        partial(_draw, shown),
        height=0.4 + sum(map(_height, shown)),
    )


def _metrics(found: Mapping[str, Any]) -> list[Panel]:
    names = dict.fromkeys(name for one in found["comparisons"] for name in one["metrics"])
    return [
        Panel(
            f"gain in {NAMES.get(name, name)}",
            tuple(
                _line(one["student"], one["metrics"][name])
                for one in found["comparisons"]
                if name in one["metrics"]
            ),
        )
        for name in names
    ]


def _slices(found: Mapping[str, Any]) -> list[Panel]:
    panels = []
    most = MOST_SLICES if len(found["comparisons"]) <= 2 else FEWER_SLICES
    for one in found["comparisons"]:
        tested = [each for each in one["slices"] if each["comparison"]]
        if tested:
            worst = f", the worst {most} of {len(tested)}" * (len(tested) > most)
            title = f"{one['student']}: gain in {NAMES.get(one['primary'], one['primary'])}{worst}"
            lines = [
                _line(f"{each['dimension']}: {each['value']}", each["comparison"])
                for each in tested
            ]
            panels.append(Panel(title, tuple(lines), most))
    return panels


def _line(name: str, compared: Mapping[str, Any]) -> Line:
    gain = compared["gain"]
    ends = (gain["value"], gain["low"], gain["high"])
    return Line(name, compared["n"], *ends, compared["verdict"])


def _height(panel: Panel) -> float:
    return HEADROOM + ROW * len(panel.lines)


def _draw(panels: Sequence[Panel], figure: "Figure") -> None:
    axes = figure.subplots(
        len(panels), squeeze=False, height_ratios=[_height(panel) for panel in panels]
    )[:, 0]
    for ax, panel in zip(axes, panels, strict=True):
        _draw_panel(ax, panel)
    verdicts = {line.verdict for panel in panels for line in panel.lines}
    handles = [
        axes[0].plot([], [], marker=marker, color=colour, label=verdict)[0]
        for verdict, (colour, marker) in KINDS.items()
        if verdict in verdicts
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)


def _draw_panel(ax: "Axes", panel: Panel) -> None:
    for y, line in enumerate(panel.lines):
        colour, marker = KINDS[line.verdict]
        ax.plot([line.low, line.high], [y, y], color=colour, lw=1.8)
        filled = colour if line.verdict != "inconclusive" else look.PAPER
        ax.plot([line.value], [y], marker=marker, color=colour, mfc=filled, ms=7)
    ax.axvline(0, color=look.INK, lw=1)
    names = [f"{look.plain(line.name)} (n = {line.n})" for line in panel.lines]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.08)
    ax.set_title(look.plain(panel.title, 80))
