import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct.cli.doctor import examine, print_findings, rebuild
from selfinstruct.errors import StoreError, UserError
from selfinstruct.review.desk import Desk
from tests.command import run
from tests.finished import KEPT, write_run
from tests.reviewed import write_reviewable


def test_an_installation_is_told_and_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    findings = examine(None)
    assert findings["healthy"]
    print_findings(findings)
    text = capsys.readouterr().out
    for words in ("selfinstruct", "sqlite", "free disk", "torch", "ok   "):
        assert words in text


def test_a_run_without_its_files_is_not_healthy_and_says_how_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    findings = examine(tmp_path)
    assert not findings["healthy"]
    failed = [check["what"] for check in findings["checks"] if not check["ok"]]
    assert [what.split(" ")[0] for what in failed] == [
        "real-only:",
        "round-1:",
        "rounds/1/accepted.jsonl",
        "rounds/1/mixture.jsonl",
    ]
    print_findings(findings)
    assert capsys.readouterr().out.count("mend: ") == 4


def test_a_run_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no run at"):
        examine(tmp_path / "none")


def test_lists_that_lack_a_row_are_told_and_the_command_told_mends_them(tmp_path: Path) -> None:
    write_run(tmp_path / "a run")
    with closing(sqlite3.connect(tmp_path / "a run" / "run.db", isolation_level=None)) as db:
        db.execute(f"DELETE FROM facts WHERE id = '{KEPT.id}'")
    lacking = [each for each in examine(tmp_path / "a run")["checks"] if "no list" in each["what"]]
    assert [each["what"] for each in lacking] == [f"rows that no list shows: {KEPT.id}"]
    program, *words = shlex.split(lacking[0]["mend"])
    assert program == "selfinstruct"
    assert "every row is found" in run(*words).stdout


@pytest.mark.parametrize("folder", [None, "none"])
def test_lists_of_no_run_cannot_be_made_anew(tmp_path: Path, folder: str | None) -> None:
    with pytest.raises(UserError, match="--rebuild-search takes a run"):
        rebuild(folder and tmp_path / folder)  # type: ignore[arg-type]
    assert not (tmp_path / "none").exists()


def test_a_review_is_looked_at_too(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run")
    Desk.open(tmp_path / "run").close()
    whats = [check["what"] for check in examine(tmp_path / "run")["checks"]]
    assert "reviews.db is whole" in whats
    with closing(sqlite3.connect(tmp_path / "run/reviews.db", isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 9")
    failed = [check for check in examine(tmp_path / "run")["checks"] if not check["ok"]]
    assert any("has ledger version 9" in check["what"] and check["mend"] for check in failed)
