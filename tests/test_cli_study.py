"""The verbs of an experiment by their options: what they print, and when they answer 1."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from selfinstruct.cli.app import app
from selfinstruct.errors import UserError
from selfinstruct.filters.screen import Verified, Verify, unverified
from selfinstruct.types import Example, Rejection
from tests.command import run
from tests.finished import write_run
from tests.recorded import recorded_config, write_recorded


def answer(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


def drop_the_first(examples: Sequence[Example]) -> Verified:
    """A model that turns down the first candidate of each wave."""
    return Verified({0: Rejection(examples[0], "a_rule_that_is_gone")} if examples else {})


@pytest.mark.parametrize(("verify", "code"), [(unverified, 0), (drop_the_first, 1)])
def test_refilter_answers_1_when_a_stored_fate_does_not_hold(
    tmp_path: Path, verify: Verify, code: int
) -> None:
    """As where a filter has left the code since: nothing drops what it had dropped."""
    folder = write_recorded(recorded_config(tmp_path, "label_first"), ("accept",), verify)
    done = answer("refilter", str(folder))
    assert done.exit_code == code
    assert ("do not meet the stored fate" in done.stdout) == bool(code)
    changed = answer("refilter", str(folder), "filters.novelty.threshold=0.5", "--json")
    assert changed.exit_code == 0
    assert json.loads(changed.stdout)["reproduces"] == (not code)


def test_curves_are_drawn_where_they_are_wanted(tmp_path: Path) -> None:
    folder = write_recorded(recorded_config(tmp_path, "label_first"), ("accept",))
    curve = "novelty.threshold=0.5,off"
    done = answer("refilter", str(folder), "--curve", curve, "--picture", str(tmp_path / "p"))
    assert done.exit_code == 0
    assert "◀ now" in done.stdout
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [
        "thresholds.csv",
        "thresholds.svg",
    ]


@pytest.mark.parametrize("names", ["nonsense", "novelty.threshold,nonsense", "contamination"])
def test_ablate_refuses_what_is_no_filter(tmp_path: Path, names: str) -> None:
    folder = write_recorded(recorded_config(tmp_path, "label_first"), ("accept",))
    done = answer("ablate", str(folder), "--filters", names)
    assert isinstance(done.exception, UserError)
    assert names.split(",")[-1] in str(done.exception)


@pytest.mark.parametrize(("asked", "shown"), [((), False), (("--held-out",), True)])
def test_words_of_gate_rows_are_shown_where_they_are_asked_for(
    tmp_path: Path, asked: tuple[str, ...], shown: bool
) -> None:
    write_run(tmp_path / "r")
    done = answer("compare", str(tmp_path / "r"), *asked)
    assert done.exit_code == 0
    assert ("gate ticket" in done.stdout) == shown


def test_a_comparison_can_be_a_page_beside_the_tables(tmp_path: Path) -> None:
    write_run(tmp_path / "r")
    page = tmp_path / "page.html"
    done = run("compare", str(tmp_path / "r"), "--html", str(page))
    assert done.returncode == 0, done.stderr
    assert "label accuracy" in done.stdout
    assert "Paired differences" in page.read_text(encoding="utf-8")
