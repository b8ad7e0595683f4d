"""The open ledger of one run: its lock, its database, its transactions and its clock."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from selfinstruct.disk.files import clear_parts, writing
from selfinstruct.disk.lock import Lock, left_open, lock
from selfinstruct.errors import StoreError
from selfinstruct.failpoints import failpoint
from selfinstruct.store.books import WORKED, WorkClock
from selfinstruct.store.database import connect, explained, require_whole, transaction

LAST = "\U0010ffff"
"""Behind every id that begins alike, in the order of SQLite."""


class Ledger:
    """One open ledger, a context manager. Raises `StoreError` when locked, damaged or of another
    version.

    Leaving it, an error of the disk, met here or by anything that was done meanwhile, is told as
    the `DiskError` it is; what was committed is kept.
    """

    def __init__(
        self, folder: Path, *, write: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self._path = folder / "run.db"
        self._log = folder / "run.db-wal"
        self._lock = lock(folder) if write else None
        self._opened = time.time() - time.monotonic()
        try:
            with writing(self._path):
                self._db = self._connect()
            self._work = WorkClock(self._db, running=write, now=now)
        except BaseException:
            if self._lock:
                self._lock.release()
            raise

    def _connect(self) -> sqlite3.Connection:
        if self._lock is None:
            return connect(self._path, write=False)
        if self._lock.left_open:
            self._require_log()
        try:
            db = connect(self._path, write=True)
        except BaseException:
            if not self._has_log():  # it was folded in just now
                self._lock.mark_closed()
            raise
        try:
            failpoint("ledger.opened")
            self._lock.mark_open()
            clear_parts(self.folder.glob("*/*"))  # rounds and arms; who has the lock writes there
        except BaseException:
            db.close()
            self._mark(self._lock)
            raise
        return db

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            self.close()
        except OSError as failed:
            if error is None:
                error = failed
            else:
                error.add_note(f"{self.folder / 'run.lock'} could not be written: {failed}")
        told = explained(error, self._path)
        if told is not None:
            raise told from error

    def close(self) -> None:
        """Close the database and let go of the lock."""
        if self._lock is None:
            self._db.close()
            return
        with self._lock:
            try:
                self._lock.mark_closed()
                failpoint("ledger.closing")
            finally:
                self._db.close()
                self._mark(self._lock)

    def require_whole(self) -> None:
        """Look at the whole file, as a writer does on opening. Raises `StoreError` on damage."""
        require_whole(self._db, self._path)
        if left_open(self.folder):
            self._require_log()

    def _mark(self, held: Lock) -> None:
        """After closing: the log is still there if the disk had no room for it, or somebody reads;
        and it may be gone though the disk did not take the word that it may go.
        """
        if self._has_log():
            held.mark_open()
        else:
            held.mark_closed()

    def _has_log(self) -> bool:
        """Of a ledger that is open for writing, always; a reader that finds none makes an empty
        one.
        """
        return self._log.exists() and self._log.stat().st_size > 0

    def _require_log(self) -> None:
        """Raises `StoreError` if the log of a ledger that was left open has been lost."""
        if self._path.exists() and not self._has_log():
            raise StoreError(
                f"{self._log} is missing",
                why="the last process that wrote here was killed, and what it stored last was in "
                "that file",
                next_step="put it back beside run.db. If sqlite3 or another program has opened "
                f"run.db since, nothing is lost: delete {self.folder / 'run.lock'}, and go on",
            )

    def _now(self) -> float:
        """Seconds since 1970 by the clock as it was on opening, so that no correction of it comes
        between the beginning of a call and its end.
        """
        return self._opened + time.monotonic()

    @contextmanager
    def transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        """All or nothing, the time worked with it; `name` is what `failpoints` knows it by."""
        with transaction(self._db, name) as db:
            yield db
            put(db, {WORKED: self.worked()})

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All that is read inside is of one moment, whoever writes meanwhile.

        Not for long: until it ends the log of a ledger that is written to only grows.
        """
        if self._db.in_transaction:  # of one moment already
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:  # SQLite itself has ended it where the file is damaged
                self._db.execute("COMMIT")

    def meta(self, key: str) -> Any:
        """The JSON value stored under `key`, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row["value"])

    def set_meta(self, key: str, value: object) -> None:
        """Store a JSON value under `key`, replacing what was there."""
        self.update_meta({key: value})

    def update_meta(self, values: Mapping[str, object]) -> None:
        """Store JSON values under their keys, all or nothing."""
        with self.transaction("meta") as db:
            put(db, values)

    def worked(self) -> float:
        """Seconds that processes have worked on this run: see `WorkClock`."""
        return self._work.seconds()

    def tick(self) -> None:
        """Store the clock, unless that was done a moment ago; long stages call it as they go."""
        if self._work.due():
            self.update_meta({})  # every commit stores it


def put(db: sqlite3.Connection, values: Mapping[str, object]) -> None:
    """Store JSON values under their keys; part of a transaction."""
    db.executemany(
        "REPLACE INTO meta VALUES (?, ?)",
        [(key, json.dumps(value, allow_nan=False)) for key, value in values.items()],
    )
