"""The tables of `reviews.db`, and its rows as nouns and back.

`decisions` only grows. What follows from it for an item (`action`, `turn`) is kept beside the item,
written in the same transaction, so that the next one is found by an index.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from selfinstruct.review.lines import Lines
from selfinstruct.review.nouns import (
    SETTLING,
    Decision,
    Edited,
    Item,
    ItemLine,
    Measured,
    Neighbour,
)
from selfinstruct.review.pair_tables import PAIRS
from selfinstruct.rows import Row, from_example, to_example
from selfinstruct.store.tables import Schema
from selfinstruct.types import Message, Score, digest

NAME = "reviews.db"

ITEMS = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE queues (
    round INTEGER PRIMARY KEY, candidates TEXT NOT NULL, eligible INTEGER NOT NULL,
    fraction REAL NOT NULL, random REAL NOT NULL
) STRICT;
CREATE TABLE items (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,
    round INTEGER NOT NULL REFERENCES queues (round), label TEXT, fate TEXT NOT NULL,
    why TEXT NOT NULL, random INTEGER NOT NULL, judge INTEGER, line TEXT NOT NULL,
    words TEXT NOT NULL, body TEXT NOT NULL, action TEXT, turn INTEGER
) STRICT;
CREATE INDEX items_open ON items (turn) WHERE turn IS NOT NULL;
CREATE INDEX items_counted ON items (label, action, random, judge, round);
CREATE TABLE reasons (
    why TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (why, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    item TEXT NOT NULL REFERENCES items (id), item_hash TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('accept', 'edit', 'reject', 'skip', 'flag', 'undo')),
    reason TEXT NOT NULL, note TEXT NOT NULL, edited TEXT, reviewer TEXT NOT NULL,
    ms INTEGER NOT NULL, at REAL NOT NULL, undoes TEXT UNIQUE REFERENCES decisions (id)
) STRICT;
CREATE INDEX decisions_by_item ON decisions (item, seq);
CREATE INDEX decisions_by_reviewer ON decisions (reviewer, seq);
"""
_NEAREST = (
    "max(coalesce(json_extract(body, '$.nearest_real.rouge_l'), 0),"
    " coalesce(json_extract(body, '$.nearest_synthetic.rouge_l'), 0))"
)
OF_BODY = {
    "recipe": "nullif(json_extract(body, '$.recipe'), '')",
    "prompt": "nullif(replace(json_extract(body, '$.prompt'), ' ', '@'), '')",
    "hardness": "json_extract(body, '$.hardness')",
    "value": "json_extract(body, '$.measured.value')",
    "novelty": f"1 - {_NEAREST}",
}
"""What is known of every item beside its scores, by name. `novelty` is 1 - ROUGE-L to the nearest
row that is shown beside it, 1 where none is near.
"""


def add_facts(which: str) -> str:
    """The statement that puts what is known of some `items` into `facts`, its latest scores first
    among equals; `which` is a condition on them.
    """
    named = " UNION ALL ".join(
        f"SELECT '{name}', position, {sql} AS value FROM items WHERE {which}"
        for name, sql in OF_BODY.items()
    )
    return (
        "INSERT OR REPLACE INTO facts SELECT * FROM ("
        "SELECT json_extract(one.value, '$.name'), position, json_extract(one.value, '$.value')"
        f" AS value FROM items, json_each(items.body, '$.scores') AS one WHERE {which}"
        f" UNION ALL {named}) WHERE value IS NOT NULL"
    )


FACTS = f"""
CREATE TABLE facts (
    name TEXT NOT NULL, position INTEGER NOT NULL, value ANY NOT NULL, PRIMARY KEY (name, position)
) STRICT, WITHOUT ROWID;
{add_facts("1")};
CREATE TABLE reshown (
    position INTEGER PRIMARY KEY REFERENCES items (position), turn INTEGER NOT NULL,
    gap INTEGER NOT NULL, first INTEGER REFERENCES decisions (seq)
) STRICT;
CREATE INDEX reshown_waiting ON reshown (first) WHERE first IS NOT NULL;
ALTER TABLE decisions ADD COLUMN again TEXT REFERENCES decisions (id);
CREATE INDEX decisions_by_again ON decisions (again) WHERE again IS NOT NULL;
"""
"""What items can be chosen by; which come again, in which order, after how many decisions, and
which decision waits for a second look; and of which one a line is the second look.
"""
REVIEWS = Schema(ITEMS + PAIRS + FACTS, (PAIRS, FACTS), "selfinstruct review {run}")

DECISIONS = Lines("decisions", "item", "items", SETTLING, "again IS NULL")
LONGEST_LINE = 160
"""Characters of an item that a list shows."""


def shown(item: Item) -> Row:
    """All of an item that a person sees, as JSON; its `hash` is the digest of it."""
    return {
        "id": item.id,
        "round": item.round,
        "example": from_example(item.example),
        "fate": item.fate,
        "measured": None if item.measured is None else asdict(item.measured),
        "why": list(item.why),
        "hardness": item.hardness,
        "scores": [asdict(score) for score in item.scores],
        "judge": item.judge,
        "recipe": item.recipe,
        "prompt": item.prompt,
        "nearest_real": _from_neighbour(item.nearest_real),
        "nearest_synthetic": _from_neighbour(item.nearest_synthetic),
    }


def hash_of(item: Item) -> str:
    """Changes with anything that a person sees."""
    return digest(shown(item))


def to_item(row: Mapping[str, Any]) -> Item:
    """The item of a row of `items`."""
    body = json.loads(row["body"])
    parts = {
        "example": to_example(body["example"]),
        "measured": body["measured"] and Measured(**body["measured"]),
        "why": tuple(body["why"]),
        "scores": tuple(Score(**score) for score in body["scores"]),
        "nearest_real": _to_neighbour(body["nearest_real"]),
        "nearest_synthetic": _to_neighbour(body["nearest_synthetic"]),
    }
    return Item(**{**body, **parts, "position": row["position"], "hash": row["hash"]})


def to_line(row: Mapping[str, Any]) -> ItemLine:
    """The line of a row of `items`."""
    why = tuple(json.loads(row["why"]))
    names = ("id", "position", "round", "fate", "label", "action")
    return ItemLine(**{name: row[name] for name in names}, why=why, text=row["line"])


def from_edited(edited: Edited) -> Row:
    """An edited text as JSON."""
    return asdict(edited)


def to_edited(row: Mapping[str, Any]) -> Edited:
    """The edited text of such an object. Raises `TypeError` for one with other fields."""
    turns = tuple(Message(**turn) for turn in row.get("turns", ()))
    return Edited(**{**row, "turns": turns})


def from_decision(decision: Decision) -> Row:
    """A decision as JSON, without what is empty."""
    row = {**asdict(decision), "edited": decision.edited and from_edited(decision.edited)}
    return {key: value for key, value in row.items() if value not in ("", None)}


def to_decision(row: Mapping[str, Any]) -> Decision:
    """The decision of a row of `decisions`."""
    edited = row["edited"] and to_edited(json.loads(row["edited"]))
    return Decision(
        **{**{field.name: row[field.name] for field in fields(Decision)}, "edited": edited}
    )


def _from_neighbour(near: Neighbour | None) -> Row | None:
    if near is None:
        return None
    return {"example": from_example(near.example), "rouge_l": near.rouge_l}


def _to_neighbour(row: Row | None) -> Neighbour | None:
    return None if row is None else Neighbour(to_example(row["example"]), row["rouge_l"])
