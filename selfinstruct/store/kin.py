"""Who comes from whom in a ledger: rows, calls, prompts and students by id, and what ties them."""

import json
from collections.abc import Sequence
from typing import Any

from selfinstruct.rows import Row
from selfinstruct.store.ledger import LAST
from selfinstruct.store.lookup import REVIEWED
from selfinstruct.store.search import FATE, JUDGED, Found, Search

MOST = 6
"""Ids of one kind that a beginning is told to fit."""
_FACT = f"SELECT facts.*, {FATE} AS fate FROM facts"
_END = f"(CASE WHEN wave = {REVIEWED} THEN 'edited' ELSE coalesce(reason, 'accepted') END) AS fate"
_CALL = (
    "SELECT attempts.*, template, version, parents FROM attempts"
    " JOIN prompts ON prompts.id = attempts.prompt"
)


class Kin(Search):
    """The part of a ledger that knows lineage."""

    def named(self, prefix: str) -> list[tuple[str, str]]:
        """(kind, id) of every row, call, prompt version (TEMPLATE@VERSION) and student whose id
        starts with `prefix`, a few of each kind; of a whole id, that alone. A prompt answers to its
        version and to its whole name.
        """
        span = (prefix, prefix + LAST)
        template, at, version = prefix.rpartition("@")
        versions = (version, version + LAST) if at else span
        queries: list[tuple[str, str, tuple[str, ...]]] = [
            ("row", "SELECT DISTINCT id FROM facts WHERE id >= ? AND id < ?", span),
            ("call", "SELECT key AS id FROM attempts WHERE key >= ? AND key < ?", span),
            (
                "prompt",
                "SELECT template || '@' || version AS id FROM (SELECT DISTINCT version, template"
                " FROM prompts WHERE version >= ? AND version < ? AND ? IN (template, ''))",
                (*versions, template),
            ),
            (
                "student",
                "SELECT DISTINCT checkpoint AS id FROM reports"
                " WHERE checkpoint >= ? AND checkpoint < ?",
                span,
            ),
        ]
        found = [
            (kind, row["id"])
            for kind, query, arguments in queries
            for row in self._db.execute(f"{query} LIMIT {MOST}", arguments)
        ]
        whole = [(kind, id_) for kind, id_ in found if id_ == prefix]
        return whole or found

    def facts_of(self, id_: str) -> list[Row]:
        """What is known of the row with this id at each place where it stands: real ones first,
        then kept ones, then in order.
        """
        return self._db.execute(
            f"{_FACT} WHERE id = ? ORDER BY split IS NULL, reason IS NOT NULL, doc", (id_,)
        ).fetchall()

    def facts_from(self, attempt: str) -> list[Row]:
        """What is known of the candidates that were read from a call."""
        return self._db.execute(f"{_FACT} WHERE attempt = ? ORDER BY doc", (attempt,)).fetchall()

    def answered(
        self, round_index: int, limit: int | None = None, template: str | None = None
    ) -> list[str]:
        """The calls of a round that have an answer, a judge's aside, in the order asked; those of
        one template alone where it is named.
        """
        rows = self._db.execute(
            f"SELECT key FROM attempts JOIN prompts ON prompts.id = prompt"
            f" WHERE attempts.round = ? AND state = 'done' AND template NOT LIKE '{JUDGED}%'"
            " AND template = coalesce(?, template) ORDER BY attempts.rowid LIMIT ?",
            (round_index, template, -1 if limit is None else limit),
        )
        return [row["key"] for row in rows]

    def words_of(self, fact: Row) -> Row:
        """The words of the row that a fact is of."""
        return self._body(fact)

    def rejection_of(self, fact: Row) -> Row:
        """What a filter said of a candidate: reason, value, threshold, neighbour, as far as there
        are any.
        """
        if fact["reason"] is None:
            return {}
        place = (fact["round"], fact["wave"], fact["position"])
        query = "SELECT body FROM candidates WHERE round = ? AND wave = ? AND position = ?"
        body: Row = json.loads(self._db.execute(query, place).fetchone()["body"])
        return {name: value for name, value in body.items() if name != "what"}

    def calls_about(self, id_: str) -> list[Row]:
        """The calls that asked about a row, or went on from the answer of a call, in order."""
        return self._db.execute(
            f"{_CALL} WHERE key IN (SELECT key FROM about WHERE id = ?) ORDER BY attempts.rowid",
            (id_,),
        ).fetchall()

    def calls_before(self, key: str) -> list[Row]:
        """The calls whose answers a call went on from, in order; mostly one, or none."""
        return self._db.execute(
            f"{_CALL} WHERE key IN (SELECT id FROM about WHERE key = ?) ORDER BY attempts.rowid",
            (key,),
        ).fetchall()

    def rows_of_call(self, key: str) -> list[str]:
        """The ids of the rows that a call asks about, those that other ledgers have among them."""
        query = (
            "SELECT id FROM about WHERE key = ?"
            " AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.key = about.id) ORDER BY id"
        )
        return [row["id"] for row in self._db.execute(query, (key,))]

    def children_of(self, id_: str, limit: int) -> Found:
        """The first rows that were asked for with this one shown, kept ones first."""
        asked = (_parent(id_),)
        total = "SELECT count(*) AS n FROM texts WHERE texts MATCH ?"
        rows = self._db.execute(
            f"{_FACT} WHERE doc IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
            " ORDER BY reason IS NOT NULL, doc LIMIT ?",
            (*asked, limit),
        ).fetchall()
        return Found(rows, self._db.execute(total, asked).fetchone()["n"])

    def fates_of_children(self, id_: str) -> dict[str, int]:
        """How many of them were accepted, edited, and dropped for which reason, most first."""
        rows = self._db.execute(
            f"SELECT {_END}, count(*) AS n FROM facts"
            " WHERE doc IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
            " GROUP BY fate ORDER BY n DESC, fate",
            (_parent(id_),),
        )
        return {row["fate"]: row["n"] for row in rows}

    def use_of(self, prompt: str) -> dict[str, Any]:
        """What was asked with TEMPLATE@VERSION: calls and tokens, and by round how many rows came
        to what.
        """
        template, _, version = prompt.rpartition("@")
        spent = self._db.execute(
            "SELECT count(*) AS calls, coalesce(sum(prompt_tokens), 0) AS prompt_tokens,"
            " coalesce(sum(completion_tokens), 0) AS completion_tokens FROM prompts"
            " JOIN attempts ON attempts.prompt = prompts.id WHERE version = ? AND template = ?",
            (version, template),
        ).fetchone()
        rounds: dict[int, dict[str, int]] = {}
        for row in self._db.execute(
            f"SELECT round, {_END}, count(*) AS n FROM facts"
            " WHERE prompt = ? GROUP BY round, fate ORDER BY round, n DESC, fate",
            (prompt,),
        ):
            rounds.setdefault(row["round"], {})[row["fate"]] = row["n"]
        return {**spent, "rounds": rounds}

    def kept_by(self, prompt: str) -> list[str]:
        """The ids of the kept rows that TEMPLATE@VERSION wrote."""
        query = "SELECT id FROM facts WHERE prompt = ? AND reason IS NULL ORDER BY doc"
        return [row["id"] for row in self._db.execute(query, (prompt,))]

    def mixed(self, round_index: int) -> bool:
        """Whether the ledger knows the rows of a round's mixture; those of versions before 4 did
        not.
        """
        query = "SELECT 1 AS one FROM mixed WHERE round = ? LIMIT 1"
        return self._db.execute(query, (round_index,)).fetchone() is not None

    def times_mixed(self, round_index: int, ids: Sequence[str]) -> int:
        """How often rows of these ids stand in a round's mixture."""
        row = self._db.execute(
            "SELECT coalesce(sum(times), 0) AS n FROM mixed WHERE round = ?"
            " AND id IN (SELECT value FROM json_each(?))",
            (round_index, json.dumps(list(ids))),
        ).fetchone()
        n: int = row["n"]
        return n

    def times_mixed_of(self, prompt: str) -> dict[int, int]:
        """By round, how often rows that TEMPLATE@VERSION wrote and filters kept stand in its
        mixture; no word of rounds where none does. All in SQLite: they may be a hundred thousand.
        """
        query = (
            "SELECT round, sum(times) AS n FROM mixed WHERE id IN"
            " (SELECT id FROM facts WHERE prompt = ? AND reason IS NULL) GROUP BY round"
        )
        return {row["round"]: row["n"] for row in self._db.execute(query, (prompt,))}

    def mixture(self, round_index: int) -> list[str]:
        """The ids of the rows of a round's mixture, each once."""
        query = "SELECT id FROM mixed WHERE round = ?"
        return [row["id"] for row in self._db.execute(query, (round_index,))]

    def writers_of(self, ids: Sequence[str]) -> list[Row]:
        """Of these rows of a mixture, how many each prompt version wrote; those that people edited
        count as theirs (origin `edited`), and real rows have none.
        """
        return self._db.execute(
            f"SELECT CASE WHEN wave = {REVIEWED} THEN NULL ELSE prompt END AS prompt,"
            f" CASE WHEN wave = {REVIEWED} THEN 'edited' ELSE origin END AS origin,"
            " count(DISTINCT id) AS n FROM facts WHERE id IN (SELECT value"
            " FROM json_each(?)) AND (split = 'train' OR (split IS NULL AND reason IS NULL))"
            " GROUP BY 1, 2 ORDER BY n DESC",
            (json.dumps(list(ids)),),
        ).fetchall()


def _parent(id_: str) -> str:
    """The FTS5 query for rows that have this parent."""
    return 'parents : "{}"'.format(id_.replace('"', '""'))
