"""A ledger carried over to another run: copied whole, then rid of what does not hold there.

Statements and digests alone: which stages hold is decided by `reuse`, where the copy lies by
`fork`. The source is only read, whatever its own process writes meanwhile.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from selfinstruct.disk.files import open_private
from selfinstruct.failpoints import failpoint
from selfinstruct.rows import Row, from_report
from selfinstruct.store import Store
from selfinstruct.store.database import connect, transaction
from selfinstruct.types import Exam, digest


@dataclass(frozen=True)
class Drop:
    """What a copy does not keep: stages by round and name, candidates of rounds after one, reports
    by exam and by checkpoint, frozen splits, values of `meta`.
    """

    stages: Sequence[tuple[int, str]]
    candidates_after: int
    exams: Sequence[Exam]
    checkpoints: Sequence[str]
    splits: bool
    meta: Sequence[str]


def copy_ledger(source: Path, target: Path) -> None:
    """The ledger in one folder as of this moment, put into another; its owner's alone.

    Raises `StoreError` for one that cannot be read.
    """
    path = target / "run.db"
    os.close(open_private(path, os.O_RDWR))
    with closing(connect(source / "run.db", write=False)) as db, closing(_bare(path)) as copy:
        db.backup(copy)
    failpoint("fork.ledger")


def _bare(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def prune(folder: Path, drop: Drop, about: Mapping[str, object]) -> None:
    """Delete what a ledger does not keep, and store JSON values that say what it is, all at once.

    Calls and their answers stay, every one: a key is the digest of what was asked, and of whom.
    """
    with closing(connect(folder / "run.db", write=True)) as db, transaction(db, "fork"):
        db.executemany("DELETE FROM stages WHERE round = ? AND stage = ?", drop.stages)
        for table in ("waves", "candidates", "scores"):
            db.execute(f"DELETE FROM {table} WHERE round > ?", (drop.candidates_after,))
        db.executemany("DELETE FROM reports WHERE split = ?", [(exam,) for exam in drop.exams])
        db.executemany("DELETE FROM reports WHERE checkpoint = ?", [(c,) for c in drop.checkpoints])
        if drop.splits:
            db.execute("DELETE FROM real")
        db.executemany("DELETE FROM meta WHERE key = ?", [(key,) for key in drop.meta])
        db.executemany(
            "REPLACE INTO meta VALUES (?, ?)",
            [(key, json.dumps(value)) for key, value in about.items()],
        )


def digest_stage(store: Store, index: int, stage: str) -> str | None:
    """The digest of a finished stage, of an exam with its report; None where it is missing."""
    result = store.stage(index, stage)
    if result is None:
        return None
    words = stage.split(" ")
    if words[0] != "evaluate":
        return digest(result)
    exam: Any = words[-1]
    report = store.report(result["checkpoint"], exam)
    return digest([result, report and from_report(report)])


def digest_answers(folder: Path, count: int | None = None) -> Row:
    """How many answers there are and their digest; with `count`, of the first so many.

    In the order asked: what comes later, a failed call asked again among it, stands behind them.
    """
    total, found = hashlib.sha256(), 0
    with closing(connect(folder / "run.db", write=False)) as db:
        rows = db.execute(
            "SELECT key, finish_reason, text, model FROM attempts WHERE state = 'done'"
            " ORDER BY rowid"
        )
        for row in islice(rows, count):
            total.update(digest(row).encode())
            found += 1
    return {"count": found, "digest": total.hexdigest()[:16]}
