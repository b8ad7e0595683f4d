"""Which items are meant: filters as SQL over `items`, in the language of `where`.

A measure that an item does not have is not compared: `novelty<.3` leaves out what has no novelty.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

from selfinstruct.review.nouns import FieldLine, Filters, State
from selfinstruct.review.tables import DECISIONS, OF_BODY
from selfinstruct.store.where import EVERYTHING as ALL
from selfinstruct.store.where import Field, Fields, parse

STATES: Mapping[State, tuple[str, ...]] = {
    "open": ("items.turn IS NOT NULL",),
    "decided": ("items.turn IS NULL",),
    "all": (),
}
Condition = tuple[str, tuple[Any, ...]]
"""An SQL expression over `items`, and its values."""

MOST_VALUES = 12
"""Of a text that are named."""
TEXTS = ("recipe", "prompt")
"""Facts that are texts; `value` may be either, and all others are numbers."""


def _said(column: str) -> str:
    """What the decision that holds says."""
    said = f"nullif({column}, '')"
    return f"({DECISIONS.stands(said, 'items.id')})"


ITEM_FIELDS: Mapping[str, Field] = {
    "id": Field("items.id"),
    "row": Field("(items.position + 1)", "number"),
    "round": Field("items.round", "number"),
    "label": Field("items.label"),
    "fate": Field("(CASE items.fate WHEN 'accepted' THEN 'accepted' ELSE 'rejected' END)"),
    "reason": Field("nullif(items.fate, 'accepted')"),
    "judge": Field("(CASE items.judge WHEN 1 THEN 'pass' WHEN 0 THEN 'fail' END)"),
    "decision": Field("items.action"),
    "rejected_for": Field(_said("reason")),
    "note": Field(_said("note")),
    "reviewer": Field(_said("reviewer")),
    "text": Field("items.words", words=True),
}
"""What every queue knows of its items; `facts` come to it. `fate` and `reason` are those of the
filters, `decision` and `rejected_for` people's.
"""
_FACT = (
    "(SELECT value FROM facts WHERE facts.name = ? AND facts.position = items.position)"  # one row
)
_NAMES = """
WITH RECURSIVE each (name) AS (
    SELECT min(name) FROM facts
    UNION ALL SELECT (SELECT min(name) FROM facts WHERE name > each.name) FROM each
    WHERE each.name IS NOT NULL
) SELECT name FROM each WHERE name IS NOT NULL
"""
"""From one to the next by the index: SELECT DISTINCT would read every row."""
_AMONG = "items.position IN (SELECT position FROM facts WHERE name = ? AND value {} ?)"


def fields(db: sqlite3.Connection) -> Fields:
    """Every field that the items of this review have."""
    names = [*OF_BODY, *(row["name"] for row in db.execute(_NAMES))]
    return {**{name: _fact(name) for name in sorted(names)}, **ITEM_FIELDS}


def condition(db: sqlite3.Connection, filters: Filters) -> Condition:
    """Which rows of `items` the filters mean. Raises `UserError` that points at what is wrong with
    `filters.where`.
    """
    wanted = parse(filters.where, fields(db)) if filters.where else ALL
    why = "items.position IN (SELECT position FROM reasons WHERE why = ?)"
    values = {
        "items.label = ?": filters.label,
        "items.round = ?": filters.round,
        why: filters.why,
        "instr(items.words, ?) > 0": filters.text.casefold() or None,
    }
    given = {sql: value for sql, value in values.items() if value is not None}
    parts = (*STATES[filters.state], *given, wanted.sql)
    return " AND ".join(parts), (*given.values(), *wanted.arguments)


def lines(db: sqlite3.Connection) -> list[FieldLine]:
    """The fields with what they hold, so that a person need not guess."""
    ends = {
        row["name"]: row
        for row in db.execute(
            "SELECT name, min(value) AS low, max(value) AS high FROM facts"
            " WHERE typeof(value) != 'text' GROUP BY name"
        )
    }
    found = []
    for name, field in fields(db).items():
        held = ends.get(name, {"low": None, "high": None})
        values = () if field.kind == "number" or field.words else _values(db, name, field)
        found.append(FieldLine(name, field.kind, held["low"], held["high"], values))
    return found


def _values(db: sqlite3.Connection, name: str, field: Field) -> tuple[str, ...]:
    """The commonest values of a text, none where nearly each item has its own."""
    if name in ("id", "note"):
        return ()
    rows = db.execute(
        f"SELECT {field.sql} AS value, count(*) AS n FROM items GROUP BY 1"
        " HAVING typeof(value) = 'text' ORDER BY n DESC, value LIMIT ?",
        (*field.arguments, MOST_VALUES),
    )
    return tuple(row["value"] for row in rows)


def _fact(name: str) -> Field:
    if name in TEXTS:
        return Field(_FACT, "text", (name,))
    if name == "value":
        return Field(_FACT, "any", (name,))
    return Field(_FACT, "number", (name,), among=_AMONG)
