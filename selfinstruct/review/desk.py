"""One review, open for looking or for deciding: a page or a terminal sits at it.

A decision is on disk before `decide` returns, and a line in a table that only grows; undo is
another line. One process at a time decides: it holds `reviews.lock`. Whoever looks needs no lock.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from selfinstruct.config import ReviewConfig
from selfinstruct.disk.lock import lock
from selfinstruct.errors import StoreError, UserError
from selfinstruct.review import again, edits
from selfinstruct.review.filling import begun, fill, generated
from selfinstruct.review.nouns import (
    Conflict,
    Decided,
    Decision,
)
from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.review.pairs import Choice
from selfinstruct.review.tables import (
    DECISIONS,
    NAME,
    REVIEWS,
    from_edited,
    to_decision,
    to_item,
)
from selfinstruct.review.view import View
from selfinstruct.store import Store
from selfinstruct.store.database import connect, explained, transaction

LOCK = "reviews.lock"


class Desk(View):
    """An open review, a context manager.

    Raises `StoreError` when another process decides, or the database is damaged or missing, and
    `UserError` where nothing is to be asked.
    """

    def __init__(
        self,
        folder: Path,
        *,
        write: bool = True,
        fraction: float | None = None,
        may_be_empty: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder
        self._path = folder / NAME
        self._now = now
        with Store(folder) as store:
            self.cfg = _asking(begun(store)[0].review, fraction)
            if write and not (may_be_empty or self._path.exists()):
                _require_something(folder, self.cfg, generated(store))
        self._lock = lock(folder, LOCK) if write else None
        try:
            self._db = _open(self._path, write=write)
            try:
                if write:
                    self.refresh()
            except BaseException:
                self._db.close()
                raise
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    @classmethod
    def open(
        cls,
        run_folder: Path,
        *,
        write: bool = True,
        fraction: float | None = None,
        may_be_empty: bool = False,
    ) -> Self:
        """The review of a run. With `write` the queue of every complete round is made that has
        none; `fraction` goes before that of the config. `may_be_empty` where it is not opened for
        candidates, or not for them alone.
        """
        return cls(run_folder, write=write, fraction=fraction, may_be_empty=may_be_empty)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self.close()
        told = explained(error, self._path)
        if told is not None:
            raise told from error

    def close(self) -> None:
        """Close the database and let go of the lock."""
        try:
            self._db.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    @property
    def pairs(self) -> PairDesk:
        """The pairs of answers in the same file."""
        return PairDesk(self._db, self._now)

    def refresh(self) -> None:
        """Make the queues of rounds that were completed since; a run may go on meanwhile."""
        if self.cfg.fraction > 0:
            with Store(self.folder) as store:
                fill(self._db, store, self.cfg)

    def decide(self, decision: Decision) -> Decided:
        """Store what somebody decided of an item, or say why not; see `Decided`.

        Raises `UserError` for an unknown item, for an action that does not fit what comes with it,
        for an id that another decision has, and for a second look at an item that is not asked for.
        """
        before = self.decision(decision.id)
        if before is not None:
            return _same(before, decision)
        row = self._row(decision.item)
        if row["hash"] != decision.item_hash:
            return Decided(conflict=Conflict(row["hash"]))
        _check(decision)
        if decision.again is not None and not self.asks_again(decision):
            raise UserError(f"row {decision.item} is not asked about once more")
        if decision.edited is not None:
            refused = edits.refusal(self.folder, to_item(row), decision.edited)
            if refused is not None:
                return Decided(refused=refused)
        stored = replace(decision, at=self._now())
        with transaction(self._db, "decision"):
            self._insert(stored)
            self._settle(stored.item)
        return Decided(stored)

    def asks_again(self, decision: Decision) -> bool:
        """Whether a second look at an item is what its reviewer is to give now."""
        first = decision.again or ""
        return again.is_due(self._db, decision.item, decision.reviewer, first)

    def undo(self, reviewer: str, id: str) -> Decision | None:  # noqa: A002
        """Take back the newest decision of a reviewer that was not, and give it out; None where
        there is none. `id` is the client's UUID: the same twice takes back one.
        """
        before = self.decision(id)
        if before is not None:
            if before.undoes is None:
                raise UserError(f"{id} is the id of another decision")
            return self.decision(before.undoes)
        row = DECISIONS.newest(self._db, "reviewer = ?", (reviewer,))
        if row is None:
            return None
        undone = to_decision(row)
        line = Decision(
            id,
            undone.item,
            undone.item_hash,
            "undo",
            reviewer=reviewer,
            at=self._now(),
            undoes=undone.id,
            again=undone.again,
        )
        with transaction(self._db, "undo"):
            self._insert(line)
            self._settle(undone.item)
        return undone

    def take(self, decisions: Sequence[Decision], choices: Sequence[Choice] = ()) -> int:
        """Store decisions and choices made elsewhere as they are, all or none, but for those whose
        id is known; how many out. That they fit is for `exchange` to see to.
        """
        new = [each for each in decisions if self.decision(each.id) is None]
        chosen = [each for each in choices if self.pairs.choice(each.id) is None]
        with transaction(self._db, "import"):
            for each in new:
                self._insert(each)
            for item in dict.fromkeys(each.item for each in new):
                self._settle(item)
            self.pairs.insert(chosen)
        return len(new) + len(chosen)

    def _settle(self, item: str) -> None:
        """Bring all that is kept beside an item up to its decisions; part of a transaction."""
        DECISIONS.settle(self._db, item)
        again.follow(self._db, item)

    def _insert(self, line: Decision) -> None:
        edited = None if line.edited is None else json.dumps(from_edited(line.edited))
        self._db.execute(
            "INSERT INTO decisions (id, item, item_hash, action, reason, note, edited, reviewer,"
            " ms, at, undoes, again) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                line.id,
                line.item,
                line.item_hash,
                line.action,
                line.reason,
                line.note,
                edited,
                line.reviewer,
                line.ms,
                line.at,
                line.undoes,
                line.again,
            ),
        )


def _asking(cfg: ReviewConfig, fraction: float | None) -> ReviewConfig:
    return cfg if fraction is None else cfg.model_copy(update={"fraction": fraction})


def _require_something(folder: Path, cfg: ReviewConfig, rounds: Sequence[int]) -> None:
    if cfg.fraction == 0:
        raise UserError(
            f"{folder} asks people about nothing: review.fraction is 0",
            next_step=f"selfinstruct review {folder} --fraction 0.2",
        )
    if not rounds:
        raise UserError(
            f"{folder} has no round whose candidates are complete",
            next_step=f"selfinstruct status {folder}",
        )


def _open(path: Path, *, write: bool) -> sqlite3.Connection:
    if not write and not path.exists():
        raise StoreError(
            f"{path.parent} has no reviews yet",
            next_step=f"selfinstruct review {path.parent} makes the queue and begins",
        )
    return connect(path, write=write, schema=REVIEWS)


def _same(stored: Decision, asked: Decision) -> Decided:
    """The stored line for a decision that is sent again. Raises `UserError` for another one."""
    if (stored.item, stored.action) != (asked.item, asked.action):
        raise UserError(f"{asked.id} is the id of another decision, on {stored.item}")
    return Decided(stored, duplicate=True)


def _check(decision: Decision) -> None:
    """Raises `UserError` for an action that does not fit what comes with it."""
    if decision.action == "undo":
        raise UserError("undo is not decided of an item", next_step="it has a command of its own")
    if (decision.action == "edit") != (decision.edited is not None):
        raise UserError(
            "an edit comes with the edited text, and nothing else does",
            why=f"the decision on {decision.item} is {decision.action!r}",
        )
