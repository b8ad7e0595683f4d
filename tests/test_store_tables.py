import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from selfinstruct.store.database import connect
from selfinstruct.store.tables import Schema
from tests.golden_ledger import write_ledger


@pytest.mark.parametrize("version", [1, 3, 4])
def test_a_new_ledger_and_one_brought_up_to_date_are_alike(tmp_path: Path, version: int) -> None:
    write_ledger(tmp_path / "old.db", version)
    columns = {}
    for name in ("old.db", "new.db"):
        with closing(connect(tmp_path / name, write=True)) as db:
            tables = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            columns[name] = {
                table["name"]: db.execute(f"PRAGMA table_info({table['name']})").fetchall()
                for table in tables
            }
        with closing(sqlite3.connect(tmp_path / name)) as db:
            others = db.execute("SELECT sql FROM sqlite_schema WHERE type IN ('index', 'trigger')")
            columns[name]["others"] = sorted(sql for (sql,) in others if sql is not None)
    assert columns["old.db"] == columns["new.db"]


@pytest.mark.parametrize(("migrations", "version"), [((), 1), (("a;",), 2), (("a;", "b;"), 3)])
def test_every_migration_makes_a_version(migrations: tuple[str, ...], version: int) -> None:
    assert Schema("", migrations).version == version
