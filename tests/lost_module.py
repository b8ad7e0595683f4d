"""A ledger as a SQLite finds it that was built without full-text search."""

import sqlite3
from contextlib import closing
from pathlib import Path


def lose_the_module(folder: Path) -> None:
    """Have the index of words name a module, fts0, that no SQLite has."""
    with closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = replace(sql, 'fts5', 'fts0')")
