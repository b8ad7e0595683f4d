"""The pairs of one review, for looking or for choosing: the part of a `Desk` that is about them.

As there, a choice is on disk before `choose` returns, and a line in a table that only grows.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.review.nouns import Conflict
from selfinstruct.review.pair_tables import (
    CHOICES,
    from_pair,
    to_choice,
    to_contest,
    to_pair,
)
from selfinstruct.review.pairs import Choice, Chosen, Contest, Outcome, Pair, Word, outcome
from selfinstruct.store.database import transaction


class PairDesk:
    """Pairs and choices in an open `reviews.db`, which whoever opened it closes."""

    def __init__(self, db: sqlite3.Connection, now: Callable[[], float]) -> None:
        self._db = db
        self._now = now

    # -- looking --------------------------------------------------------------------------------

    def contests(self) -> list[Contest]:
        """Every contest, the oldest first."""
        return [
            to_contest(row) for row in self._db.execute("SELECT * FROM contests ORDER BY rowid")
        ]

    def contest(self, id: str) -> Contest:  # noqa: A002 - the field's name in every record here
        """The contest with this id. Raises `UserError` where there is none."""
        row = self._db.execute("SELECT * FROM contests WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise UserError(f"no contest {id!r} is in this review")
        return to_contest(row)

    def pair(self, id: str) -> Pair:  # noqa: A002
        """The pair with this id. Raises `UserError` for one that is not in the queue."""
        return to_pair(self._row(id))

    def has(self, id: str) -> bool:  # noqa: A002
        """Whether a pair is in the queue."""
        return self._db.execute("SELECT 1 FROM pairs WHERE id = ?", (id,)).fetchone() is not None

    def next(self, contest: str) -> Pair | None:
        """The next unjudged pair: by position, then those that were put off, in that order."""
        row = self._db.execute(
            "SELECT * FROM pairs WHERE contest = ? AND turn IS NOT NULL ORDER BY turn LIMIT 1",
            (contest,),
        ).fetchone()
        return None if row is None else to_pair(row)

    def place(self, pair: Pair) -> int:
        """The place of a pair in its contest, from 1."""
        count: int = self._db.execute(
            "SELECT count(*) AS n FROM pairs WHERE contest = ? AND position <= ?",
            (pair.contest, pair.position),
        ).fetchone()["n"]
        return count

    def standing(self, pair: str) -> Choice | None:
        """The newest choice of a pair that was not taken back, None where there is none."""
        row = CHOICES.standing(self._db, pair)
        return None if row is None else to_choice(row)

    def choice(self, id: str) -> Choice | None:  # noqa: A002
        """The line with this id, None where there is none."""
        row = CHOICES.one(self._db, id)
        return None if row is None else to_choice(row)

    def choices(self) -> list[Choice]:
        """Every line, the oldest first, undone ones and undos among them."""
        return [to_choice(row) for row in self._db.execute("SELECT * FROM choices ORDER BY seq")]

    def outcome(self, contest: str) -> Outcome:
        """What is said of the two students so far."""
        rows = self._db.execute(
            "SELECT action, first_left, judge FROM pairs WHERE contest = ?", (contest,)
        )
        chosen = [(row["action"], bool(row["first_left"]), row["judge"]) for row in rows]
        return outcome(self.contest(contest), chosen)

    # -- choosing -------------------------------------------------------------------------------

    def choose(self, choice: Choice) -> Chosen:
        """Store what somebody said of a pair, or say why not; see `Chosen`.

        Raises `UserError` for an unknown pair and for an id that another choice has.
        """
        again = self.choice(choice.id)
        if again is not None:
            if (again.pair, again.action) != (choice.pair, choice.action):
                raise UserError(f"{choice.id} is the id of another choice, on {again.pair}")
            return Chosen(again, duplicate=True)
        row = self._row(choice.pair)
        if row["hash"] != choice.pair_hash:
            return Chosen(conflict=Conflict(row["hash"]))
        if choice.action == "undo":
            raise UserError("undo is not chosen of a pair", next_step="it has a command of its own")
        stored = replace(choice, at=self._now())
        with transaction(self._db, "choice"):
            self._insert(stored)
            CHOICES.settle(self._db, stored.pair)
        return Chosen(stored)

    def undo(self, contest: str, reviewer: str, id: str) -> Choice | None:  # noqa: A002
        """Take back a reviewer's newest choice in a contest that was not, and give it out; None
        where there is none. `id` is the client's UUID: the same twice takes back one.
        """
        again = self.choice(id)
        if again is not None:
            if again.undoes is None:
                raise UserError(f"{id} is the id of another choice")
            return self.choice(again.undoes)
        row = CHOICES.newest(
            self._db,
            "reviewer = ? AND pair IN (SELECT id FROM pairs WHERE contest = ?)",
            (reviewer, contest),
        )
        if row is None:
            return None
        undone = to_choice(row)
        line = replace(undone, id=id, action="undo", ms=0, at=self._now(), undoes=undone.id)
        with transaction(self._db, "choice_undone"):
            self._insert(line)
            CHOICES.settle(self._db, undone.pair)
        return undone

    def insert(self, choices: Sequence[Choice]) -> None:
        """Store choices made elsewhere as they are; part of a transaction."""
        for each in choices:
            self._insert(each)
        for pair in dict.fromkeys(each.pair for each in choices):
            CHOICES.settle(self._db, pair)

    # -- filling --------------------------------------------------------------------------------

    def answers(self, student: str, rows: Collection[str]) -> dict[str, str]:
        """Row to answer, of those among `rows` that the student has answered."""
        found = self._db.execute(
            "SELECT example, answer FROM answers WHERE student = ?", (student,)
        )
        return {row["example"]: row["answer"] for row in found if row["example"] in rows}

    def keep(self, student: str, answers: Mapping[str, str]) -> None:
        """Store answers to rows; one that is there stays."""
        with transaction(self._db, "answers"):
            self._db.executemany(
                "INSERT OR IGNORE INTO answers VALUES (?, ?, ?)",
                [(student, row, answer) for row, answer in answers.items()],
            )

    def extend(self, contest: Contest, make: Callable[[int, int], Iterable[Pair]]) -> Contest:
        """Bring a contest up to `contest.rows` rows, once; what is there stays as it is, names too.

        `make` is given how many rows were asked before and the next free position.
        """
        known = {each.id: each for each in self.contests()}.get(contest.id)
        before = known.rows if known is not None else 0
        if known is not None and contest.rows <= before:
            return known
        start = self._db.execute("SELECT count(*) AS n FROM pairs").fetchone()["n"]
        new = list(make(before, start))
        with transaction(self._db, "contest"):
            self._db.execute(
                "INSERT INTO contests VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET asked = excluded.asked",
                (contest.id, contest.first, contest.second, contest.rows),
            )
            self._db.executemany(
                "INSERT INTO pairs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", map(from_pair, new)
            )
        return self.contest(contest.id)

    def unjudged(self, contest: str) -> list[Pair]:
        """The pairs that no model has judged."""
        rows = self._db.execute(
            "SELECT * FROM pairs WHERE contest = ? AND judge IS NULL ORDER BY position", (contest,)
        )
        return [to_pair(row) for row in rows]

    def hear_judge(self, words: Mapping[str, Word]) -> None:
        """Store what a model said of pairs, by their ids."""
        with transaction(self._db, "judged"):
            self._db.executemany(
                "UPDATE pairs SET judge = ? WHERE id = ?",
                [(word, pair) for pair, word in words.items()],
            )

    def _row(self, id_: str) -> dict[str, Any]:
        row: dict[str, Any] | None = self._db.execute(
            "SELECT * FROM pairs WHERE id = ?", (id_,)
        ).fetchone()
        if row is None:
            raise UserError(f"no pair {id_!r} is in this review")
        return row

    def _insert(self, line: Choice) -> None:
        self._db.execute(
            "INSERT INTO choices (id, pair, pair_hash, action, reviewer, ms, at, undoes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                line.id,
                line.pair,
                line.pair_hash,
                line.action,
                line.reviewer,
                line.ms,
                line.at,
                line.undoes,
            ),
        )
