"""How many candidates pass every filter as a threshold moves: one panel for each setting.

Takes the object that `refilter --curve KEY --json` prints.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "thresholds"
CAPTION = (
    "Look for a threshold at the foot of a steep slope: there a small change admits many rows. "
    "Band: candidates of which nobody knows, since their answer was never asked for or no model "
    "measured them. Dotted: the present value."
)
HEAD = ("setting", "value", "pass", "not_asked", "not_measured", "present")
OFF = 0.08
"""Of the width: how far right of the last value the point of a filter that is off is drawn."""
PANEL = 2.2
"""Inches."""


def thresholds_chart(found: Mapping[str, Any]) -> Chart:
    """The curves of a `refilter` in, a panel of each out."""
    curves = found["curves"]
    if not curves:
        why = "no curve was asked for\nselfinstruct refilter RUN --curve novelty.threshold"
        return nothing(NAME, TITLES[NAME], CAPTION, HEAD, why)
    rows: list[tuple[Cell, ...]] = [
        (
            one["path"],
            "off" if point["value"] is None else point["value"],
            point["fit"],
            point["not_asked"],
            point["not_measured"],
            point["value"] == one["present"],
        )
        for one in curves
        for point in one["points"]
    ]
    return Chart(
        NAME,
        TITLES[NAME],
        CAPTION,
        f"{found['waves']} waves of {found['run']}",
        Table(HEAD, tuple(rows)),
        partial(_draw, curves),
        height=PANEL * len(curves) + 0.4,
    )


def _draw(curves: Sequence[Mapping[str, Any]], figure: "Figure") -> None:
    panels = figure.subplots(len(curves), squeeze=False).ravel()
    for ax, one in zip(panels, curves, strict=True):
        _draw_curve(one, ax)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=4)


def _draw_curve(one: Mapping[str, Any], ax: "Axes") -> None:
    points = one["points"]
    numbered = [point for point in points if point["value"] is not None]
    at = [point["value"] for point in numbered]
    low, high = at[0], at[-1]
    beyond = high + OFF * ((high - low) or 1)
    ax.fill_between(
        at,
        [point["fit"] for point in numbered],
        [point["most"] for point in numbered],
        step="mid",
        color=look.ORANGE,
        alpha=0.25,
        lw=0,
        label="not known",
    )
    passing = [point["fit"] for point in numbered]
    ax.plot(at, passing, color=look.BLUE, marker="o", ms=4, label="pass every filter")
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    names = [f"{tick:g}" for tick in ticks]
    off = [point for point in points if point["value"] is None]
    if off:
        ax.plot([beyond], [off[0]["fit"]], ls="", marker="s", ms=5, color=look.BLUE)
        ax.vlines(beyond, off[0]["fit"], off[0]["most"], color=look.ORANGE, alpha=0.5, lw=3)
        ticks, names = _with_off(ticks, beyond)
    present = beyond if one["present"] is None else one["present"]
    ax.axvline(present, color=look.INK, lw=1.2, ls=":", label="now")
    ax.set_xticks(ticks, names)
    ax.set_ylim(bottom=0)
    ax.set(xlabel=one["path"], ylabel="candidates")


def _with_off(ticks: Sequence[float], beyond: float) -> tuple[list[float], list[str]]:
    """The last tick makes room for the word at the end."""
    kept = list(ticks[:-1]) if len(ticks) > 1 else list(ticks)
    return [*kept, beyond], [*(f"{tick:g}" for tick in kept), "off"]
