"""The ledgers of earlier versions, kept as text; a test turns one back into the file it was."""

import sqlite3
from contextlib import closing
from pathlib import Path

GOLDEN = Path(__file__).with_name("golden")


def write_ledger(path: Path, version: int) -> None:
    """The ledger of that version at `path`, closed as its process would have closed it."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript((GOLDEN / f"ledger_v{version}.sql").read_text(encoding="utf-8"))
