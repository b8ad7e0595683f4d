"""Whether the tables that a ledger is searched by say what its rows do, and how they are filled
anew.

Triggers keep them (`lookup`); of what another program did to the file they know nothing. A row that
they lack is stored and trained on, and stands in no list.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.store import Store
from selfinstruct.store.database import connect, has_module, without_module
from selfinstruct.store.lookup import COLUMNS, EDITED, MADE, REAL, REBUILD

PLACE = ("split", "round", "wave", "position")
"""What no two rows share; wave is NULL of real ones, split of all others."""
BITS = (1 << 64) - 1
_ROWS = (f"({REAL})", f"({MADE})", f"({EDITED})")
_COLUMNS = ", ".join(COLUMNS)
_SAME_PLACE = " AND ".join(f"one.{name} IS other.{name}" for name in PLACE)
_SAME = " AND ".join(f"one.{name} IS other.{name}" for name in COLUMNS)
_WITHOUT = "SELECT id FROM {} AS one WHERE NOT EXISTS (SELECT 1 FROM {} AS other WHERE {})"
_FACTS = {
    "rows that no list shows": _WITHOUT.format("wanted", "facts", _SAME_PLACE),
    "lists show rows that are not there": _WITHOUT.format("facts", "wanted", _SAME_PLACE),
    "lists show rows twice": "SELECT id FROM facts AS one WHERE doc >"
    f" (SELECT min(doc) FROM facts AS other WHERE {_SAME_PLACE})",
    "lists show rows as they are not": "SELECT one.id FROM wanted AS one JOIN facts AS other"
    f" ON {_SAME_PLACE} WHERE NOT ({_SAME})",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong, and the ids of the rows it is wrong of, each once."""

    what: str
    ids: tuple[str, ...]


def search_faults(folder: Path) -> Iterator[Fault]:
    """What is wrong with the tables that the ledger in `folder` is searched by, in its state of
    this moment; nothing is written.

    Words are looked at where the short rows hold, whose numbers they go by. Raises `StoreError`
    where there is no ledger, it cannot be opened, or this SQLite has no full-text search.
    """
    with closing(connect(folder / "run.db", write=False)) as db:
        db.execute("BEGIN")  # a run may go on meanwhile
        faults = [*_of_facts(db)]
        if not faults:
            if not has_module(db, "fts5"):
                raise without_module("fts5")
            faults = [*_of_texts(db)]
    yield from faults


def rebuild_search(folder: Path) -> int:
    """Fill those tables anew from the rows, all or nothing; how many rows they have now.

    Raises `StoreError` where the ledger is in use, damaged or of a newer version.
    """
    with Store(folder, write=True) as store, store.transaction("search") as db:
        for statement in REBUILD:
            db.execute(statement)
        count: int = db.execute("SELECT count(*) AS n FROM facts").fetchone()["n"]
    return count


def _of_facts(db: sqlite3.Connection) -> Iterator[Fault]:
    # A copy of no rows has the types of the columns, so that both sides compare as stored.
    db.execute(f"CREATE TEMP TABLE wanted AS SELECT {_COLUMNS} FROM facts LIMIT 0")
    for rows in _ROWS:
        db.execute(f"INSERT INTO wanted SELECT {_COLUMNS} FROM {rows}")
    db.execute("CREATE INDEX temp.wanted_by_place ON wanted (round, wave, position)")
    for what, query in _FACTS.items():
        ids = dict.fromkeys(row["id"] for row in db.execute(query))
        if ids:
            yield Fault(what, tuple(ids))


def _of_texts(db: sqlite3.Connection) -> Iterator[Fault]:
    """What an index made of the rows just now has beside the one that is there."""
    made: str = db.execute("SELECT sql FROM sqlite_schema WHERE name = 'texts'").fetchone()["sql"]
    db.execute(made.replace("TABLE texts", "TABLE temp.words", 1))
    names = ", ".join(row["name"] for row in db.execute("PRAGMA table_info(texts)"))
    for rows in _ROWS:
        db.execute(
            f"INSERT INTO words (rowid, {names}) SELECT doc, {names} FROM {rows} AS one"
            f" CROSS JOIN facts AS other ON {_SAME_PLACE}"
        )
    ids = {row["doc"]: row["id"] for row in db.execute("SELECT doc, id FROM facts ORDER BY doc")}
    wanted = _entries(db, "temp", "words")
    try:
        found = _entries(db, "main", "texts")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_CORRUPT_VTAB:
            raise
        yield Fault("the index of words is damaged", tuple(dict.fromkeys(ids.values())))
        return
    wrong = [doc for doc in wanted.keys() | found.keys() if wanted.get(doc) != found.get(doc)]
    if wrong:
        named = dict.fromkeys(ids.get(doc, f"row {doc} of none") for doc in sorted(wrong))
        yield Fault("rows that are not found by their words, or by others", tuple(named))


def _entries(db: sqlite3.Connection, schema: str, table: str) -> dict[int, int]:
    """Row number to a digest of every word that is indexed of it, with its place."""
    view = f"{table}_entries"
    db.execute(f"CREATE VIRTUAL TABLE temp.{view} USING fts5vocab ({schema}, {table}, instance)")
    cursor = db.cursor()
    cursor.row_factory = None
    found: dict[int, int] = {}
    for doc, term, column, offset in cursor.execute(f"SELECT doc, term, col, offset FROM {view}"):
        found[doc] = (found.get(doc, 0) + hash((term, column, offset))) & BITS
    return found
