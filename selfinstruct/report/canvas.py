"""The one place that draws: charts in, SVG text out, the same bytes for the same numbers.

Importing it without matplotlib raises a `UserError` that says what to install. Text stays text
(svg.fonttype none): it can be searched and read aloud, and the reader's fonts hold more scripts
than one file of ours could. No text is read as TeX, so `$` is a dollar.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.report import look
from selfinstruct.report.chart import Chart

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
except ImportError:
    raise UserError(
        "pictures need matplotlib, which is not installed",
        next_step="pip install 'selfinstruct[report]'",
    ) from None

WIDTH = 7.2
"""Inches; text of 9 points stays readable where a page scales it to 560 pixels."""

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "selfinstruct",
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "font.family": ["DejaVu Sans"],
    "font.size": look.NORMAL,
    "axes.titlesize": look.NORMAL,
    "axes.titlelocation": "left",
    "axes.labelsize": look.SMALL,
    "xtick.labelsize": look.SMALL,
    "ytick.labelsize": look.SMALL,
    "legend.fontsize": look.SMALL,
    "legend.frameon": False,
    "figure.facecolor": look.PAPER,
    "savefig.facecolor": look.PAPER,
    "axes.facecolor": look.PAPER,
    "axes.edgecolor": look.MUTED,
    "axes.labelcolor": look.INK,
    "text.color": look.INK,
    "xtick.color": look.MUTED,
    "ytick.color": look.MUTED,
    "xtick.labelcolor": look.INK,
    "ytick.labelcolor": look.INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": look.FAINT,
    "grid.linewidth": 0.6,
    "hatch.color": look.PAPER,
    "hatch.linewidth": 0.8,
    "lines.linewidth": 1.6,
    "lines.markersize": 6.0,
}
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def draw_svg(chart: Chart) -> str:
    """The chart as an SVG document with white paper."""
    out = io.StringIO()
    with _styled():
        figure = draw_figure(chart)
        figure.savefig(out, format="svg", metadata=NO_METADATA)
    return out.getvalue()


def draw_figure(chart: Chart) -> Figure:
    """The chart on a figure; a grey panel that says why where it has nothing to show."""
    with _styled():
        figure = Figure(figsize=(WIDTH, chart.height), layout="constrained")
        if chart.draw is None:
            _draw_missing(figure, chart.missing)
        else:
            chart.draw(figure)
    return figure


def for_page(svg: str, name: str, title: str) -> str:
    """An SVG document as an element of a page: the page's colours, ids that no other plot has."""
    body = svg[svg.index("<svg") :]
    for mark, value in look.ON_PAGE.items():
        body = body.replace(mark, value)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'href="#', f'href="#{name}-', body)
    body = re.sub(r"url\(#", f"url(#{name}-", body)
    return body.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


@contextmanager
def _styled() -> Iterator[None]:
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        # Only the widths are guessed from our font; the reader's draws the glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _draw_missing(figure: Figure, why: str) -> None:
    ax = figure.subplots()
    ax.set_facecolor(look.FAINT)
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color=look.INK)
