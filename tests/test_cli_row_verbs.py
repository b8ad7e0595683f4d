import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from selfinstruct.cli.app import app
from selfinstruct.cli.row_verbs import moved
from selfinstruct.errors import StoreError, UserError
from selfinstruct.rows import from_example
from selfinstruct.rowsets import change
from selfinstruct.types import Example
from tests.exported import made, write_exported
from tests.finished import KEPT, write_run

LOUD = Example(
    "n", "\x1b[2J \u202eloud", "x", label="b", origin="synthetic", round=1, attempt="call-1"
)


def examples(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["examples", *map(str, arguments)])


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs, the second with a row more whose words would move a terminal."""
    old, new = tmp_path / "old", tmp_path / "new"
    write_exported(old)
    write_exported(new, extra=(LOUD,))
    return old, new


def test_scores_are_taken_once_and_found(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_run(run)
    file = tmp_path / "scores.jsonl"
    file.write_text(json.dumps({"id": KEPT.id, "name": "toxicity", "value": 0.1}))
    assert "1 scores taken" in examples("score", run, file).stdout
    told = json.loads(examples("score", run, file, "--json").stdout)
    assert (told["taken"], told["known"]) == (0, 1)
    found = json.loads(examples("list", run, "--where", "toxicity<.2", "--json").stdout)
    assert [row["id"] for row in found["rows"]] == [KEPT.id]


def test_no_ledger_is_begun_where_there_is_none(tmp_path: Path) -> None:
    done = examples("score", tmp_path / "none", tmp_path / "scores.jsonl")
    assert isinstance(done.exception, UserError)
    assert not (tmp_path / "none").exists()


def test_pools_of_two_runs_are_compared(runs: tuple[Path, Path]) -> None:
    done = examples("diff", *runs)
    assert done.exit_code == 0
    kept = len(made(1)) + len(made(2))
    assert f"{kept} rows in both, 1 added, 0 removed, 0 reworded; labels moved" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    told = json.loads(examples("diff", *reversed(runs), "--json").stdout)
    assert [row["label"] for row in told["removed"]] == [LOUD.label]
    assert told["labels"][LOUD.label] == {"before": 1, "after": 0}


def test_files_of_rows_are_compared_with_runs(runs: tuple[Path, Path], tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    rows = [from_example(row) for row in (*made(1), *made(2))]
    file.write_text(
        "".join(f"{json.dumps(row)}\n" for row in [{**rows[0], "response": "Hm."}, *rows[1:]])
    )
    done = examples("diff", file, runs[0], "--json")
    assert done.exception is None
    told = json.loads(done.stdout)
    (reworded,) = told["reworded"]
    assert (reworded["before"]["response"], reworded["after"]["response"]) == (
        "Hm.",
        rows[0]["response"],
    )
    assert (told["both"], told["moved"]) == (len(rows) - 1, 0)


def test_what_is_neither_a_run_nor_a_file_is_told(runs: tuple[Path, Path], tmp_path: Path) -> None:
    assert isinstance(examples("diff", runs[0], tmp_path / "none").exception, StoreError)


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [("", "", 0.0), ("", "a", 1.0), ("aab", "aab", 0.0), ("ab", "aaaa", 0.5), ("a", "b", 1.0)],
)
def test_the_distance_between_label_shares(before: str, after: str, share: float) -> None:
    first, second = (
        [Example("n", f"{side} {n}", label=label) for n, label in enumerate(labels)]
        for side, labels in (("x", before), ("y", after))
    )
    assert moved(change(first, second)) == share
