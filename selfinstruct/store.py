"""`run.db`, the ledger of one run: real splits, calls, candidates and their fate, finished stages.

One process writes (it holds `run.lock` for life); any number may read. A stage's results are
committed in one transaction, so that a run killed anywhere resumes at the last finished wave or
stage. Stores, and decides nothing.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from selfinstruct.books import LOST, WORKED, Books, WorkClock, densest_prompt, lost_with, read_books
from selfinstruct.database import connect, explained, require_whole, transaction
from selfinstruct.errors import StoreError
from selfinstruct.failpoints import failpoint
from selfinstruct.files import clear_parts, writing
from selfinstruct.lock import Lock, left_open, lock
from selfinstruct.rows import (
    Row,
    from_example,
    from_messages,
    from_rejection,
    from_report,
    to_example,
    to_rejection,
    to_report,
)
from selfinstruct.types import (
    SPLITS,
    Completion,
    Exam,
    Example,
    Prompt,
    RealData,
    Rejection,
    Report,
    Screened,
    digest,
)


class Store:
    """One open ledger, a context manager. Raises `StoreError` when locked, damaged or of another
    version.

    Leaving it, an error of the disk, met here or by anything that was done meanwhile, is told as
    the `DiskError` it is; what was committed is kept.
    """

    def __init__(
        self, folder: Path, *, write: bool = False, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = folder
        self._path = folder / "run.db"
        self._log = folder / "run.db-wal"
        self._lock = lock(folder) if write else None
        self._opened = time.time() - time.monotonic()
        try:
            with writing(self._path):
                self._db = self._connect()
            self._work = WorkClock(self._db, running=write, now=now)
        except BaseException:
            if self._lock:
                self._lock.release()
            raise

    def _connect(self) -> sqlite3.Connection:
        if self._lock is None:
            return connect(self._path, write=False)
        if self._lock.left_open:
            self._require_log()
        try:
            db = connect(self._path, write=True)
        except BaseException:
            if not self._has_log():  # it was folded in just now
                self._lock.mark_closed()
            raise
        try:
            failpoint("ledger.opened")
            self._lock.mark_open()
            clear_parts(self.folder.glob("*/*"))  # rounds and arms; who has the lock writes there
        except BaseException:
            db.close()
            self._mark(self._lock)
            raise
        return db

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            self.close()
        except OSError as failed:
            if error is None:
                error = failed
            else:
                error.add_note(f"{self.folder / 'run.lock'} could not be written: {failed}")
        told = explained(error, self._path)
        if told is not None:
            raise told from error

    def close(self) -> None:
        """Close the database and let go of the lock."""
        if self._lock is None:
            self._db.close()
            return
        with self._lock:
            try:
                self._lock.mark_closed()
                failpoint("ledger.closing")
            finally:
                self._db.close()
                self._mark(self._lock)

    def require_whole(self) -> None:
        """Look at the whole file, as a writer does on opening. Raises `StoreError` on damage."""
        require_whole(self._db, self._path)
        if left_open(self.folder):
            self._require_log()

    def _mark(self, held: Lock) -> None:
        """After closing: the log is still there if the disk had no room for it, or somebody reads;
        and it may be gone though the disk did not take the word that it may go.
        """
        if self._has_log():
            held.mark_open()
        else:
            held.mark_closed()

    def _has_log(self) -> bool:
        """Of a ledger that is open for writing, always; a reader that finds none makes an empty
        one.
        """
        return self._log.exists() and self._log.stat().st_size > 0

    def _require_log(self) -> None:
        """Raises `StoreError` if the log of a ledger that was left open has been lost."""
        if self._path.exists() and not self._has_log():
            raise StoreError(
                f"{self._log} is missing",
                why="the last process that wrote here was killed, and what it stored last was in "
                "that file",
                next_step="put it back beside run.db. If sqlite3 or another program has opened "
                f"run.db since, nothing is lost: delete {self.folder / 'run.lock'}, and go on",
            )

    def _now(self) -> float:
        """Seconds since 1970 by the clock as it was on opening, so that no correction of it comes
        between the beginning of a call and its end.
        """
        return self._opened + time.monotonic()

    @contextmanager
    def transaction(self, name: str) -> Iterator[sqlite3.Connection]:
        """All or nothing, the time worked with it; `name` is what `failpoints` knows it by."""
        with transaction(self._db, name) as db:
            yield db
            _put(db, {WORKED: self.worked()})

    # -- what the run is --------------------------------------------------------------------

    def meta(self, key: str) -> Any:
        """The JSON value stored under `key`, or None."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row["value"])

    def set_meta(self, key: str, value: object) -> None:
        """Store a JSON value under `key`, replacing what was there."""
        self.update_meta({key: value})

    def update_meta(self, values: Mapping[str, object]) -> None:
        """Store JSON values under their keys, all or nothing."""
        with self.transaction("meta") as db:
            _put(db, values)

    def freeze(self, data: RealData, about: Mapping[str, object] | None = None) -> None:
        """Store the splits of the real rows, once, they never change afterwards; and with them, in
        one transaction, JSON values that are part of what the run is.
        """
        counts = {name: getattr(data, name) for name in ("duplicates", "skipped", "unused")}
        with self.transaction("freeze") as db:
            for split in SPLITS:
                db.executemany(
                    "INSERT INTO real VALUES (?, ?, ?, ?)",
                    [
                        (split, position, row.id, json.dumps(from_example(row)))
                        for position, row in enumerate(data.split(split))
                    ],
                )
            _put(db, {**(about or {}), "data": counts, "data_digest": data.digest})

    def real_data(self) -> RealData | None:
        """The frozen splits, or None before `freeze`. Raises `StoreError` if their digest does not
        hold.
        """
        counts = self.meta("data")
        if counts is None:
            return None
        rows = self._db.execute("SELECT split, body FROM real ORDER BY split, position").fetchall()
        splits: dict[str, Any] = {
            split: tuple(
                to_example(json.loads(row["body"])) for row in rows if row["split"] == split
            )
            for split in SPLITS
        }
        data = RealData(**splits, **counts)
        if data.digest != self.meta("data_digest"):
            raise StoreError(
                f"{self.folder}: the frozen splits are not what was stored",
                why="their digest differs, so no comparison with earlier rounds would hold",
                next_step="restore the folder from a copy, or start a run of another name",
            )
        return data

    # -- what it spent ----------------------------------------------------------------------

    def worked(self) -> float:
        """Seconds that processes have worked on this run: see `WorkClock`."""
        return self._work.seconds()

    def tick(self) -> None:
        """Store the clock, unless that was done a moment ago; long stages call it as they go."""
        if self._work.due():
            self.update_meta({})  # every commit stores it

    def books(self) -> Books:
        """Calls and tokens by model, failed and unfinished calls included, and what was lost."""
        return read_books(self._db)

    def densest_prompt(self, model: str) -> float | None:
        """The most tokens a character among the prompts a model has read, None before the first."""
        return densest_prompt(self._db, model)

    # -- the teacher's calls ----------------------------------------------------------------

    def answer(self, key: str) -> Completion | None:
        """The completion paid for under `key`, or None if there is none yet."""
        row = self._db.execute(
            "SELECT * FROM attempts WHERE key = ? AND state = 'done'", (key,)
        ).fetchone()
        if row is None:
            return None
        return Completion(
            text=row["text"],
            finish_reason=row["finish_reason"],
            prompt_tokens=row["prompt_tokens"],
            completion_tokens=row["completion_tokens"],
            model=row["model"],
            attempt=key,
        )

    def begin_attempts(
        self, round_index: int, wave: int, model: str, asked: Iterable[tuple[str, Prompt, int]]
    ) -> None:
        """Record the intent of each (key, prompt, sample) before anything goes out; what an earlier
        try of the same call came to is not forgotten.
        """
        calls = list(asked)
        with self.transaction("attempts.begin") as db:
            _put(db, {LOST: lost_with(db, [key for key, _, _ in calls])})
            for key, prompt, sample in calls:
                messages = from_messages(prompt.messages)
                prompt_id = digest([prompt.template, prompt.version, messages])
                db.execute(
                    "INSERT OR IGNORE INTO prompts VALUES (?, ?, ?, ?, ?)",
                    (
                        prompt_id,
                        prompt.template,
                        prompt.version,
                        json.dumps(messages),
                        json.dumps(prompt.parents),
                    ),
                )
                db.execute(
                    "REPLACE INTO attempts"
                    " (key, round, wave, prompt, sample, model, state, started)"
                    " VALUES (?, ?, ?, ?, ?, ?, 'open', ?)",
                    (key, round_index, wave, prompt_id, sample, model, self._now()),
                )

    def end_attempts(self, answers: Mapping[str, Completion]) -> None:
        """Record what came back for each key; an error counts as failed and may be asked again.

        In one transaction, since each costs a disk the same, however much is in it.
        """
        with self.transaction("attempts.end") as db:
            db.executemany(
                "UPDATE attempts SET state = ?, finish_reason = ?, text = ?, prompt_tokens = ?,"
                " completion_tokens = ?, error = ?, ended = ? WHERE key = ?",
                [
                    (
                        "failed" if answer.finish_reason == "error" else "done",
                        answer.finish_reason,
                        answer.text,
                        answer.prompt_tokens,
                        answer.completion_tokens,
                        answer.error,
                        self._now(),
                        key,
                    )
                    for key, answer in answers.items()
                ],
            )

    def spent(self) -> Row:
        """Calls and tokens of the whole run so far, failed and unfinished calls included."""
        row = self._db.execute(
            "SELECT count(*) AS calls, coalesce(sum(prompt_tokens), 0) AS prompt_tokens,"
            " coalesce(sum(completion_tokens), 0) AS completion_tokens FROM attempts"
        ).fetchone()
        return dict(row)

    def attempt(self, key: str) -> Row | None:
        """One call with its prompt, for people to read."""
        row = self._db.execute(
            "SELECT attempts.*, template, version, messages, parents FROM attempts"
            " JOIN prompts ON prompts.id = attempts.prompt WHERE key = ?",
            (key,),
        ).fetchone()
        return None if row is None else dict(row)

    def calls(self) -> Sequence[Row]:
        """Every call without its words, in the order asked: round, wave, template, state, tokens,
        and the times (seconds since 1970) it started and ended, `ended` None while it is open.
        """
        rows = self._db.execute(
            "SELECT attempts.round, wave, template, state, prompt_tokens, completion_tokens,"
            " started, ended FROM attempts JOIN prompts ON prompts.id = attempts.prompt"
            " ORDER BY attempts.rowid"
        )
        return list(rows)

    # -- candidates -------------------------------------------------------------------------

    def commit_wave(self, round_index: int, wave: int, screened: Screened) -> None:
        """Store the fate of every candidate of one wave, all or nothing."""
        fates: list[tuple[Example, str | None, Row]] = [
            *((row, None, from_example(row)) for row in screened.accepted),
            *((item.what, item.reason, from_rejection(item)) for item in screened.rejected),
        ]
        with self.transaction("wave") as db:
            db.execute("INSERT INTO waves VALUES (?, ?)", (round_index, wave))
            db.executemany(
                "INSERT INTO candidates VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (round_index, wave, position, what.id, reason, what.attempt, text)
                    for position, (what, reason, body) in enumerate(fates)
                    for text in [json.dumps(body, allow_nan=False)]
                ],
            )

    def wave(self, round_index: int, wave: int) -> Screened | None:
        """A committed wave, or None if it has not been committed."""
        key = (round_index, wave)
        if not self._db.execute("SELECT 1 FROM waves WHERE round = ? AND wave = ?", key).fetchone():
            return None
        rows = self._db.execute(
            "SELECT reason, body FROM candidates WHERE round = ? AND wave = ? ORDER BY position",
            key,
        ).fetchall()
        return Screened(
            tuple(to_example(json.loads(row["body"])) for row in rows if row["reason"] is None),
            tuple(
                to_rejection(json.loads(row["body"])) for row in rows if row["reason"] is not None
            ),
        )

    def screened(self, round_index: int) -> Screened:
        """All candidates of one round, in order."""
        count = self._db.execute(
            "SELECT count(*) AS n FROM waves WHERE round = ?", (round_index,)
        ).fetchone()["n"]
        waves = [
            wave for index in range(count) if (wave := self.wave(round_index, index)) is not None
        ]
        return Screened(
            tuple(row for wave in waves for row in wave.accepted),
            tuple(item for wave in waves for item in wave.rejected),
        )

    def find(self, prefix: str) -> Sequence[Row]:
        """Every real row and candidate whose id starts with `prefix`, with its place and fate."""
        pattern = prefix.replace("%", "").replace("_", "") + "%"
        real = self._db.execute(
            "SELECT id, split, body FROM real WHERE id LIKE ? ORDER BY id", (pattern,)
        )
        made = self._db.execute(
            "SELECT id, round, wave, reason, attempt, body FROM candidates WHERE id LIKE ?"
            " ORDER BY round, wave, position",
            (pattern,),
        )
        return [{**row, "body": json.loads(row["body"])} for row in (*real, *made)]

    def ids(self) -> Iterator[tuple[str, str, str]]:
        """(table, stored id, id its words have) of every real row, candidate and prompt."""
        for row in self._db.execute("SELECT split, id, body FROM real"):
            yield row["split"], row["id"], to_example(json.loads(row["body"])).id
        for row in self._db.execute("SELECT id, reason, body FROM candidates"):
            body = json.loads(row["body"])
            what = body if row["reason"] is None else body["what"]
            yield "candidate", row["id"], to_example(what).id
        for row in self._db.execute("SELECT id, template, version, messages FROM prompts"):
            words = [row["template"], row["version"], json.loads(row["messages"])]
            yield "prompt", row["id"], digest(words)

    def rejections(self, reason: str) -> Iterator[tuple[int, Rejection]]:
        """(round, rejection) of every candidate dropped for `reason`, in order."""
        for row in self._db.execute(
            "SELECT round, body FROM candidates WHERE reason = ? ORDER BY round, wave, position",
            (reason,),
        ):
            yield row["round"], to_rejection(json.loads(row["body"]))

    def reasons(self, round_index: int) -> dict[str, int]:
        """How many candidates of a round were dropped for each reason, most first."""
        rows = self._db.execute(
            "SELECT reason, count(*) AS n FROM candidates WHERE round = ? AND reason IS NOT NULL"
            " GROUP BY reason ORDER BY n DESC, reason",
            (round_index,),
        )
        return {row["reason"]: row["n"] for row in rows}

    # -- finished stages --------------------------------------------------------------------

    def stage(self, round_index: int, stage: str) -> Any:
        """The JSON result of a finished stage, or None."""
        row = self._db.execute(
            "SELECT result FROM stages WHERE round = ? AND stage = ?", (round_index, stage)
        ).fetchone()
        return None if row is None else json.loads(row["result"])

    def commit_stage(
        self,
        round_index: int,
        stage: str,
        result: object,
        seconds: float,
        report: Report | None = None,
    ) -> None:
        """Mark a stage finished, together with the report it made; `seconds` is what it took."""
        with self.transaction("stage") as db:
            if report is not None:
                _insert_report(db, report)
            db.execute(
                "INSERT INTO stages VALUES (?, ?, ?, ?)",
                (round_index, stage, json.dumps(result, allow_nan=False), seconds),
            )

    def stages(self) -> Sequence[Row]:
        """Every finished stage, in order of rounds."""
        rows = self._db.execute("SELECT * FROM stages ORDER BY round, rowid")
        return [{**row, "result": json.loads(row["result"])} for row in rows]

    def report(self, checkpoint: str, split: Exam) -> Report | None:
        """The stored scores of a checkpoint (by digest) on a split, or None."""
        row = self._db.execute(
            "SELECT body FROM reports WHERE checkpoint = ? AND split = ?", (checkpoint, split)
        ).fetchone()
        return None if row is None else to_report(json.loads(row["body"]))

    def reports(self) -> Iterator[Report]:
        """Every stored report."""
        for row in self._db.execute("SELECT body FROM reports ORDER BY rowid"):
            yield to_report(json.loads(row["body"]))

    def commit_report(self, report: Report) -> None:
        """Store the scores of one checkpoint on one split."""
        with self.transaction("report") as db:
            _insert_report(db, report)


def _put(db: sqlite3.Connection, values: Mapping[str, object]) -> None:
    db.executemany(
        "REPLACE INTO meta VALUES (?, ?)",
        [(key, json.dumps(value, allow_nan=False)) for key, value in values.items()],
    )


def _insert_report(db: sqlite3.Connection, report: Report) -> None:
    db.execute(
        "INSERT INTO reports VALUES (?, ?, ?)",
        (report.checkpoint, report.split, json.dumps(from_report(report), allow_nan=False)),
    )
