"""What a run hears of its review: it reads `reviews.db` and writes nothing there."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.review import counting
from selfinstruct.review.nouns import Decision, Filters, Progress
from selfinstruct.review.tables import DECISIONS, NAME, REVIEWS, to_decision
from selfinstruct.store.database import connect
from selfinstruct.types import Score

SCORE = "review"
"""The name of a person's score: 1 accepted, 0 rejected, 0.5 written anew."""
UNDONE = "review_undone"
FLAGGED = "review_flag"
AGAIN = "_again"
"""What is added to the name of the score of a second look, which settles nothing."""
VALUES = {"accept": 1.0, "edit": 0.5, "reject": 0.0}


@dataclass(frozen=True)
class Heard:
    """The queue of one round, None where it has none yet, with its counts; and of all rounds the
    decisions that hold, in the order of the queue, since what was said of the same words holds
    again.
    """

    candidates: str | None
    progress: Progress
    standing: tuple[Decision, ...]

    @property
    def left(self) -> int:
        """Items of the round that are undecided."""
        return self.progress.total - self.progress.done


@dataclass(frozen=True)
class Said:
    """Decisions as scores, each with the round of its row; `last` is the number of the newest."""

    scores: tuple[tuple[int, Score], ...]
    last: int


def hear(folder: Path, index: int) -> Heard | None:
    """What people said so far, as round `index` needs it; None where nobody has begun.

    Raises `StoreError` for a damaged database.
    """
    path = folder / NAME
    if not path.exists():
        return None
    with closing(connect(path, write=False, schema=REVIEWS)) as db:
        db.execute("BEGIN")  # one state of it, whatever a desk writes meanwhile
        queue = db.execute("SELECT candidates FROM queues WHERE round = ?", (index,)).fetchone()
        rows = db.execute(
            "SELECT decisions.* FROM items JOIN decisions ON decisions.seq ="
            f" ({DECISIONS.stands('seq', 'items.id')})"
            " WHERE items.turn IS NULL ORDER BY items.position"
        ).fetchall()
        counts = counting.progress(db, Filters(round=index, state="all"))
    return Heard(queue and queue["candidates"], counts, tuple(map(to_decision, rows)))


def said_since(folder: Path, seq: int) -> Said:
    """Every decision after the one of this number, as scores that only grow; none are left out, so
    that an undo is a score too. Items that were put off have none.
    """
    path = folder / NAME
    if not path.exists():
        return Said((), seq)
    with closing(connect(path, write=False, schema=REVIEWS)) as db:
        rows = db.execute(
            "SELECT decisions.*, items.round FROM decisions JOIN items ON items.id = decisions.item"
            " WHERE seq > ? ORDER BY seq",
            (seq,),
        ).fetchall()
    scores = tuple((row["round"], one) for row in rows if (one := _score(row)) is not None)
    return Said(scores, rows[-1]["seq"] if rows else seq)


def _score(row: dict[str, object]) -> Score | None:
    item, action, who = str(row["item"]), str(row["action"]), str(row["reviewer"])
    told = ": ".join(filter(None, (who, action, str(row["reason"]), str(row["note"]))))
    name = {"undo": UNDONE, "flag": FLAGGED}.get(action, SCORE if action in VALUES else None)
    if name is None:
        return None
    again = "" if row["again"] is None else AGAIN
    return Score(item, f"{name}{again}", VALUES.get(action, 1.0), "human", told)
