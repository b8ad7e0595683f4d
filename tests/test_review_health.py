"""What `doctor` says of a review: whole, about this run, or what is wrong and how to mend it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.review.desk import Desk
from selfinstruct.review.health import review_findings
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.review.tables import NAME
from tests.reviewed import decide, write_reviewable


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Decisions of every kind, and one that was taken back."""
    folder = tmp_path / "run"
    write_reviewable(folder)
    with Desk.open(folder) as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 9)]
        for number, action in enumerate(("accept", "reject", "skip", "flag", "reject")):
            decide(desk, items[number], action, f"d{number}")  # type: ignore[arg-type]
        desk.undo("ann", "u")
    return folder


def faults(folder: Path) -> list[str]:
    found = list(review_findings(folder))
    assert all(finding.ok or finding.mend for finding in found)
    return [finding.what for finding in found if not finding.ok]


def change(statement: str, name: str = NAME) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        with closing(sqlite3.connect(folder / name, isolation_level=None)) as db:
            db.execute(statement)

    return apply


def cut(folder: Path) -> None:
    with closing(sqlite3.connect(folder / NAME)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (folder / NAME).read_bytes()
    (folder / NAME).write_bytes(data[:-4096])


def test_a_run_nobody_reviewed_has_nothing_to_tell(tmp_path: Path) -> None:
    write_reviewable(tmp_path)
    assert list(review_findings(tmp_path)) == []


def test_a_review_is_whole_while_somebody_decides_too(run: Path) -> None:
    assert faults(run) == []
    with Desk.open(run):
        assert faults(run) == []
    assert len(list(review_findings(run))) == 6


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (cut, "is damaged"),
        (change("PRAGMA user_version = 9"), "has ledger version 9"),
        (change("DROP TABLE meta"), "is no ledger of selfinstruct"),
        (
            change("UPDATE decisions SET item = 'gone' WHERE id = 'd1'"),
            "about a row of the queue: d1",
        ),
        (change("UPDATE queues SET candidates = 'x'"), "the candidates of its round: round 1"),
        (
            change("DELETE FROM candidates WHERE position > 0", "run.db"),
            "the candidates of its round: round 1",
        ),
        (change("UPDATE items SET hash = 'x' WHERE position = 2"), "what its hash says: "),
        (
            change(
                "UPDATE items SET body = replace(body, 'made answer', 'other') WHERE position = 0"
            ),
            "what its hash says: ",
        ),
        (
            change("UPDATE items SET action = 'accept' WHERE position = 8"),
            "as it was last decided: ",
        ),
        (change("UPDATE items SET turn = NULL WHERE position = 2"), "as it was last decided: "),
        (change("UPDATE items SET turn = 3 WHERE position = 0"), "as it was last decided: "),
        (change("UPDATE items SET body = '{' WHERE position = 1"), "a value that cannot be read"),
    ],
)
def test_what_does_not_fit_is_named(run: Path, damage: Callable[[Path], None], what: str) -> None:
    damage(run)
    assert any(what in fault for fault in faults(run)), faults(run)


def test_rows_that_the_run_does_not_have_are_named(run: Path) -> None:
    change("DELETE FROM candidates", "run.db")(run)
    assert any("not every row of the queue is a candidate of the run: " in f for f in faults(run))


def test_without_a_ledger_it_is_an_error(run: Path) -> None:
    (run / "run.db").unlink()
    with pytest.raises(StoreError, match="no run at"):
        list(review_findings(run))
