"""Rows and calls found by what is known of them, over the tables of `lookup`; words by full text.

Rows of gate and final are found by anything but their words, unless they are asked for: whoever
looks for words among them while a run goes on begins to choose by them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.rows import Row
from selfinstruct.store.ledger import Ledger
from selfinstruct.store.lookup import EDITED, MADE, REAL, REVIEWED
from selfinstruct.store.where import (
    EVERYTHING,
    Condition,
    Field,
    Fields,
    field_named,
    parse,
    require_whole_characters,
)

HELD_OUT = ("gate", "final")
JUDGED = "judge/"
"""The folder of templates whose prompts show gate rows: a judge compares answers to them."""
PHRASE = re.compile(r'"([^"]*)"|(\S+)')

_TEXT = (
    f"(CASE WHEN facts.wave = {REVIEWED} THEN (SELECT text FROM ({EDITED}) AS seen WHERE"
    " seen.round = facts.round AND seen.position = facts.position)"
    f" WHEN facts.split IS NULL THEN (SELECT text FROM ({MADE}) AS seen WHERE"
    " seen.round = facts.round AND seen.wave = facts.wave AND seen.position = facts.position)"
    f" ELSE (SELECT text FROM ({REAL}) AS seen WHERE seen.split = facts.split"
    " AND seen.position = facts.position) END)"
)
FATE = (
    f"(CASE WHEN facts.split IS NOT NULL THEN 'real' WHEN facts.wave = {REVIEWED} THEN 'edited'"
    " WHEN facts.reason IS NULL THEN 'accepted' ELSE 'rejected' END)"
)
_RECIPE = "(CASE WHEN facts.source LIKE 'recipe:%' THEN substr(facts.source, 8) END)"
_NOVELTY = "(CASE WHEN facts.reason = 'too_similar' THEN 1 - facts.value END)"
_SCORE = (
    "(SELECT scores.value FROM scores WHERE scores.name = ? AND scores.id = facts.id"
    " ORDER BY scores.rowid DESC LIMIT 1)"
)
_SCORED = (
    "facts.id IN (SELECT id FROM (SELECT id, value, max(rowid) FROM scores WHERE name = ?"
    " GROUP BY id) WHERE value {} ?)"
)
"""Of several scores of one name the latest counts: SQLite takes `value` from the row of the max."""
_OPEN = f"(facts.split IS NULL OR facts.split NOT IN {HELD_OUT})"
_SECONDS = "(attempts.ended - attempts.started)"

_NUMBERS = ("round", "wave", "depth", "words")
_TEXTS = (
    *("id", "label", "kind", "reason", "split", "prompt", "origin", "license", "source"),
    *("request", "attempt"),
)
ROW_FIELDS: Mapping[str, Field] = {
    **{name: Field(f"facts.{name}") for name in _TEXTS},
    **{name: Field(f"facts.{name}", "number") for name in _NUMBERS},
    "licence": Field("facts.license"),
    "fate": Field(FATE),
    "recipe": Field(_RECIPE),
    "value": Field("facts.value", "any"),
    "novelty": Field(_NOVELTY, "number"),
    "text": Field(_TEXT, words=True),
}
"""What `examples list` knows of every row; the names of a run's scores come to it. `novelty` is 1 -
ROUGE-L to the nearest known question, known of rows that were too near: the filter looks no
further.
"""
CALL_FIELDS: Mapping[str, Field] = {
    "id": Field("attempts.key"),
    "round": Field("attempts.round", "number"),
    "wave": Field("attempts.wave", "number"),
    "prompt": Field("(template || '@' || version)"),
    "model": Field("attempts.model"),
    "served": Field("attempts.served"),
    "state": Field("attempts.state"),
    "finish": Field("attempts.finish_reason"),
    "sample": Field("attempts.sample", "number"),
    "prompt_tokens": Field("attempts.prompt_tokens", "number"),
    "completion_tokens": Field("attempts.completion_tokens", "number"),
    "tokens": Field("(attempts.prompt_tokens + attempts.completion_tokens)", "number"),
    "seconds": Field(_SECONDS, "number"),
    "error": Field("nullif(attempts.error, '')"),
    "answer": Field("attempts.text", words=True),
    "messages": Field("prompts.messages", words=True),
}
"""What `log` knows of every call."""


@dataclass(frozen=True)
class Found:
    """One page of what was found, and how much there is in all."""

    rows: Sequence[Row]
    total: int


class Search(Ledger):
    """The part of a ledger that finds."""

    def row_fields(self) -> Fields:
        """The fields of rows, with the scores of this run by name."""
        names = [row["name"] for row in self._db.execute("SELECT DISTINCT name FROM scores")]
        scores = {name: Field(_SCORE, "number", (name,), among=_SCORED) for name in sorted(names)}
        return {**scores, **ROW_FIELDS}

    def check_where(self, where: str) -> None:
        """Raises `UserError` for an expression over rows that means nothing."""
        parse(where, self.row_fields())

    def examples(
        self, where: str, text: str = "", sort: str = "", limit: int = 20, *, held_out: bool = False
    ) -> Found:
        """Rows that fulfil an expression and hold these words, in order of their making or sorted
        by a field (`-FIELD` for the largest first), each with what `facts` says, its `fate`,
        `scores`, and as `row` its words, None where it is held out. Raises `UserError` for an
        expression, a word or a field that means nothing.
        """
        fields = self.row_fields()
        condition = _only(parse(where, fields), bool(text), _OPEN, allowed=held_out)
        if text:
            found = "facts.doc IN (SELECT rowid FROM texts WHERE texts MATCH ?)"
            condition = _both(condition, Condition(found, (f"text : ({match_words(text)})",)))
        order, arguments = _order(sort, fields, "facts.doc")
        facts = self._db.execute(
            f"SELECT facts.*, {FATE} AS fate FROM facts WHERE {condition.sql} ORDER BY {order}"
            " LIMIT ?",
            (*condition.arguments, *arguments, limit),
        ).fetchall()
        total = len(facts) if len(facts) < limit else self._count("facts", condition)
        return Found([self._whole(row, held_out=held_out) for row in facts], total)

    def _count(self, table: str, condition: Condition) -> int:
        query = f"SELECT count(*) AS n FROM {table} WHERE {condition.sql}"
        n: int = self._db.execute(query, condition.arguments).fetchone()["n"]
        return n

    def _whole(self, fact: Row, *, held_out: bool) -> Row:
        """A row of `facts` with its words and scores."""
        row = {name: value for name, value in fact.items() if name not in ("doc", "position")}
        scores = {one["name"]: one["value"] for one in self._scores(fact["id"])}
        hidden = fact["split"] in HELD_OUT and not held_out
        return {**row, "scores": scores, "row": None if hidden else self._body(fact)}

    def _scores(self, id_: str) -> Sequence[Row]:
        query = "SELECT name, value FROM scores WHERE id = ? ORDER BY rowid"
        return self._db.execute(query, (id_,)).fetchall()

    def _body(self, fact: Row) -> Row:
        """The words of a row, of a rejected one as well without its reason."""
        if fact["split"] is not None:
            place: Any = (fact["split"], fact["position"])
            query = "SELECT body FROM real WHERE split = ? AND position = ?"
        elif fact["wave"] == REVIEWED:
            place = (f"$.edited[{fact['position']}].row", fact["round"])
            query = (
                "SELECT json_extract(result, ?) AS body FROM stages"
                " WHERE round = ? AND stage = 'review'"
            )
        else:
            place = (fact["round"], fact["wave"], fact["position"])
            query = "SELECT body FROM candidates WHERE round = ? AND wave = ? AND position = ?"
        body: Row = json.loads(self._db.execute(query, place).fetchone()["body"])
        return dict(body.get("what", body))

    def log(self, where: str, limit: int = 20, *, held_out: bool = False) -> Found:
        """The last calls that fulfil an expression, newest last, without their words."""
        judged = f"template NOT LIKE '{JUDGED}%'"
        condition = _only(parse(where, CALL_FIELDS), False, judged, allowed=held_out)
        joined = "attempts JOIN prompts ON prompts.id = attempts.prompt"
        total = self._count(joined if condition is not EVERYTHING else "attempts", condition)
        rows = self._db.execute(
            "SELECT attempts.key AS id, attempts.round, wave, template || '@' || version AS prompt,"
            " sample, model, served, state, finish_reason AS finish, prompt_tokens,"
            f" completion_tokens, {_SECONDS} AS seconds, started, error FROM {joined}"
            f" WHERE {condition.sql} ORDER BY attempts.rowid DESC LIMIT ?",
            (*condition.arguments, limit),
        ).fetchall()
        return Found(rows[::-1], total)


def match_words(text: str) -> str:
    """An FTS5 query that every word, and every "phrase in quotes", must stand in a row.

    Raises `UserError` for what has no letters or digits, and for half of a character.
    """
    require_whole_characters(text)
    phrases = [quoted or word for quoted, word in PHRASE.findall(text)]
    asked = [phrase for phrase in phrases if any(char.isalnum() for char in phrase)]
    if not asked:
        raise UserError(
            f"{text!r} has no words to look for",
            next_step="look for signs with --where 'text ~ \"...\"'",
        )
    quoted = (phrase.replace('"', '""').replace("\0", " ") for phrase in asked)
    return " AND ".join(f'"{phrase}"' for phrase in quoted)


def _only(condition: Condition, by_text: bool, shown: str, *, allowed: bool) -> Condition:
    """The condition, kept from what is held out where it goes by words and that is not allowed."""
    if allowed or not (condition.words or by_text):
        return condition
    return _both(condition, Condition(shown))


def _both(one: Condition, other: Condition) -> Condition:
    arguments = (*one.arguments, *other.arguments)
    return Condition(f"({one.sql}) AND ({other.sql})", arguments, one.words or other.words)


def _order(sort: str, fields: Fields, last: str) -> tuple[str, tuple[Any, ...]]:
    """ORDER BY a field, what lacks it at the end, and then as it was made."""
    if not sort:
        return last, ()
    field = field_named(sort.removeprefix("-"), fields)
    if field.words:
        raise UserError(f"--sort {sort}: rows are not sorted by their words")
    down = " DESC" if sort.startswith("-") else ""
    return f"{field.sql}{down} NULLS LAST, {last}", field.arguments
