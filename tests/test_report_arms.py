from pathlib import Path
from typing import Any

import pytest

from selfinstruct.report.arms import HEAD, MOST_ARMS, arms_chart, few, join
from selfinstruct.report.gather import gather
from selfinstruct.stats import wilson
from tests.drawn import faults
from tests.reported import Plan, write_reported_run

LONG = [f"{i} is a label of some forty characters long" for i in range(77)]


def arm(label: str | None, kept: int, tokens: float | None = 50.0, **more: Any) -> dict[str, Any]:
    plain = {
        "arm": "",
        "recipe": "r",
        "version": "v1",
        "label": label,
        "request": "",
        "candidates": 40,
    }
    cost = {"calls": tokens and tokens / 25, "tokens": tokens}
    return {**plain, "kept": kept, **cost, **more}


def test_arms_are_summed_over_the_rounds_and_a_row_costs_what_all_of_them_paid() -> None:
    worst, best = join([arm("fee", 10), arm("loan", 2), arm("fee", 30, tokens=10.0)])
    assert (worst.name, worst.kept, worst.candidates) == ("r loan", 2, 40)
    assert (best.name, best.kept, best.candidates) == ("r fee", 40, 80)
    assert best.share == wilson(40, 80)
    assert best.tokens == pytest.approx((10 * 50 + 30 * 10) / 40)
    assert best.calls == pytest.approx((10 * 2 + 30 * 0.4) / 40)


def test_versions_and_requests_are_told_apart() -> None:
    lines = join([arm("fee", 1), arm("fee", 1, version="v2"), arm("fee", 1, request="a rhyme")])
    assert [line.name for line in lines] == ["r fee", 'r fee "a rhyme"', "r fee"]
    assert join([arm(None, 3, recipe="self_instruct")])[0].name == "self_instruct"


def test_what_nobody_paid_for_or_nothing_was_kept_of_has_no_price() -> None:
    unpaid, nothing = join([arm("fee", 2, tokens=None)]), join([arm("fee", 0, tokens=None)])
    assert (unpaid[0].calls, nothing[0].tokens) == (None, None)


def test_of_many_arms_the_ends_are_drawn_and_all_are_in_the_table(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1, labels=LONG, kept=300, dropped=300))
    chart = arms_chart(gather(tmp_path))
    lines = join(gather(tmp_path).summary["rounds"][0]["arms"])
    assert len(chart.table.rows) == len(lines) == 77
    assert f"77 arms ({MOST_ARMS} shown, least and most kept)" in chart.count
    shares = [row[HEAD.index("share")] for row in chart.table.rows]
    assert shares == sorted(shares, key=lambda share: float(str(share)))
    assert few(lines) == [*lines[:12], *lines[-12:]]
    assert few(lines[:MOST_ARMS]) == lines[:MOST_ARMS]


@pytest.mark.slow
def test_the_picture_can_be_read(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1, labels=LONG, kept=300, dropped=300))
    assert faults(arms_chart(gather(tmp_path))) == []
