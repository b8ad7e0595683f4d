"""Finished stages and the scores they made."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from selfinstruct.rows import (
    Row,
    from_mixture,
    from_report,
    to_report,
)
from selfinstruct.store.ledger import Ledger, put
from selfinstruct.types import (
    Exam,
    Mixture,
    Report,
    Score,
)

NO_WAVE = -1
"""The wave of scores that were given after all waves of their round."""


class Stages(Ledger):
    """The part of a ledger that keeps results."""

    def stage(self, round_index: int, stage: str) -> Any:
        """The JSON result of a finished stage, or None."""
        row = self._db.execute(
            "SELECT result FROM stages WHERE round = ? AND stage = ?", (round_index, stage)
        ).fetchone()
        return None if row is None else json.loads(row["result"])

    def commit_stage(
        self,
        round_index: int,
        stage: str,
        result: object,
        seconds: float,
        report: Report | None = None,
        scores: Sequence[Score] = (),
    ) -> None:
        """Mark a stage finished, together with the report it made and what it measured of rows
        that no wave has; `seconds` is what it took.
        """
        with self.transaction("stage") as db:
            if report is not None:
                _insert_report(db, report)
            insert_scores(db, [(round_index, one) for one in scores])
            db.execute(
                "INSERT INTO stages VALUES (?, ?, ?, ?)",
                (round_index, stage, json.dumps(result, allow_nan=False), seconds),
            )

    def commit_mixture(
        self,
        round_index: int,
        mixture: Mixture,
        seconds: float,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Mark the mixture of a round finished, together with the ids of its rows and whatever
        `more` is to be known of it.
        """
        times = Counter(row.id for row in mixture.rows)
        result = {**from_mixture(mixture), **(more or {})}
        with self.transaction("mixture") as db:
            db.execute(
                "INSERT INTO stages VALUES (?, 'mix', ?, ?)",
                (round_index, json.dumps(result, allow_nan=False), seconds),
            )
            db.executemany(
                "INSERT INTO mixed VALUES (?, ?, ?)",
                [(round_index, id_, count) for id_, count in times.items()],
            )

    def commit_human_scores(self, scores: Sequence[tuple[int, Score]], last: int) -> None:
        """Append what people said of rows, each with the round of its row; `last` is the number of
        the newest decision among them, kept as `review_read`.
        """
        with self.transaction("human") as db:
            insert_scores(db, scores)
            put(db, {"review_read": last})

    def commit_scores(self, scores: Sequence[tuple[int, Score]]) -> None:
        """Append what was measured outside of the run, each with the round of its row."""
        with self.transaction("scores") as db:
            insert_scores(db, scores)

    def measured(self) -> list[str]:
        """The names of what the filters of this run have measured of its candidates."""
        query = (
            "SELECT name FROM (SELECT DISTINCT name FROM scores) AS known WHERE EXISTS"
            " (SELECT 1 FROM scores WHERE scores.name = known.name AND wave != ?)"
        )
        return [row["name"] for row in self._db.execute(query, (NO_WAVE,))]

    def stages(self) -> Sequence[Row]:
        """Every finished stage, in order of rounds."""
        rows = self._db.execute("SELECT * FROM stages ORDER BY round, rowid")
        return [{**row, "result": json.loads(row["result"])} for row in rows]

    def results(self, stage: str) -> dict[int, Any]:
        """By round the JSON result of this stage where it is finished, in order."""
        query = "SELECT round, result FROM stages WHERE stage = ? ORDER BY round"
        rows = self._db.execute(query, (stage,))
        return {row["round"]: json.loads(row["result"]) for row in rows}

    def report(self, checkpoint: str, split: Exam) -> Report | None:
        """The stored scores of a checkpoint (by digest) on a split, or None."""
        row = self._db.execute(
            "SELECT body FROM reports WHERE checkpoint = ? AND split = ?", (checkpoint, split)
        ).fetchone()
        return None if row is None else to_report(json.loads(row["body"]))

    def reports(self) -> Iterator[Report]:
        """Every stored report."""
        for row in self._db.execute("SELECT body FROM reports ORDER BY rowid"):
            yield to_report(json.loads(row["body"]))

    def commit_report(self, report: Report) -> None:
        """Store the scores of one checkpoint on one split."""
        with self.transaction("report") as db:
            _insert_report(db, report)


def insert_scores(db: sqlite3.Connection, scores: Sequence[tuple[int, Score]]) -> None:
    """Append scores that belong to no wave, each with its round; part of a transaction."""
    db.executemany(
        "INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (index, NO_WAVE, one.id, one.name, one.value, one.source, one.detail)
            for index, one in scores
        ],
    )


def _insert_report(db: sqlite3.Connection, report: Report) -> None:
    db.execute(
        "INSERT INTO reports VALUES (?, ?, ?)",
        (report.checkpoint, report.split, json.dumps(from_report(report), allow_nan=False)),
    )
