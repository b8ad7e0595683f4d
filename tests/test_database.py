import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.database import VERSION, connect, lock
from selfinstruct.errors import StoreError


def test_a_new_file_gets_the_schema_and_survives_power_loss(tmp_path: Path) -> None:
    db = connect(tmp_path / "run.db", write=True)
    assert db.execute("PRAGMA user_version").fetchone() == {"user_version": VERSION}
    assert db.execute("PRAGMA journal_mode").fetchone() == {"journal_mode": "wal"}
    assert db.execute("PRAGMA synchronous").fetchone() == {"synchronous": 2}
    tables = db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    own = [row for row in tables if not row["name"].startswith("sqlite_")]
    assert {row["strict"] for row in own} == {1}


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    connect(tmp_path / "run.db", write=True).close()
    db = connect(tmp_path / "run.db", write=False)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("INSERT INTO meta VALUES ('a', '1')")


def test_a_lock_is_held_until_it_is_closed_and_names_its_holder(tmp_path: Path) -> None:
    held = lock(tmp_path)
    with pytest.raises(StoreError, match="in use by process"):
        lock(tmp_path)
    held.close()
    lock(tmp_path).close()


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
def test_a_run_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with lock(run):
        db = connect(run / "run.db", write=True)
        db.execute("INSERT INTO meta VALUES ('a', '1')")
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (run, *run.iterdir())}
        db.close()
    beside = {f"run.db{end}": "0o600" for end in ("", "-wal", "-shm")}
    assert modes == {"run": "0o700", "run.lock": "0o600", **beside}


def test_a_folder_that_its_owner_opened_to_others_stays_open(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with lock(run):
        connect(run / "run.db", write=True).close()
    run.chmod(0o750)
    (run / "run.db").chmod(0o640)
    with lock(run):
        connect(run / "run.db", write=True).close()
    assert [oct(path.stat().st_mode & 0o777) for path in (run, run / "run.db")] == [
        "0o750",
        "0o640",
    ]


def test_opening_what_is_no_database_is_explained(tmp_path: Path) -> None:
    (tmp_path / "run.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        connect(tmp_path / "run.db", write=True)
