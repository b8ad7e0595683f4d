"""The SQLite file of a run: made, opened, its damage told, older versions brought up to date.

What stands in it is known to `tables` and `store`. One process writes, because SQLite before
3.51.3 can corrupt a WAL that two write; see `lock`. A file that is not a whole ledger of a known
version is never written to.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from selfinstruct import __version__
from selfinstruct.disk.files import REFUSED, open_private, sync_folder, unwritten
from selfinstruct.errors import DiskError, StoreError
from selfinstruct.failpoints import failpoint
from selfinstruct.store.tables import LEDGER, Schema

NO_MODULE = "no such module: "
"""How SQLite begins to say so."""


def connect(path: Path, *, write: bool, schema: Schema = LEDGER) -> sqlite3.Connection:
    """An open database whose rows are dicts; for writing, made or migrated where need be.

    Raises `StoreError` if absent, damaged, foreign or of another version, and then has changed
    nothing; `DiskError` where the disk is full or fails. A writer looks at the whole file first,
    a reader does not.
    """
    if not write and not path.exists():
        raise StoreError(f"no run at {path.parent}", next_step="selfinstruct run CONFIG starts one")
    try:
        if write and not path.exists():
            _create(path, schema)
        # Read-only first: a writer's close would fold the log into a file that may be damaged.
        db = _open(path, "ro")
        try:
            found = _require_ours(db, path, schema, write=write)
            if write:
                require_whole(db, path)
                _require_modules(db)
        except BaseException:
            db.close()
            raise
        if not write:
            return db
        db.close()
        return _open_to_write(path, schema, found)
    except sqlite3.DatabaseError as error:
        raise _unopened(error, path) from None
    except OSError as error:
        raise explained(error, path) or error from None


def require_whole(db: sqlite3.Connection, path: Path) -> None:
    """Raises `StoreError` where `PRAGMA quick_check` finds fault with the file.

    Asked twice, since SQLite leaves out the list of free pages where it happens to come to a view
    or a virtual table first; of its own table alone it never does.
    """
    asked = ("3", "sqlite_schema")
    checks = [f"PRAGMA quick_check({what})" for what in asked]
    faults = [row["quick_check"] for check in checks for row in db.execute(check)]
    if faults != ["ok"] * len(asked):
        raise damaged(path, "; ".join(" ".join(fault.split()) for fault in faults))


def damaged(path: Path, what: str) -> StoreError:
    """What to say of a damaged file, and how to mend it."""
    mended = path.with_name("mended.db")
    return StoreError(
        f"{path} is damaged: {what}",
        why="calls that were paid for could be lost or repeated; the file was left as it is",
        next_step="restore the folder from a copy, or save what can be read:\n"
        f"        sqlite3 {path} .recover | sqlite3 {mended}\n"
        f"        then move {path.name}* and {path.stem}.lock out of the folder, {mended.name} to "
        f"{path.name}, and look with: selfinstruct doctor {path.parent}",
    )


@contextmanager
def transaction(db: sqlite3.Connection, name: str) -> Iterator[sqlite3.Connection]:
    """Everything written inside, or nothing of it; `name` is what `failpoints` knows it by."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        failpoint(f"{name}.uncommitted")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite itself has rolled back where the disk was full
            db.execute("ROLLBACK")
        raise
    failpoint(f"{name}.committed")


def explained(error: BaseException | None, path: Path) -> StoreError | DiskError | None:
    """What to tell people of damage to the file at `path`, of a disk that refuses it or any other,
    or of a SQLite without full-text search; None of anything else.
    """
    if isinstance(error, OSError) and error.errno in REFUSED:
        place = path.parent if error.filename is None else Path(str(error.filename))
        return unwritten(place, error.strerror or str(error))
    if _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return damaged(path, str(error))
    if _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY):
        return unwritten(path, str(error))
    if isinstance(error, sqlite3.OperationalError) and str(error).startswith(NO_MODULE):
        return without_module(str(error).removeprefix(NO_MODULE))
    return None


def without_module(name: str) -> StoreError:
    """What to say where this Python's SQLite was built without a module, such as `fts5`."""
    return StoreError(
        f"the SQLite of this Python ({sqlite3.sqlite_version}) has no {name.upper()}",
        why="a run keeps the words of its rows in an index of that kind: without it nothing is "
        "found by its words and nothing can be written; all else of a run can be read",
        next_step="take a Python whose SQLite has it, such as that of python.org, of your system "
        "or of uv; selfinstruct doctor says whether one has",
    )


def has_module(db: sqlite3.Connection, name: str) -> bool:
    """Whether this SQLite knows a module for virtual tables."""
    query = "SELECT count(*) FROM pragma_module_list WHERE name = ?"
    cursor = db.cursor()
    cursor.row_factory = None
    return bool(cursor.execute(query, (name,)).fetchone()[0])


def _require_modules(db: sqlite3.Connection) -> None:
    """Has SQLite raise now, and not after calls were paid for, where it lacks what a table needs.

    It looks for the module of a virtual table when that is first used.
    """
    query = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE %'"
    for row in db.execute(query).fetchall():
        db.execute(f"SELECT * FROM {row['name']} LIMIT 0")


def _code(error: BaseException | None) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)  # an error of the module itself has none
    return code & 0xFF


def _unopened(error: sqlite3.DatabaseError, path: Path) -> StoreError | DiskError:
    told = explained(error, path)
    if isinstance(told, DiskError) and _code(error) != sqlite3.SQLITE_FULL:
        told = None  # a folder of that name, or a file that may only be read, is told like this too
    return told or StoreError(
        f"{path} cannot be opened: {error}",
        why="nothing was changed",
        next_step="see that the folder may be written to and the disk has room",
    )


def _open(path: Path, mode: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None)
    # SQLite reads halves of characters out of JSON, which are valid there, into what is no UTF-8.
    db.text_factory = partial(str, encoding="utf-8", errors="surrogatepass")
    db.row_factory = lambda cursor, row: dict(
        zip((column[0] for column in cursor.description), row, strict=True)
    )
    return db


def _create(path: Path, schema: Schema) -> None:
    """A new file, whole from its first moment: an empty `run.db` is never one of ours."""
    part = _part(path)
    with closing(_open(part, "rw")) as db:
        db.executescript(f"BEGIN;{schema.create}PRAGMA user_version = {schema.version};COMMIT;")
        _sign(db)
        # Last: a log would be folded in by closing, which says nothing where the disk is full, and
        # the file would be renamed without what is still in its log.
        db.execute("PRAGMA journal_mode = WAL")
    failpoint("ledger.made")
    part.replace(path)
    failpoint("ledger.renamed")
    sync_folder(path.parent)


def _part(path: Path) -> Path:
    """An empty file beside `path` that only its owner can read, in place of what a crash left."""
    part = path.with_name(f".{path.name}.part")
    for suffix in ("", "-wal", "-shm", "-journal"):
        part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)
    os.close(open_private(part, os.O_RDWR))
    return part


def _sign(db: sqlite3.Connection) -> None:
    """Leave word which version a reader of this file needs."""
    db.execute("REPLACE INTO meta VALUES ('schema_by', ?)", (json.dumps(__version__),))


def _require_ours(db: sqlite3.Connection, path: Path, schema: Schema, *, write: bool) -> int:
    """The file's version, one this program can read, or with `write` bring up to date."""
    found: int = db.execute("PRAGMA user_version").fetchone()["user_version"]
    tables = {row["name"] for row in db.execute("SELECT name FROM sqlite_schema")}
    if found < 1 or "meta" not in tables:
        empty = path.stat().st_size == 0
        raise StoreError(
            f"{path} is {'empty' if empty else 'no ledger of selfinstruct'}",
            why="the file was left as it is",
            next_step="restore the folder from a copy, or move the file away, or name another run",
        )
    page: int = db.execute("PRAGMA page_size").fetchone()["page_size"]
    log = path.with_name(f"{path.name}-wal")
    # SQLite would read the rest of that page as zeros; a log makes it whole again.
    if path.stat().st_size % page and not (log.exists() and log.stat().st_size):
        raise damaged(path, "its last page is cut off")
    if found > schema.version:
        raise StoreError(
            f"{path} has ledger version {found}; this selfinstruct ({__version__}) knows "
            f"{schema.version} and below",
            next_step=_to_open_newer(db),
        )
    if found < schema.version and not write:
        raise StoreError(
            f"{path} has ledger version {found}; this selfinstruct reads {schema.version}",
            next_step=f"start {schema.writer.format(run=path.parent)}; it brings the ledger up to "
            "date, and keeps a copy",
        )
    return found


def _to_open_newer(db: sqlite3.Connection) -> str:
    """What helps where a ledger is newer than this program, by the version that signed it."""
    row = db.execute("SELECT value FROM meta WHERE key = 'schema_by'").fetchone()
    if row is None:
        return "open it with the version that wrote it"
    version = row["value"].strip('"')
    if version == __version__:  # two states of one version, as of a checkout that went on
        here = Path(__file__).parent
        return (
            f"update this copy, which lies in {here}: the one that wrote the ledger is newer, "
            f"though it too is called {version}"
        )
    return f"install selfinstruct {version} or later"


def _open_to_write(path: Path, schema: Schema, found: int) -> sqlite3.Connection:
    db = _open(path, "rw")
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if found < schema.version:
            _migrate(db, path, schema, found)
        # A file or disk that cannot be written is told before anything is spent; and a log that is
        # empty from here on has been lost.
        db.execute(f"PRAGMA user_version = {schema.version}")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection, path: Path, schema: Schema, found: int) -> None:
    """All steps in one transaction, after a copy; foreign keys are not yet looked at."""
    part, copy = _part(path), path.with_name(f"{path.name}.v{found}.bak")
    with closing(_open(part, "rw")) as target:
        db.backup(target)
    failpoint("copy.made")
    part.replace(copy)
    failpoint("copy.renamed")
    sync_folder(path.parent)
    steps = "".join(schema.migrations[found - 1 :])
    try:
        db.executescript(f"BEGIN IMMEDIATE;{steps}PRAGMA user_version = {schema.version};")
        _sign(db)
        failpoint("migration.uncommitted")
        db.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise explained(error, path) or StoreError(
            f"{path} cannot be brought from ledger version {found} to {schema.version}: {error}",
            why=f"it is as it was, and a copy is in {copy}",
            next_step="go on with the version that wrote it, and report this",
        ) from None
    failpoint("migration.committed")
