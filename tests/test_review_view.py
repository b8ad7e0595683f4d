"""Looking at a review without a lock: an older one, one that is being written to."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING, Filters
from selfinstruct.review.tables import ITEMS, NAME
from selfinstruct.review.view import View
from tests.reviewed import decide, write_reviewable


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "run", {"fraction": 1.0})
    return tmp_path / "run"


def test_who_looks_sees_each_decision_as_it_is_stored(run: Path) -> None:
    with Desk.open(run) as desk, Desk.open(run, write=False) as view:
        assert isinstance(view, View)
        for number, line in enumerate(desk.listed(EVERYTHING, 0, 3), start=1):
            decide(desk, desk.item(line.id), "accept", f"d{number}")
            assert view.progress(EVERYTHING).done == number
            assert view.standing(line.id) == desk.standing(line.id)
            assert view.next(Filters()) == desk.next(Filters())


def _as_the_first_version_had_it(path: Path) -> list[tuple[object, ...]]:
    """Rewrite a review into the tables of version 1; its facts, which that version has not."""
    with closing(sqlite3.connect(path)) as db:
        facts = db.execute("SELECT name, position, value FROM facts ORDER BY 1, 2").fetchall()
        kept = {
            name: db.execute(f"SELECT * FROM {name}").fetchall()
            for name in ("meta", "queues", "items", "reasons")
        }
        kept["decisions"] = [row[:12] for row in db.execute("SELECT * FROM decisions")]
    path.unlink()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as db:
        db.executescript(ITEMS)
        for name, rows in kept.items():
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            db.executemany(f"INSERT INTO {name} VALUES ({marks})", rows) if rows else None
        db.execute("PRAGMA user_version = 1")
        db.commit()
    return facts


def test_a_review_of_the_first_version_is_brought_up_to_date_by_who_decides(run: Path) -> None:
    with Desk.open(run) as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)]
        decide(desk, items[0], "accept", "d1")
        decide(desk, items[1], "reject", "d2", reason="unclear")
        desk.undo("ann", "u")
        before, told = desk.decisions(), desk.progress(EVERYTHING)
        fields = desk.fields()
    facts = _as_the_first_version_had_it(run / NAME)
    with pytest.raises(StoreError, match=r"start selfinstruct review \S+; it brings"):
        Desk.open(run, write=False)
    with Desk.open(run) as desk:
        assert desk.decisions() == before
        assert desk.fields() == fields
        after = desk.progress(EVERYTHING)
        assert after.constancy.planned == 0  # what was never drawn does not come again
        assert (after.done, after.by_label) == (told.done, told.by_label)
        assert decide(desk, items[1], "accept", "d3").stored is not None
    assert (run / f"{NAME}.v1.bak").exists()
    with closing(sqlite3.connect(run / NAME)) as db:
        assert db.execute("SELECT * FROM facts ORDER BY 1, 2").fetchall() == facts
