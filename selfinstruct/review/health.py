"""Whether a run's `reviews.db` is whole and about that run: what `doctor` says of it."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from selfinstruct.audit import Finding, few
from selfinstruct.errors import StoreError
from selfinstruct.review.filling import candidates_digest
from selfinstruct.review.nouns import SETTLING
from selfinstruct.review.tables import DECISIONS, NAME, REVIEWS, hash_of, to_decision, to_item
from selfinstruct.store import Store
from selfinstruct.store.database import connect, require_whole

COPY = f"restore {NAME} from a copy, or from what review export wrote: selfinstruct review import"
ANEW = f"move {NAME} away and review the round anew: selfinstruct review RUN"
_SETTLED = f"({', '.join(map(repr, SETTLING))})"
_UNDECIDED = (
    f"SELECT id FROM items WHERE action IS NOT ({DECISIONS.stands('action', 'items.id')})"
    f" OR (turn IS NULL) != (coalesce(action, '') IN {_SETTLED})"
)
_UNKNOWN = "SELECT id FROM decisions WHERE item NOT IN (SELECT id FROM items)"


def review_findings(folder: Path) -> Iterator[Finding]:
    """What was looked at in the review of a run, faults among them; nothing where it has none.

    Raises `StoreError` where the run's ledger cannot be read.
    """
    path = folder / NAME
    if not path.exists():
        return
    with Store(folder) as store:
        try:
            with closing(connect(path, write=False, schema=REVIEWS)) as db:
                require_whole(db, path)
                db.execute("BEGIN")  # a desk may decide meanwhile
                yield Finding(f"{NAME} is whole")
                yield from _held_against(db, store)
        except StoreError as error:  # damaged, foreign or of another version
            yield Finding(error.what, False, error.next_step)
        except (ValueError, KeyError, TypeError) as error:
            yield Finding(f"{NAME} holds a value that cannot be read: {error}", False, COPY)


def _held_against(db: sqlite3.Connection, store: Store) -> Iterator[Finding]:
    unknown = [row["id"] for row in db.execute(_UNKNOWN)]
    yield _all("every decision is about a row of the queue", unknown, COPY)
    queues = {row["round"]: row["candidates"] for row in db.execute("SELECT * FROM queues")}
    others = [
        f"round {index}"
        for index, candidates in queues.items()
        if candidates != candidates_digest(store, index)
    ]
    yield _all("every queue is made of the candidates of its round", others, ANEW)
    ids = {index: _ids(store, index) for index in queues}
    changed, strange = [], []
    for row in db.execute("SELECT * FROM items ORDER BY position"):
        item = to_item(row)
        if item.id not in ids.get(item.round, ()):
            strange.append(item.id)
        if row["hash"] != hash_of(item):
            changed.append(item.id)
    yield _all("every row of the queue is a candidate of the run", strange, ANEW)
    yield _all("every row of the queue is what its hash says", changed, COPY)
    for row in db.execute("SELECT * FROM decisions"):
        to_decision(row)
    wrong = [row["id"] for row in db.execute(_UNDECIDED)]
    yield _all("every row of the queue stands as it was last decided", wrong, COPY)


def _ids(store: Store, index: int) -> set[str]:
    screened = store.screened(index)
    return {row.id for row in (*screened.accepted, *(item.what for item in screened.rejected))}


def _all(what: str, faults: Iterable[str], mend: str) -> Finding:
    found = list(faults)
    return Finding(f"not {what}: {few(found)}", False, mend) if found else Finding(what)
