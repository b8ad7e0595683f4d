"""What holds in a table of lines, held to a list that is read from its end."""

import sqlite3
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.review.lines import LATER, Lines

LINES = Lines("lines", "thing", "things", ("yes", "no"))
SCHEMA = """
CREATE TABLE things (id TEXT PRIMARY KEY, position INTEGER, action TEXT, turn INTEGER);
CREATE TABLE lines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, thing TEXT, action TEXT, undoes TEXT
);
"""


@dataclass
class Table:
    """Three things and lines about them, in a database and in a list."""

    db: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))
    stack: list[tuple[str, str, str, int]] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.db.row_factory = lambda cursor, row: dict(
            zip((column[0] for column in cursor.description), row, strict=True)
        )
        self.db.executescript(SCHEMA)
        self.db.executemany(
            "INSERT INTO things VALUES (?, ?, NULL, ?)", [(c, n, n) for n, c in enumerate("abc")]
        )

    def say(self, thing: str, action: str) -> None:
        self._add(thing, action, None)
        self.stack.append((f"l{self.count}", thing, action, self.count))

    def undo(self) -> None:
        if self.stack:
            id_, thing, _, _ = self.stack.pop()
            self._add(thing, "undo", id_)

    def _add(self, thing: str, action: str, undoes: str | None) -> None:
        self.count += 1
        self.db.execute(
            "INSERT INTO lines (id, thing, action, undoes) VALUES (?, ?, ?, ?)",
            (f"l{self.count}", thing, action, undoes),
        )
        LINES.settle(self.db, thing)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["yes", "no", "later", "undo"]))))
def test_what_stands_is_the_newest_line_that_was_not_taken_back(
    words: list[tuple[str, str]],
) -> None:
    table = Table()
    for thing, action in words:
        if action == "undo":
            table.undo()
        else:
            table.say(thing, action)
    for place, thing in enumerate("abc"):
        held = next((each for each in reversed(table.stack) if each[1] == thing), None)
        found = LINES.standing(table.db, thing)
        assert (found and found["id"]) == (held and held[0])
        row = table.db.execute("SELECT * FROM things WHERE id = ?", (thing,)).fetchone()
        if held is None:
            assert (row["action"], row["turn"]) == (None, place)
        elif held[2] == "later":
            assert (row["action"], row["turn"]) == ("later", LATER + held[3])
        else:
            assert (row["action"], row["turn"]) == (held[2], None)
    newest = LINES.newest(table.db, "1", ())
    assert (newest and newest["id"]) == (table.stack[-1][0] if table.stack else None)
    assert LINES.one(table.db, "nobody's") is None
