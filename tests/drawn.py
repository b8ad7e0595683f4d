"""What is wrong with a drawn figure: text too small, cut off, or on top of other text."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import BboxBase

from selfinstruct.report.canvas import draw_figure
from selfinstruct.report.chart import Chart

SLACK = 1.0
"""Pixels that two boxes may share: glyphs do not fill theirs."""


def faults(chart: Chart) -> list[str]:
    """One sentence for each text of a chart that a reader could not read."""
    figure = draw_figure(chart)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    found = []
    unpainted = _unpainted(figure)
    texts: list[Any] = [text for text in figure.findobj(Text) if _is_there(text)]
    for text in texts:
        if id(text) in unpainted:
            continue
        if text.get_fontsize() < 9:
            found.append(f"{text.get_text()!r} has {text.get_fontsize()} points")
        if _leaves(text.get_window_extent(), figure.bbox):
            found.append(f"{text.get_text()!r} leaves the picture")
    axes: list[Any] = list(figure.findobj(Axes))
    for ax in axes:
        for group in _groups(ax):
            boxes = [(text.get_text(), text.get_window_extent()) for text in group]
            found += [
                f"{a!r} lies on {b!r}"
                for (a, one), (b, other) in combinations(boxes, 2)
                if _overlap(one, other)
            ]
    return found


def _groups(ax: Axes) -> Iterator[list[Text]]:
    for axis in (ax.xaxis, ax.yaxis):
        yield [label for label, painted in _labels(axis) if painted and _is_there(label)]
    yield [text for text in ax.texts if _is_there(text)]


def _labels(axis: Any) -> Iterator[tuple[Text, bool]]:
    """Every tick's label, and whether it is painted: matplotlib keeps ticks beyond the view."""
    low, high = sorted(axis.get_view_interval())
    for tick in axis.get_major_ticks():
        yield tick.label1, axis.axes.axison and low <= tick.get_loc() <= high


def _unpainted(figure: Any) -> set[int]:
    axes = figure.findobj(Axes)
    labels = [label for ax in axes for axis in (ax.xaxis, ax.yaxis) for label in _labels(axis)]
    names = [axis.label for ax in axes if not ax.axison for axis in (ax.xaxis, ax.yaxis)]
    return {id(label) for label, painted in labels if not painted} | set(map(id, names))


def _is_there(text: Any) -> bool:
    return bool(text.get_visible() and text.get_text().strip())


def _leaves(box: BboxBase, page: BboxBase) -> bool:
    return bool(
        box.x0 < page.x0 - SLACK
        or box.y0 < page.y0 - SLACK
        or box.x1 > page.x1 + SLACK
        or box.y1 > page.y1 + SLACK
    )


def _overlap(one: BboxBase, other: BboxBase) -> bool:
    return bool(
        one.x0 < other.x1 - SLACK
        and other.x0 < one.x1 - SLACK
        and one.y0 < other.y1 - SLACK
        and other.y0 < one.y1 - SLACK
    )
