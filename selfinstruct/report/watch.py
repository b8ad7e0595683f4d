"""The collapse watch as small panels, and the judge as bars, round by round."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Chart, Table, nothing
from selfinstruct.report.gather import Facts
from selfinstruct.types import Interval
from selfinstruct.verdict import JudgeHealth, Signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 3


def watch_chart(facts: Facts) -> Chart:
    """The signals of the collapse watch as ratios to the real rows."""
    title = TITLES["watch"]
    caption = (
        "Look for a line that drifts away from 1, the real rows, and for a cross: there the whole "
        "95 % interval is beyond the limit (dotted). Texts are compared at equal sample size."
    )
    head = ("round", "signal", "of", "value", "real", "ratio", "low", "high", "limit", "alarm")
    found = [(each.index, signal) for each in facts.rounds for signal in each.signals]
    if not found:
        why = "not recorded: this run has no collapse watch\na new run of this version has one"
        return nothing("watch", title, caption, head, why)
    rows = tuple(
        (
            *(index, s.name, s.of, s.value, s.real),
            *((s.ratio.value, s.ratio.low, s.ratio.high) if s.ratio else (None, None, None)),
            *(s.limit, s.alarm),
        )
        for index, s in found
    )
    names = list(dict.fromkeys(signal.name for _, signal in found))
    lines = -(-len(names) // COLUMNS)
    rounds = len({index for index, _ in found})
    return Chart(
        "watch",
        title,
        caption,
        f"{len(names)} signals, {rounds} round(s), {sum(s.alarm for _, s in found)} alarm(s)",
        Table(head, rows),
        partial(_draw_watch, found, names),
        height=0.6 + 1.75 * lines,
    )


def judge_chart(facts: Facts) -> Chart:
    """What the judge's answers came to in each round."""
    title = TITLES["judge"]
    caption = (
        "Look for wins that outnumber losses, few split or unparsable rows, and a share of firsts "
        "near 50 %: far from it the judge goes by position. No human labels to hold it to yet."
    )
    head = ("round", "rows", "wins", "ties", "losses", "split", "unparsable", "first", "healthy")
    judged = [
        (each.index, each.verdict.judge)
        for each in facts.rounds
        if each.verdict and each.verdict.judge
    ]
    if not judged:
        why = "no judge was used\nset judge.model.backend, judge.model.name and gate.metric=judge"
        return nothing("judge", title, caption, head, why)
    rows = tuple(
        (i, j.rows, j.wins, j.ties, j.losses, j.split, j.unparsable, j.first, j.healthy)
        for i, j in judged
    )
    return Chart(
        "judge",
        title,
        caption,
        f"{judged[-1][1].rows} rows a round, each asked in both orders",
        Table(head, rows),
        partial(_draw_judge, judged),
        height=1.2 + 0.34 * len(judged),
    )


def draw_interval(ax: "Axes", x: float, found: Interval, colour: str) -> None:
    """An upright whisker at `x`; none where the interval is a point."""
    # Not error bars: those refuse an estimate outside of its bootstrap interval, which can be.
    if found.low != found.high:
        ax.plot([x, x], [found.low, found.high], marker="_", ms=6, lw=1.4, color=colour)


def _draw_watch(
    found: Sequence[tuple[int, Signal]], names: Sequence[str], figure: "Figure"
) -> None:
    lines = -(-len(names) // COLUMNS)
    axes = figure.subplots(lines, COLUMNS, squeeze=False, sharex=True).ravel()
    rounds = sorted({index for index, _ in found})
    kinds = ("mixture", "synthetic", "student")
    for ax, name in zip(axes, names, strict=False):
        own = [(index, signal) for index, signal in found if signal.name == name]
        _draw_signal(ax, name, own, kinds)
        ax.set_xlim(rounds[0] - 0.5, rounds[-1] + 0.5)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    for ax in axes[max(0, len(names) - COLUMNS) : len(names)]:
        ax.set_xlabel("round")
        ax.tick_params(labelbottom=True)
        ax.set_xticks(rounds[:: 1 + len(rounds) // 8])
    of = {signal.of for _, signal in found}
    handles = [
        axes[0].plot([], [], color=look.COLOURS[i], marker=look.MARKERS[i], label=kind)[0]
        for i, kind in enumerate(kinds)
        if kind in of
    ]
    cross = axes[0].plot([], [], ls="", marker="X", ms=9, color=look.INK, label="alarm")[0]
    figure.legend(handles=[*handles, cross], loc="outside upper left", ncols=4)


def _draw_signal(
    ax: "Axes", name: str, own: Sequence[tuple[int, Signal]], kinds: Sequence[str]
) -> None:
    as_ratio = any(signal.ratio for _, signal in own)
    for i, kind in enumerate(kinds):
        line = [
            (index, signal)
            for index, signal in own
            if signal.of == kind and (signal.ratio or not as_ratio)
        ]
        if not line:
            continue
        values = [
            signal.ratio or Interval(signal.value, signal.value, signal.value) for _, signal in line
        ]
        places = [index + 0.08 * (i - 1) for index, _ in line]
        for place, value in zip(places, values, strict=True):
            draw_interval(ax, place, value, look.COLOURS[i])
        ax.plot(
            places,
            [value.value for value in values],
            color=look.COLOURS[i],
            marker=look.MARKERS[i],
            ms=4.5,
            lw=1.2,
        )
        for place, (_, signal), value in zip(places, line, values, strict=True):
            if signal.alarm:
                ax.plot([place], [value.value], marker="X", ms=9, color=look.INK, zorder=4)
    ax.axhline(1.0 if as_ratio else own[-1][1].real, color=look.MUTED, lw=1, ls="--")
    for limit in sorted({signal.limit for _, signal in own if signal.limit is not None}):
        ax.axhline(limit, color=look.RED, lw=1.2, ls=":")
    ax.set_title(look.plain(name, 29), fontsize=look.SMALL)
    ax.set_ylabel("ratio to real" if as_ratio else "value")


def _draw_judge(judged: Sequence[tuple[int, JudgeHealth]], figure: "Figure") -> None:
    ax = figure.subplots()
    labels = []
    for y, (index, judge) in enumerate(judged):
        split = min(judge.split, judge.ties)
        parts = (
            ("wins", judge.wins, look.BLUE, ""),
            ("ties", judge.ties - split, look.FAINT, ""),
            ("ties split by position", split, look.SKY, "\\\\\\\\"),
            ("losses", judge.losses, look.RED, "////"),
        )
        left = 0
        for name, count, colour, hatch in parts:
            label = name if y == 0 else None
            ax.barh([y], [count], left=left, color=colour, hatch=hatch, height=0.6, label=label)
            if count * 25 >= judge.rows:
                ax.text(
                    left + count / 2,
                    y,
                    str(count),
                    ha="center",
                    va="center",
                    fontsize=look.SMALL,
                    color="#000000",
                    bbox={"facecolor": "#ffffff", "edgecolor": "none", "pad": 1.2},
                )
            left += count
        health = "" if judge.healthy else ", not healthy"
        ax.text(
            judge.rows * 1.02,
            y,
            f"{judge.unparsable} unparsable, first {judge.first:.0%}{health}",
            va="center",
            fontsize=look.SMALL,
        )
        labels.append(f"round {index}")
    ax.set_yticks(range(len(judged)), labels)
    ax.set_xlim(0, max(judge.rows for _, judge in judged) * 1.55)
    ax.set_xlabel("gate rows")
    ax.invert_yaxis()
    ax.grid(visible=False)
    figure.legend(loc="outside upper left", ncols=4)
