"""The real rows of a run, frozen once."""

import json
from collections.abc import Mapping
from typing import Any

from selfinstruct.errors import StoreError
from selfinstruct.rows import (
    from_example,
    to_example,
)
from selfinstruct.store.ledger import Ledger, put
from selfinstruct.types import (
    SPLITS,
    RealData,
)


class Splits(Ledger):
    """The part of a ledger that keeps the splits."""

    def freeze(self, data: RealData, about: Mapping[str, object] | None = None) -> None:
        """Store the splits of the real rows, which never change once anything is made of them; and
        with them, in one transaction, JSON values that are part of what the run is.
        """
        left_out = ("duplicates", "skipped", "unused", "forbidden", "incomplete")
        counts = {name: getattr(data, name) for name in left_out}
        with self.transaction("freeze") as db:
            if not self.has_begun():
                db.execute("DELETE FROM real")
            for split in SPLITS:
                db.executemany(
                    "INSERT INTO real VALUES (?, ?, ?, ?)",
                    [
                        (split, position, row.id, json.dumps(from_example(row)))
                        for position, row in enumerate(data.split(split))
                    ],
                )
            put(db, {**(about or {}), "data": counts, "data_digest": data.digest})

    def has_begun(self) -> bool:
        """Whether anything hangs on the frozen splits: a stage, a wave, an answer, or the run that
        this one was forked from. Calls without an answer are no beginning.
        """
        query = (
            "SELECT EXISTS (SELECT 1 FROM stages) OR EXISTS (SELECT 1 FROM waves)"
            " OR EXISTS (SELECT 1 FROM attempts WHERE state = 'done') AS begun"
        )
        begun = self._db.execute(query).fetchone()["begun"]
        return bool(begun) or self.meta("forked_from") is not None

    def real_data(self) -> RealData | None:
        """The frozen splits, or None before `freeze`. Raises `StoreError` if their digest does not
        hold.
        """
        with self.snapshot():  # until a run has begun, its splits may be frozen anew
            counts, stored = self.meta("data"), self.meta("data_digest")
            query = "SELECT split, body FROM real ORDER BY split, position"
            rows = self._db.execute(query).fetchall()
        if counts is None:
            return None
        splits: dict[str, Any] = {
            split: tuple(
                to_example(json.loads(row["body"])) for row in rows if row["split"] == split
            )
            for split in SPLITS
        }
        data = RealData(**splits, **counts)
        if data.digest != stored:
            raise StoreError(
                f"{self.folder}: the frozen splits are not what was stored",
                why="their digest differs, so no comparison with earlier rounds would hold",
                next_step="restore the folder from a copy, or start a run of another name",
            )
        return data
