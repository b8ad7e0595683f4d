import io
from pathlib import Path

import pytest
from rich.console import Console

from selfinstruct.cli.tables import interval, print_summary
from selfinstruct.summary import read_summary
from tests.finished import write_run


def printed(folder: Path) -> str:
    out = io.StringIO()
    print_summary(Console(file=out, width=140), read_summary(folder))
    return out.getvalue()


def test_the_students_the_verdict_and_why_are_told(tmp_path: Path) -> None:
    write_run(tmp_path)
    text = printed(tmp_path)
    for words in (
        "base",
        "5.0 % [1.4, 16.5]",
        "real-only",
        "50.0 % [35.2, 64.8]",
        "round 1: ACCEPT",
        "kept 1 of 2 candidates (50%)",
        "dropped: too_similar 1",
        "1 real + 1 synthetic rows, synthetic share 50% (asked 50%)",
        "why: ",
        "on final",
        "champion: round-1",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("metric", "shown"), [("accuracy", "62.5 % [50.0, 75.0]"), ("nll", "0.625 [0.500, 0.750]")]
)
def test_a_value_is_shown_with_its_interval(metric: str, shown: str) -> None:
    assert interval(metric, {"value": 0.625, "low": 0.5, "high": 0.75}) == shown
