"""What a review shows: its items in their order, what holds of each, how far it is.

Nothing here writes; `desk` does, and whoever only looks needs no lock.
"""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.review import again, counting, filtering
from selfinstruct.review.lines import LATER
from selfinstruct.review.nouns import (
    Asked,
    Decision,
    FieldLine,
    Filters,
    Item,
    ItemLine,
    Progress,
)
from selfinstruct.review.tables import DECISIONS, to_decision, to_item, to_line


class View:
    """The part of a desk that looks: an open `reviews.db` of the run in `folder`."""

    folder: Path
    _db: sqlite3.Connection

    def item(self, id: str) -> Item:  # noqa: A002 - the field's name in every record here
        """The item of a row. Raises `UserError` for one that is not in the queue."""
        return to_item(self._row(id))

    def has(self, id: str) -> bool:  # noqa: A002
        """Whether a row is in the queue."""
        found = self._db.execute("SELECT 1 FROM items WHERE id = ?", (id,)).fetchone()
        return found is not None

    def next(self, filters: Filters, after: int = -1) -> Item | None:
        """The next undecided item: by position, those beyond `after` alone; then those that were
        put off, in that order. None where there is none left.
        """
        put_off = None
        if after >= 0:
            row = self._db.execute(
                "SELECT turn FROM items WHERE position = ? AND turn >= ?", (after, LATER)
            ).fetchone()
            put_off = row and row["turn"]
        where, values = filtering.condition(self._db, replace(filters, state="open"))
        begin = after if put_off is None else put_off
        row = self._db.execute(
            f"SELECT * FROM items INDEXED BY items_open WHERE {where} AND turn IS NOT NULL"
            " AND turn > ? ORDER BY turn LIMIT 1",
            (*values, begin),
        ).fetchone()
        return None if row is None else to_item(row)

    def again(self, reviewer: str, filters: Filters) -> Asked | None:
        """An item that this person has decided and is to decide once more, without being told so;
        None where none is due. The state that the filters have does not matter.
        """
        where = filtering.condition(self._db, replace(filters, state="all"))
        row = again.due(self._db, reviewer, where, last=False)
        if row is None:  # where nothing else is left, the shortest gap does
            near = again.due(self._db, reviewer, where, last=True)
            row = near and (near if self.next(replace(filters, state="open")) is None else None)
        return None if row is None else Asked(to_item(row), row["again"])

    def listed(self, filters: Filters, start: int, count: int) -> list[ItemLine]:
        """Up to `count` lines from the `start`-th on of those that fit, by position."""
        where, values = filtering.condition(self._db, filters)
        return [
            to_line(row)
            for row in self._db.execute(
                "SELECT id, position, round, fate, label, why, line, action FROM items"
                f" WHERE {where} ORDER BY position LIMIT ? OFFSET ?",
                (*values, count, start),
            )
        ]

    def standing(self, id: str) -> Decision | None:  # noqa: A002
        """The newest decision of an item that was not taken back, a second look aside; None where
        there is none.
        """
        row = DECISIONS.standing(self._db, id)
        return None if row is None else to_decision(row)

    def decisions(self) -> list[Decision]:
        """Every line, the oldest first, undone ones and undos among them."""
        return [
            to_decision(row) for row in self._db.execute("SELECT * FROM decisions ORDER BY seq")
        ]

    def fields(self) -> list[FieldLine]:
        """What `Filters.where` can ask for, and what is there."""
        return filtering.lines(self._db)

    def check(self, filters: Filters) -> None:
        """Raises `UserError` for filters that mean nothing."""
        filtering.condition(self._db, filters)

    def progress(self, filters: Filters) -> Progress:
        """How far the review is, over the items that fit but for their state."""
        return counting.progress(self._db, filters)

    def decision(self, id: str) -> Decision | None:  # noqa: A002
        """The line with this id, None where there is none."""
        row = DECISIONS.one(self._db, id)
        return None if row is None else to_decision(row)

    def _row(self, id_: str) -> dict[str, Any]:
        row: dict[str, Any] | None = self._db.execute(
            "SELECT * FROM items WHERE id = ?", (id_,)
        ).fetchone()
        if row is None:
            raise UserError(f"no row {id_!r} is in the queue of {self.folder}")
        return row
