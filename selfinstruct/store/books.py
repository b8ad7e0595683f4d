"""What a run's ledger says of its spending: calls and tokens by model, and the time worked.

Queries over the tables of `database`, nothing else; `account` says what they come to.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Counts = Mapping[str, int]
"""`calls`, `prompt_tokens` and `completion_tokens`."""

LOST = "lost"
WORKED = "worked_s"
TICK_S = 10.0
"""Between two commits of the clock alone: a killed process loses no more of its time than this."""
LAST = 1000
SUMS = (
    "count(*) AS calls, sum(prompt_tokens) AS prompt_tokens,"
    " sum(completion_tokens) AS completion_tokens"
)


@dataclass(frozen=True, slots=True)
class Books:
    """What was spent so far, by model; the part of it that is `lost`: earlier tries of calls that
    were asked again, because they had failed or their process was killed; and the keys of calls
    that have no answer yet.
    """

    spent: Mapping[str, Counts]
    lost: Mapping[str, Counts]
    open: frozenset[str]


def read_books(db: sqlite3.Connection) -> Books:
    """The books as they stand."""
    opened = db.execute("SELECT key FROM attempts WHERE state = 'open'")
    lost = _meta(db, LOST) or {}
    return Books(spending(db), lost, frozenset(row["key"] for row in opened))


def spending(db: sqlite3.Connection) -> dict[str, Counts]:
    """What was spent so far, by model: a look at every call."""
    rows = db.execute(f"SELECT model, {SUMS} FROM attempts GROUP BY model ORDER BY min(rowid)")
    return _added(rows, _meta(db, LOST) or {})


def left_open(db: sqlite3.Connection, keys: Iterable[str]) -> frozenset[str]:
    """Those of these calls that are out, or whose process ended before the answer."""
    rows = db.execute(
        "SELECT key FROM attempts WHERE state = 'open' AND key IN (SELECT value FROM json_each(?))",
        (json.dumps(list(keys)),),
    )
    return frozenset(row["key"] for row in rows)


def served_lately(db: sqlite3.Connection, model: str) -> list[str]:
    """The names that a model's last 1000 answers came under, the earliest first."""
    rows = db.execute(
        "SELECT served FROM attempts WHERE model = ? AND state = 'done' AND served IS NOT NULL"
        " ORDER BY rowid DESC LIMIT ?",
        (model, LAST),
    )
    return list(dict.fromkeys(row["served"] for row in reversed(rows.fetchall())))


def lost_with(db: sqlite3.Connection, keys: Iterable[str]) -> Mapping[str, Counts]:
    """What is lost once these calls are asked again: their rows will tell of the new try alone."""
    rows = db.execute(
        f"SELECT model, {SUMS} FROM attempts WHERE key IN (SELECT value FROM json_each(?))"
        " GROUP BY model",
        (json.dumps(list(keys)),),
    )
    return _added(rows, _meta(db, LOST) or {})


def densest_prompt(db: sqlite3.Connection, model: str) -> float | None:
    """The most prompt tokens a character, as the ledger writes prompts, among a model's last 1000
    answers; None before the first.
    """
    row = db.execute(
        "SELECT max(1.0 * prompt_tokens / length(messages)) AS found FROM (SELECT prompt,"
        " prompt_tokens FROM attempts WHERE model = ? AND state = 'done' AND prompt_tokens > 0"
        " ORDER BY rowid DESC LIMIT ?) JOIN prompts ON prompts.id = prompt",
        (model, LAST),
    ).fetchone()
    found: float | None = row["found"]
    return found


class WorkClock:
    """Seconds that processes have worked on a run, killed ones included.

    It runs while a ledger is open for writing and is stored with every commit, and by `Store.tick`
    in between, since a stage's own time is stored only when the stage ends. A run that is older
    than the clock begins with the time of its finished stages.
    """

    def __init__(
        self, db: sqlite3.Connection, *, running: bool, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._db = db
        self._now = now
        self._opened = self._told = now()
        self._before = self._stored() if running else None  # before this process stores a stage

    def seconds(self) -> float:
        """The time worked up to now."""
        if self._before is None:
            return self._stored()
        return self._before + self._now() - self._opened

    def _stored(self) -> float:
        stored = _meta(self._db, WORKED)
        if stored is None:
            query = "SELECT coalesce(sum(seconds), 0.0) AS stages FROM stages"
            stored = self._db.execute(query).fetchone()["stages"]
        return float(stored)

    def due(self) -> bool:
        """Whether it is time to store it again; asking so counts as having done it."""
        if self._now() - self._told < TICK_S:
            return False
        self._told = self._now()
        return True


def _added(rows: Iterable[Mapping[str, Any]], to: Mapping[str, Counts]) -> dict[str, Counts]:
    found = dict(to)
    for row in rows:
        counts = {name: n for name, n in row.items() if name != "model"}
        before = found.get(row["model"], {})
        found[row["model"]] = {name: before.get(name, 0) + n for name, n in counts.items()}
    return found


def _meta(db: sqlite3.Connection, key: str) -> Any:
    row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else json.loads(row["value"])
