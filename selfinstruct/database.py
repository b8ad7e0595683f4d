"""The SQLite file of a run and the lock that keeps it to one writer: schema, opening, locking.

Knows tables, not what is in them: that is `store`. One writer process, because SQLite before 3.51.3
can corrupt a WAL that two processes write.
"""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO

from selfinstruct.errors import StoreError

VERSION = 1

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE real (
    split TEXT NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (split, position)
) STRICT;
CREATE TABLE prompts (
    id TEXT PRIMARY KEY, template TEXT NOT NULL, version TEXT NOT NULL,
    messages TEXT NOT NULL, parents TEXT NOT NULL
) STRICT;
CREATE TABLE attempts (
    key TEXT PRIMARY KEY, round INTEGER NOT NULL, wave INTEGER NOT NULL,
    prompt TEXT NOT NULL REFERENCES prompts (id), sample INTEGER NOT NULL, model TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
    finish_reason TEXT, text TEXT, prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
    started REAL NOT NULL, ended REAL
) STRICT;
CREATE TABLE candidates (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL,
    reason TEXT, attempt TEXT, body TEXT NOT NULL, PRIMARY KEY (round, wave, position)
) STRICT;
CREATE INDEX candidates_by_id ON candidates (id);
CREATE TABLE waves (
    round INTEGER NOT NULL, wave INTEGER NOT NULL, PRIMARY KEY (round, wave)
) STRICT;
CREATE TABLE stages (
    round INTEGER NOT NULL, stage TEXT NOT NULL, result TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (round, stage)
) STRICT;
CREATE TABLE reports (
    checkpoint TEXT NOT NULL, split TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (checkpoint, split)
) STRICT;
"""


def lock(folder: Path) -> IO[str]:
    """Hold `run.lock` until the handle is closed or the process dies; its text is for people."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)  # whatever the umask; a folder that was there keeps its owner's choice
    handle = os.fdopen(_private(folder / "run.lock", os.O_RDWR | os.O_APPEND), "a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read().strip() or "another process"
        handle.close()
        raise StoreError(
            f"{folder} is in use by {holder}",
            next_step=f"wait for it, or watch it with: selfinstruct status {folder}",
        ) from None
    handle.truncate(0)
    handle.write(f"process {os.getpid()}")
    handle.flush()
    return handle


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """An open database whose rows are dicts. Raises `StoreError` if absent, damaged or foreign."""
    if not write and not path.exists():
        raise StoreError(f"no run at {path.parent}", next_step="selfinstruct run CONFIG starts one")
    mode = "rw" if write else "ro"
    try:
        if write and not path.exists():
            os.close(_private(path, os.O_RDWR))
        db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None
        )
        db.row_factory = lambda cursor, row: dict(
            zip((column[0] for column in cursor.description), row, strict=True)
        )
        _prepare(db, path, write=write)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} cannot be opened: {error}",
            next_step="restore the folder from a copy; the file itself was not changed",
        ) from None
    return db


def _private(path: Path, flags: int) -> int:
    """A file opened, made if it is missing; a new one is its owner's alone from the start.

    SQLite gives the files it puts beside a database the rights of the database.
    """
    new = not path.exists()
    handle = os.open(path, flags | os.O_CREAT, 0o600)
    if new:
        os.fchmod(handle, 0o600)  # whatever the umask took away
    return handle


def _prepare(db: sqlite3.Connection, path: Path, *, write: bool) -> None:
    db.execute("PRAGMA foreign_keys = ON")
    if write:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    found = db.execute("PRAGMA user_version").fetchone()["user_version"]
    if found == 0 and write:
        db.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
    elif found != VERSION:
        raise StoreError(
            f"{path} has store version {found}; this selfinstruct reads version {VERSION}",
            next_step="use the version that wrote it",
        )
