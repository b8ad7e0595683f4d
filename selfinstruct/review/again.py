"""Rows that come a second time, without a mark, to who decided them: do people agree with
themselves?

Which rows, in which order and after how many other decisions at least is drawn when the queue is
made and kept. A second decision is a line of its own that settles nothing: the first one stands,
until somebody changes it on purpose.
"""

import random
import sqlite3
from dataclasses import dataclass
from typing import Any

from selfinstruct import stats
from selfinstruct.review.nouns import SETTLING, Constancy
from selfinstruct.review.tables import DECISIONS

SMALLEST = 20
"""Rows of the smallest queue in which any come again: in a smaller one they would be remembered."""
GAP = 10
"""Decisions of the same person that lie between the two at least."""
WIDEST = 3 * GAP
"""What is drawn for it at most: of what comes much later many reach the end before."""

_SETTLING = ", ".join(f"'{action}'" for action in SETTLING)
_FOLLOW = f"""
UPDATE reshown SET first = (
    SELECT first.seq FROM decisions AS first WHERE first.action IN ({_SETTLING}) AND first.seq =
        ({DECISIONS.stands("seq", ":item")})
    AND NOT EXISTS (SELECT 1 FROM decisions AS second WHERE second.item = :item
        AND second.again IS NOT NULL AND second.action != 'undo' AND {DECISIONS.kept("second")})
) WHERE position = (SELECT position FROM items WHERE id = :item)
"""
_DUE = """
SELECT items.*, first.id AS again FROM reshown CROSS JOIN decisions AS first
CROSS JOIN items ON items.position = reshown.position AND first.seq = reshown.first
WHERE reshown.first IS NOT NULL AND first.reviewer = ?
AND (SELECT count(*) FROM decisions AS since WHERE since.reviewer = first.reviewer
    AND since.seq > first.seq AND since.action != 'undo' AND since.again IS NULL)
    >= min(gap, ?)
"""


@dataclass(frozen=True, slots=True)
class Reshown:
    """The row at a place of its queue, from 0; its turn among those that come again, and how many
    decisions lie between at least.
    """

    place: int
    turn: int
    gap: int


def draw(count: int, share: float, rng: random.Random) -> list[Reshown]:
    """Which rows of a queue of `count` come again, in the order in which they do; none of a queue
    below `SMALLEST`. The last `GAP` rows never do, as nothing would lie between.
    """
    if count < SMALLEST:
        return []
    places = rng.sample(range(count - GAP), min(int(count * share), count - GAP))
    gaps = [rng.randint(GAP, min(WIDEST, count - 1 - place)) for place in places]
    drawn = enumerate(zip(places, gaps, strict=True))
    return [Reshown(place, turn, gap) for turn, (place, gap) in drawn]


def follow(db: sqlite3.Connection, item: str) -> None:
    """Bring up to its decisions whether a row waits to come again; part of a transaction."""
    db.execute(_FOLLOW, {"item": item})


def due(
    db: sqlite3.Connection, reviewer: str, where: tuple[str, tuple[Any, ...]], *, last: bool
) -> dict[str, Any] | None:
    """The row of `items` that is to come again now to this person, with the id of the decision as
    `again`; None where there is none. With `last` nothing else is left, and the shortest gap does.
    """
    sql, values = where
    most = GAP if last else WIDEST
    found: dict[str, Any] | None = db.execute(
        f"{_DUE} AND ({sql}) ORDER BY items.round, reshown.turn LIMIT 1", (reviewer, most, *values)
    ).fetchone()
    return found


def is_due(db: sqlite3.Connection, item: str, reviewer: str, again: str) -> bool:
    """Whether this person may look again at an item, blind to their decision of this id."""
    found = due(db, reviewer, ("items.id = ?", (item,)), last=True)
    return found is not None and found["again"] == again


def constancy(db: sqlite3.Connection, where: tuple[str, tuple[Any, ...]]) -> Constancy:
    """How far people agree with themselves, over the items that a condition means."""
    sql, values = where
    planned = db.execute(
        f"SELECT count(*) AS n FROM reshown JOIN items USING (position) WHERE {sql}", values
    ).fetchone()["n"]
    pairs = [
        (row["before"], row["after"])
        for row in db.execute(
            "SELECT first.action AS before, second.action AS after FROM decisions AS second"
            " JOIN decisions AS first ON first.id = second.again"
            " JOIN items ON items.id = second.item"
            f" WHERE second.action IN ({_SETTLING}) AND {DECISIONS.kept('first')}"
            f" AND {DECISIONS.kept('second')} AND ({sql})",
            values,
        )
    ]
    same = sum(before == after for before, after in pairs)
    share = stats.wilson(same, len(pairs)) if pairs else None
    return Constancy(planned, len(pairs), share, stats.cohen_kappa(pairs))
