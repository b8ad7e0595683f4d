import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from selfinstruct.cli.app import app
from selfinstruct.cli.check import ROWS
from selfinstruct.errors import UserError
from selfinstruct.store import Store
from selfinstruct.types import Example, Rejection, Screened
from tests.finished import write_run


def check(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_run(folder)
    loud = [Example("n", f"\x1b[2J loud {number}", "x", round=1) for number in range(9)]
    dropped = tuple(Rejection(row, 'odd"reason', 0.0, 0.0) for row in loud)
    with Store(folder, write=True) as store:
        store.commit_wave(1, 1, Screened((), dropped))
    return folder


def test_without_limits_every_number_is_listed(run: Path) -> None:
    done = check(run)
    assert done.exit_code == 0
    assert "kept = 0.0909091" in done.stdout
    assert "gate.accuracy = 0.95" in done.stdout


def test_limits_that_hold_answer_0_and_one_that_fails_1_with_rows(run: Path) -> None:
    assert check(run, "kept>=5%", "gate.accuracy>.9").exit_code == 0
    done = check(run, "kept>=5%", "dropped.too_similar<=.01", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert [held["holds"] for held in told["limits"]] == [True, False]
    assert told["holds"] is False
    (row,) = told["limits"][1]["rows"]
    assert (row["reason"], row["row"]["input"]) == ("too_similar", "train ticket!")


def test_rows_are_few_safe_to_print_and_only_of_what_was_dropped(run: Path) -> None:
    done = check(run, 'dropped.odd"reason<=.5', "gate.accuracy<.9", "dropped.never>=1")
    assert done.exit_code == 1
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert sum("loud" in line for line in lines) == ROWS
    assert [line.split(",")[0] for line in lines if line.startswith("FAILS")] == [
        'FAILS  dropped.odd"reason <= 0.5',
        "FAILS  gate.accuracy < 0.9",
        "FAILS  dropped.never >= 1",
    ]


def test_a_limit_on_nothing_is_refused(run: Path, tmp_path: Path) -> None:
    assert isinstance(check(run, "kpt>=.3").exception, UserError)
    assert isinstance(check(run, "kept>=.3", "--round", 4).exception, UserError)
    assert isinstance(check(tmp_path / "none", "kept>=.3").exception, UserError)
