"""The mix-ratio curve: what a sweep's students score over their synthetic share, and the choice.

Takes the object that `sweep --json` prints, so that a picture can be drawn from a file of it too.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.pictures import TITLES
from selfinstruct.report import look
from selfinstruct.report.chart import Cell, Chart, Table, nothing
from selfinstruct.telling import name_metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

NAME = "sweep"
CAPTION = (
    "Look for a share whose band stays clear of the dashed line of real rows alone; where bands "
    "cover the line, more synthetic rows are not shown to help. Band: 95 % interval of the paired "
    "difference from real rows alone."
)
HEAD = ("what", "share", "seed", "label", "score", "low", "high", "note")
MOST_LABELS = 12
CROWDED = 0.08
"""Of the width; a number nearer than this to the one before would lie on it, and is left out."""

Found = Mapping[str, Any]


def ratio_chart(found: Found | None) -> Chart:
    """A sweep's result in, its curve out, with a panel of the labels where they are known."""
    if found is None:
        return nothing(
            NAME,
            TITLES[NAME],
            CAPTION,
            HEAD,
            "no sweep of this run yet\nselfinstruct sweep CONFIG --share 0 .25 .5 .75 .9 --seeds 3",
        )
    labels = _changes(found)
    seeds = len({arm["seed"] for arm in found["arms"]})
    told = " ".join(text for text in (CAPTION, found["why"], found.get("warning")) if text)
    return Chart(
        NAME,
        TITLES[NAME],
        told,
        f"{found['dev_rows']} dev rows, {len(found['arms'])} students of {seeds} seed(s), "
        f"{found['design']}",
        Table(HEAD, tuple(_rows(found))),
        partial(_draw, found, labels),
        height=3.4 + (0.9 + 0.25 * len(_worst_and_best(labels)) if labels else 0.0),
    )


def band(found: Found) -> list[tuple[float, float, float, float]]:
    """(share, mean, low, high) in the metric's own direction.

    The ends are the real-only mean plus the ends of the paired gain, so the band has no width at
    share 0 and tells the difference, not the spread of one student.
    """
    sign = -1.0 if found["metric"] in LOWER_IS_BETTER else 1.0
    base = next(point["value"] for point in found["shares"] if point["share"] == 0)
    ends = []
    for point in found["shares"]:
        low, high = sorted(base + sign * point["gain"][end] for end in ("low", "high"))
        ends.append((point["share"], point["value"], low, high))
    return ends


def _rows(found: Found) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = [
        ("arm", arm["share"], arm["seed"], None, arm["score"], None, None, arm["failure"])
        for arm in found["arms"]
    ]
    for share, mean, low, high in band(found):
        note = "chosen" if share == found["chosen"] else None
        rows.append(("mean", share, None, None, mean, low, high, note))
    rows += [
        ("label", float(share), None, label, mean, None, None, None)
        for label, means in found.get("labels", {}).items()
        for share, mean in means.items()
    ]
    return rows


def _changes(found: Found) -> list[tuple[str, dict[float, float]]]:
    """Each label's gain over real rows alone by share, the largest loss at the highest share first.

    Signed so that more is better.
    """
    sign = -1.0 if found["metric"] in LOWER_IS_BETTER else 1.0
    changes = []
    for label, means in found.get("labels", {}).items():
        by_share = {float(share): mean for share, mean in means.items()}
        if 0.0 in by_share and len(by_share) > 1:
            base = by_share[0.0]
            gains = {share: sign * (mean - base) for share, mean in by_share.items() if share}
            changes.append((label, gains))
    return sorted(changes, key=lambda change: (min(change[1].values()), change[0]))


def _worst_and_best(
    changes: Sequence[tuple[str, dict[float, float]]],
) -> list[tuple[str, dict[float, float]]]:
    if len(changes) <= MOST_LABELS:
        return list(changes)
    return [*changes[: MOST_LABELS // 2], *changes[-(MOST_LABELS - MOST_LABELS // 2) :]]


def _draw(found: Found, labels: Sequence[tuple[str, dict[float, float]]], figure: "Figure") -> None:
    if not labels:
        _draw_curve(found, figure)
        return
    shown = _worst_and_best(labels)
    # Two figures in one: long labels below must not squeeze the curve above.
    curve, tails = figure.subfigures(
        2, squeeze=False, height_ratios=[3.4, 0.9 + 0.25 * len(shown)]
    ).ravel()
    _draw_curve(found, curve)
    _draw_labels(shown, len(labels), tails.subplots())


def _draw_curve(found: Found, figure: "FigureBase") -> None:
    ax = figure.subplots()
    points = band(found)
    shares, means, lows, highs = zip(*points, strict=True)
    ax.fill_between(shares, lows, highs, color=look.BLUE, alpha=0.18, lw=0, label="95 % interval")
    base = points[0][1]
    ax.axhline(base, color=look.MUTED, ls="--", lw=1.2, label="real rows alone")
    scored = [arm for arm in found["arms"] if arm["score"] is not None]
    ax.plot(
        [arm["share"] for arm in scored],
        [arm["score"] for arm in scored],
        ls="",
        marker="o",
        ms=4.5,
        mfc="none",
        mec=look.RED,
        label="one student (a seed)",
    )
    ax.plot(shares, means, color=look.BLUE, marker="s", ms=5, label="mean over seeds")
    failed = sorted({arm["share"] for arm in found["arms"] if arm["score"] is None})
    if failed:
        floor = ax.get_ylim()[0]
        at = [floor] * len(failed)
        ax.plot(failed, at, ls="", marker="x", ms=8, mew=2, color=look.INK, label="failed: a gap")
    chosen = found["chosen"]
    at_choice = next(point[1] for point in points if point[0] == chosen)
    label = f"chosen: {chosen:g}"
    ax.plot([chosen], [at_choice], ls="", marker="*", ms=15, color=look.ORANGE, label=label)
    ax.axvline(chosen, color=look.ORANGE, lw=1, ls=":")
    ax.set(xlabel="synthetic share of the mixture", ylabel=name_metric(found["metric"]))
    ticks = sorted({*shares, *failed})
    ax.set_xticks(ticks, _spaced_numbers(ticks))
    figure.legend(loc="outside right upper")


def _spaced_numbers(ticks: Sequence[float]) -> list[str]:
    numbers: list[str] = []
    last = -math.inf
    for tick in ticks:
        clear = tick - last >= CROWDED * (ticks[-1] - ticks[0])
        last = tick if clear else last
        numbers.append(f"{tick:g}" if clear else "")
    return numbers


def _draw_labels(shown: Sequence[tuple[str, dict[float, float]]], of: int, ax: "Axes") -> None:
    shares = sorted({share for _, gains in shown for share in gains})
    grid = [[gains.get(share, math.nan) for share in shares] for _, gains in shown]
    largest = max((abs(gain) for _, gains in shown for gain in gains.values()), default=0.0) or 1.0
    # Purple to orange: told apart by every kind of colour blindness; the number says it again.
    # A mesh and not an image, which an SVG would hold as a bitmap that pages blur or block.
    masked = np.ma.masked_invalid(grid)
    ax.pcolormesh(masked, cmap="PuOr_r", vmin=-1.6 * largest, vmax=1.6 * largest)
    ax.invert_yaxis()
    for y, row in enumerate(grid):
        for x, gain in enumerate(row):
            text = "gap" if math.isnan(gain) else f"{gain:+.2f}".replace("-0.00", "+0.00")
            ax.text(
                x + 0.5,
                y + 0.5,
                text,
                ha="center",
                va="center",
                fontsize=look.SMALL,
                color="#000000",
            )
    ax.set_xticks(np.arange(len(shares)) + 0.5, [f"{share:g}" for share in shares])
    ax.set_yticks(np.arange(len(shown)) + 0.5, [look.plain(label) for label, _ in shown])
    ax.grid(visible=False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    which = f"{len(shown)} of {of}, worst and best" if of > len(shown) else "worst first"
    ax.set_xlabel(f"synthetic share of the mixture\nnumbers: gain over real rows alone ({which})")
