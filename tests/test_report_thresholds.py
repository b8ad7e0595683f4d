from typing import Any

import pytest

from selfinstruct.report.thresholds import thresholds_chart
from tests.drawn import faults


def curve(
    path: str, present: float | None, *points: tuple[float | None, int, int]
) -> dict[str, Any]:
    return {
        "path": path,
        "present": present,
        "points": [
            {"value": value, "fit": fit, "not_asked": more, "not_measured": 0, "most": fit + more}
            for value, fit, more in points
        ],
    }


def thresholds_found(*curves: dict[str, Any]) -> dict[str, Any]:
    """What `refilter --curve` prints of a small run."""
    novelty = curve(
        "filters.novelty.threshold",
        0.7,
        *((step / 20, 12 * step, max(0, step - 14) * 20) for step in range(21)),
        (None, 240, 120),
    )
    words = curve(
        "filters.heuristics.max_words", None, (0.0, 0, 0), (150.0, 300, 0), (None, 310, 2)
    )
    return {"run": "runs/t", "waves": 9, "curves": list(curves) or [novelty, words]}


def test_no_curve_is_a_panel_with_the_command_that_makes_one() -> None:
    chart = thresholds_chart({**thresholds_found(), "curves": []})
    assert chart.draw is None
    assert "selfinstruct refilter RUN --curve" in chart.missing


def test_every_point_is_in_the_table_and_the_present_one_is_marked() -> None:
    rows = thresholds_chart(thresholds_found()).table.rows
    assert len(rows) == 22 + 3
    assert [row[:3] for row in rows if row[-1]] == [
        ("filters.novelty.threshold", 0.7, 168),
        ("filters.heuristics.max_words", "off", 310),
    ]


@pytest.mark.parametrize(
    "curves",
    [
        (),
        (curve("filters.novelty.threshold", 0.7, (0.7, 3, 0)),),
        (curve("filters.heuristics.min_words", 4, (4, 0, 0), (5, 0, 0), (None, 0, 0)),),
        (curve("filters.a_section.with_a_rather_long_name", 1e6, (0, 9**9, 1), (1e6, 9**9, 1)),),
    ],
)
def test_nothing_in_the_picture_is_cut_off_or_covered(curves: tuple[dict[str, Any], ...]) -> None:
    assert faults(thresholds_chart(thresholds_found(*curves))) == []
