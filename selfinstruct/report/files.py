"""Charts as files: the drawing as SVG and its numbers as CSV, side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import write_atomic
from selfinstruct.report import canvas
from selfinstruct.report.chart import Chart
from selfinstruct.report.curve import ratio_chart
from selfinstruct.report.forest import forest_chart
from selfinstruct.report.thresholds import thresholds_chart


def write_chart(chart: Chart, svg: str, folder: Path) -> list[Path]:
    """A chart and its drawing as `NAME.svg` and `NAME.csv` of a folder; their paths."""
    paths = [folder / f"{chart.name}.svg", folder / f"{chart.name}.csv"]
    for path, content in zip(paths, (svg, chart.table.csv()), strict=True):
        write_atomic(path, content)
    return paths


def sweep_picture(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """The object that `sweep --json` prints in, `sweep.svg` and `sweep.csv` in a folder out."""
    chart = ratio_chart(found)
    return write_chart(chart, canvas.draw_svg(chart), folder)


def compare_picture(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """The object that `compare --json` prints in, `compare.svg` and `.csv` in a folder out."""
    chart = forest_chart(found)
    return write_chart(chart, canvas.draw_svg(chart), folder)


def thresholds_picture(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """The object that `refilter --curve KEY --json` prints in, `thresholds.svg` and `.csv` out."""
    chart = thresholds_chart(found)
    return write_chart(chart, canvas.draw_svg(chart), folder)
