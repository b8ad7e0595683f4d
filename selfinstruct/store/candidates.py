"""Every candidate with its fate, and the way from a row back to where it came from."""

import json
from collections.abc import Iterator, Sequence

from selfinstruct.rows import (
    Row,
    from_example,
    from_rejection,
    to_example,
    to_rejection,
)
from selfinstruct.store.ledger import LAST, Ledger
from selfinstruct.store.lookup import REVIEWED
from selfinstruct.store.told import part_id
from selfinstruct.types import (
    Example,
    Rejection,
    Score,
    Screened,
    digest,
)


class Candidates(Ledger):
    """The part of a ledger that keeps waves of candidates."""

    def commit_wave(self, round_index: int, wave: int, screened: Screened) -> None:
        """Store the fate of every candidate of one wave, and what was measured of them, all or
        nothing.
        """
        fates: list[tuple[Example, str | None, Row]] = [
            *((row, None, from_example(row)) for row in screened.accepted),
            *((item.what, item.reason, from_rejection(item)) for item in screened.rejected),
        ]
        with self.transaction("wave") as db:
            db.execute("INSERT INTO waves VALUES (?, ?)", (round_index, wave))
            db.executemany(
                "INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (round_index, wave, position, what.id, reason, what.attempt, text)
                    for position, (what, reason, body) in enumerate(fates)
                    for text in [json.dumps(body, allow_nan=False)]
                ],
            )
            db.executemany(
                "INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (round_index, wave, one.id, one.name, one.value, one.source, one.detail)
                    for one in screened.scores
                ],
            )

    def wave(self, round_index: int, wave: int) -> Screened | None:
        """A committed wave, or None if it has not been committed."""
        key = (round_index, wave)
        if not self._db.execute("SELECT 1 FROM waves WHERE round = ? AND wave = ?", key).fetchone():
            return None
        rows = self._db.execute(
            "SELECT reason, body FROM candidates WHERE round = ? AND wave = ? ORDER BY position",
            key,
        ).fetchall()
        return Screened(
            tuple(to_example(json.loads(row["body"])) for row in rows if row["reason"] is None),
            tuple(
                to_rejection(json.loads(row["body"])) for row in rows if row["reason"] is not None
            ),
            tuple(
                Score(row["id"], row["name"], row["value"], row["source"], row["detail"])
                for row in self._db.execute(
                    "SELECT * FROM scores WHERE round = ?1 AND wave = ?2 AND id IN"
                    " (SELECT id FROM candidates WHERE round = ?1 AND wave = ?2) ORDER BY rowid",
                    key,
                )
            ),
        )

    def waves(self) -> Sequence[tuple[int, int]]:
        """The round and number of every committed wave, in order."""
        rows = self._db.execute("SELECT round, wave FROM waves ORDER BY round, wave")
        return [(row["round"], row["wave"]) for row in rows]

    def rounds_asked(self, answers: int = 0) -> list[int]:
        """Every round that has a wave, or a call behind the first so many `answers`, in order: a
        fork has those of the run it comes from, of rounds that it left out as well.
        """
        query = (
            "SELECT round FROM waves UNION SELECT round FROM attempts WHERE rowid >"
            " (SELECT coalesce(max(at), 0) FROM (SELECT rowid AS at FROM attempts"
            " WHERE state = 'done' ORDER BY rowid LIMIT ?)) ORDER BY round"
        )
        return [row["round"] for row in self._db.execute(query, (answers,))]

    def screened(self, round_index: int) -> Screened:
        """All candidates of one round, in order."""
        count = self._db.execute(
            "SELECT count(*) AS n FROM waves WHERE round = ?", (round_index,)
        ).fetchone()["n"]
        waves = [
            wave for index in range(count) if (wave := self.wave(round_index, index)) is not None
        ]
        return Screened(
            tuple(row for wave in waves for row in wave.accepted),
            tuple(item for wave in waves for item in wave.rejected),
            tuple(one for wave in waves for one in wave.scores),
        )

    def find(self, prefix: str) -> Sequence[Row]:
        """Every real row, candidate and edited row whose id starts with `prefix`, with its place
        and fate; an edited one stands in the wave `REVIEWED`.
        """
        span = (prefix, prefix + LAST)
        real = self._db.execute(
            "SELECT id, split, body FROM real WHERE id >= ? AND id < ? ORDER BY id", span
        )
        made = self._db.execute(
            "SELECT id, round, wave, reason, attempt, body FROM candidates WHERE id >= ? AND id < ?"
            " ORDER BY round, wave, position",
            span,
        )
        edited = self._db.execute(
            "SELECT id, facts.round, wave, reason, attempt,"
            " json_extract(result, '$.edited[' || position || '].row') AS body FROM facts"
            " JOIN stages ON stages.round = facts.round AND stage = 'review'"
            f" WHERE id >= ? AND id < ? AND wave = {REVIEWED} ORDER BY doc",
            span,
        )
        return [{**row, "body": json.loads(row["body"])} for row in (*real, *made, *edited)]

    def scores_of(self, id_: str) -> list[Score]:
        """What was measured of the candidate with this id, in order."""
        return [
            Score(row["id"], row["name"], row["value"], row["source"], row["detail"])
            for row in self._db.execute("SELECT * FROM scores WHERE id = ? ORDER BY rowid", (id_,))
        ]

    def ids(self) -> Iterator[tuple[str, str, str]]:
        """(table, stored id, id its words have) of every real row, candidate, prompt, and part of
        what prompts were told.
        """
        for row in self._db.execute("SELECT split, id, body FROM real"):
            yield row["split"], row["id"], to_example(json.loads(row["body"])).id
        for row in self._db.execute("SELECT id, reason, body FROM candidates"):
            body = json.loads(row["body"])
            what = body if row["reason"] is None else body["what"]
            yield "candidate", row["id"], to_example(what).id
        for row in self._db.execute("SELECT id, template, version, messages FROM prompts"):
            words = [row["template"], row["version"], json.loads(row["messages"])]
            yield "prompt", row["id"], digest(words)
        for row in self._db.execute("SELECT id, body FROM told"):
            yield "value", row["id"], part_id(row["body"])

    def rejections(self, reason: str) -> Iterator[tuple[int, Rejection]]:
        """(round, rejection) of every candidate dropped for `reason`, in order."""
        for row in self._db.execute(
            "SELECT round, body FROM candidates WHERE reason = ? ORDER BY round, wave, position",
            (reason,),
        ):
            yield row["round"], to_rejection(json.loads(row["body"]))

    def reasons(self, round_index: int) -> dict[str, int]:
        """How many candidates of a round were dropped for each reason, most first."""
        rows = self._db.execute(
            "SELECT reason, count(*) AS n FROM candidates WHERE round = ? AND reason IS NOT NULL"
            " GROUP BY reason ORDER BY n DESC, reason",
            (round_index,),
        )
        return {row["reason"]: row["n"] for row in rows}
