"""Lines that are only added, about things in a queue: which line holds, and who comes next.

Candidates and pairs of answers are decided in the same way: a table of lines, of which an undo is
one, and beside it a queue whose `action` and `turn` follow from them, so that the next open thing
is found by an index.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

LATER = 1 << 40
"""What is added to the turn of a thing that was put off: beyond any position."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The names of a table of lines, of the column that says what one is about, and of the queue;
    `settling` are the actions after which a thing is not asked about again, `counts` the condition
    on those lines that a thing goes by.
    """

    table: str
    about: str
    queue: str
    settling: tuple[str, ...]
    counts: str = "1"

    @property
    def hold(self) -> str:
        """The condition that a line is no undo and was not taken back."""
        return f"action != 'undo' AND {self.kept(self.table)}"

    def kept(self, name: str) -> str:
        """The condition that a line, which a query calls so, was not taken back."""
        return f"NOT EXISTS (SELECT 1 FROM {self.table} AS back WHERE back.undoes = {name}.id)"

    def stands(self, what: str, thing: str) -> str:
        """The query for `what`, an expression over the line that holds for a thing; `thing` is one
        for its id.
        """
        return (
            f"SELECT {what} FROM {self.table} WHERE {self.table}.{self.about} = {thing}"
            f" AND {self.counts} AND {self.hold} ORDER BY seq DESC LIMIT 1"
        )

    def one(self, db: sqlite3.Connection, id_: str) -> dict[str, Any] | None:
        """The line with this id."""
        found: dict[str, Any] | None = db.execute(
            f"SELECT * FROM {self.table} WHERE id = ?", (id_,)
        ).fetchone()
        return found

    def newest(
        self, db: sqlite3.Connection, where: str, values: tuple[Any, ...]
    ) -> dict[str, Any] | None:
        """The newest line that holds and fits the condition."""
        found: dict[str, Any] | None = db.execute(
            f"SELECT * FROM {self.table} WHERE {where} AND {self.hold} ORDER BY seq DESC LIMIT 1",
            values,
        ).fetchone()
        return found

    def standing(self, db: sqlite3.Connection, id_: str) -> dict[str, Any] | None:
        """The line that holds for a thing."""
        return self.newest(db, f"{self.about} = ? AND {self.counts}", (id_,))

    def settle(self, db: sqlite3.Connection, id_: str) -> None:
        """Bring a thing up to its lines; part of a transaction."""
        line = self.standing(db, id_)
        action = line and line["action"]
        if action in self.settling:
            turn = "NULL"
        else:
            turn = "position" if line is None else str(LATER + line["seq"])
        db.execute(f"UPDATE {self.queue} SET action = ?, turn = {turn} WHERE id = ?", (action, id_))
