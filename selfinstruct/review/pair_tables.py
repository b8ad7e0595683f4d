"""The tables of pairs in `reviews.db`, and their rows as nouns and back.

Answers are kept here and not in the run's ledger, whose one writer may be at work meanwhile. An
answer is known by what gave it and how it was asked, so that none is generated twice.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from selfinstruct.review.lines import Lines
from selfinstruct.review.pairs import SETTLING, Choice, Contest, Pair
from selfinstruct.rows import Row, from_example, to_example

PAIRS = """
CREATE TABLE answers (
    student TEXT NOT NULL, example TEXT NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (student, example)
) STRICT, WITHOUT ROWID;
CREATE TABLE contests (
    id TEXT PRIMARY KEY, first TEXT NOT NULL, second TEXT NOT NULL, asked INTEGER NOT NULL
) STRICT;
CREATE TABLE pairs (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL,
    contest TEXT NOT NULL REFERENCES contests (id), body TEXT NOT NULL,
    first_left INTEGER NOT NULL, judge TEXT CHECK (judge IN ('first', 'second', 'equal')),
    action TEXT, turn INTEGER
) STRICT;
CREATE INDEX pairs_open ON pairs (contest, turn) WHERE turn IS NOT NULL;
CREATE INDEX pairs_of_contest ON pairs (contest, position);
CREATE TABLE choices (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    pair TEXT NOT NULL REFERENCES pairs (id), pair_hash TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('left', 'right', 'equal', 'bad', 'skip', 'undo')),
    reviewer TEXT NOT NULL, ms INTEGER NOT NULL, at REAL NOT NULL,
    undoes TEXT UNIQUE REFERENCES choices (id)
) STRICT;
CREATE INDEX choices_by_pair ON choices (pair, seq);
CREATE INDEX choices_by_reviewer ON choices (reviewer, seq);
"""
CHOICES = Lines("choices", "pair", "pairs", SETTLING)


def to_contest(row: Mapping[str, Any]) -> Contest:
    """The contest of a row of `contests`."""
    return Contest(row["id"], row["first"], row["second"], row["asked"])


def from_pair(pair: Pair) -> tuple[object, ...]:
    """A pair that nobody has judged as a row of `pairs`."""
    words: Row = {"example": from_example(pair.example), "left": pair.left, "right": pair.right}
    body = json.dumps(words, allow_nan=False)
    place = pair.position
    return (place, pair.id, pair.hash, pair.contest, body, pair.first_left, None, None, place)


def to_pair(row: Mapping[str, Any]) -> Pair:
    """The pair of a row of `pairs`."""
    body = json.loads(row["body"])
    return Pair(
        row["id"],
        row["contest"],
        row["position"],
        to_example(body["example"]),
        body["left"],
        body["right"],
        bool(row["first_left"]),
    )


def from_choice(choice: Choice) -> Row:
    """A choice as JSON, without what is empty."""
    return {key: value for key, value in asdict(choice).items() if value not in ("", None)}


def to_choice(row: Mapping[str, Any]) -> Choice:
    """The choice of a row of `choices`."""
    return Choice(**{field.name: row[field.name] for field in fields(Choice)})
