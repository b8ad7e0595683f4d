"""What the teacher was asked, what it answered, and what that came to."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from selfinstruct.rows import (
    Row,
    from_messages,
    from_request,
)
from selfinstruct.store.books import (
    LOST,
    Books,
    Counts,
    densest_prompt,
    left_open,
    lost_with,
    read_books,
    served_lately,
    spending,
)
from selfinstruct.store.ledger import Ledger, put
from selfinstruct.store.told import pack, unpack
from selfinstruct.types import (
    Completion,
    Prompt,
    Request,
    digest,
)


class Calls(Ledger):
    """The part of a ledger that keeps calls: an intent before each goes out, an answer after."""

    def answers(self, keys: Iterable[str]) -> dict[str, Completion]:
        """By key, the completions paid for under these."""
        rows = self._db.execute(
            "SELECT * FROM attempts WHERE state = 'done'"
            " AND key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return {row["key"]: _completion(row) for row in rows}

    def replies(self) -> Iterator[Row]:
        """Every call that came back, in the order asked: round, wave, key, sample, and the messages
        as JSON.
        """
        yield from self._db.execute(
            "SELECT attempts.round, wave, key, sample, messages FROM attempts"
            " JOIN prompts ON prompts.id = attempts.prompt WHERE state != 'open'"
            " ORDER BY attempts.rowid"
        )

    def reply(self, key: str) -> Completion:
        """What came back under the key of a call that did, a failure as well."""
        return _completion(
            self._db.execute("SELECT * FROM attempts WHERE key = ?", (key,)).fetchone()
        )

    def begin_attempts(
        self,
        round_index: int,
        wave: int,
        model: str,
        asked: Sequence[tuple[str, Prompt, int]],
        how: Mapping[str, Request] | None = None,
    ) -> None:
        """Record the intent of each (key, prompt, sample) before anything goes out; what an earlier
        try of the same call came to is not forgotten. `how` has the request of each key, so that it
        can be asked again, and what its template was told is kept for another template.
        """
        prompts, attempts, parts = [], [], dict[str, str]()
        for key, prompt, sample in asked:
            messages = from_messages(prompt.messages)
            prompt_id = digest([prompt.template, prompt.version, messages])
            parents = json.dumps(prompt.parents)
            prompts.append(
                (prompt_id, prompt.template, prompt.version, json.dumps(messages), parents)
            )
            request = json.dumps(from_request(how[key])) if how is not None else None
            told = None if prompt.values is None else pack(prompt.values)
            parts |= {} if told is None else told.parts
            place = (key, round_index, wave, prompt_id, sample, model)
            attempts.append((*place, self._now(), request, told and told.id))
        about = [(prompt.about, key) for key, prompt, _ in asked if prompt.about]
        self._keep(about, prompts, attempts, parts)

    def link(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Record of calls that were asked before what else they are about: (row or call, call).

        The same question about another row is not asked twice.
        """
        query = "SELECT 1 FROM about WHERE id = ? AND key = ?"
        new = [pair for pair in pairs if self._db.execute(query, pair).fetchone() is None]
        if new:
            self._keep(new)

    def _keep(
        self,
        about: Sequence[tuple[str, str]],
        prompts: Sequence[tuple[str, ...]] = (),
        attempts: Sequence[tuple[Any, ...]] = (),
        parts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        with self.transaction("attempts.begin") as db:
            put(db, {LOST: lost_with(db, [key for key, *_ in attempts])})
            db.executemany("INSERT OR IGNORE INTO prompts VALUES (?, ?, ?, ?, ?)", prompts)
            db.executemany(
                "REPLACE INTO attempts (key, round, wave, prompt, sample, model, state, started,"
                " request, told) VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)",
                attempts,
            )
            db.executemany("INSERT OR IGNORE INTO told VALUES (?, ?)", parts.items())
            db.executemany("INSERT OR IGNORE INTO about VALUES (?, ?)", about)

    def end_attempts(self, answers: Mapping[str, Completion]) -> None:
        """Record what came back for each key; an error counts as failed and may be asked again.

        In one transaction, since each costs a disk the same, however much is in it.
        """
        with self.transaction("attempts.end") as db:
            db.executemany(
                "UPDATE attempts SET state = ?, finish_reason = ?, text = ?, prompt_tokens = ?,"
                " completion_tokens = ?, error = ?, ended = ?, served = ? WHERE key = ?",
                [
                    (
                        "failed" if answer.finish_reason == "error" else "done",
                        answer.finish_reason,
                        answer.text,
                        answer.prompt_tokens,
                        answer.completion_tokens,
                        answer.error,
                        self._now(),
                        answer.model or None,
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

    def served(self) -> dict[str, dict[str, int]]:
        """By model as it was asked for: the names it answered under, in order, each with its count
        of answers.
        """
        found: dict[str, dict[str, int]] = {}
        for row in self._db.execute(
            "SELECT model, served, count(*) AS n FROM attempts WHERE state = 'done'"
            " AND served IS NOT NULL GROUP BY model, served ORDER BY min(rowid)"
        ):
            found.setdefault(row["model"], {})[row["served"]] = row["n"]
        return found

    def attempt(self, key: str) -> Row | None:
        """One call with its prompt, for people to read."""
        row = self._db.execute(
            "SELECT attempts.*, template, version, messages, parents FROM attempts"
            " JOIN prompts ON prompts.id = attempts.prompt WHERE key = ?",
            (key,),
        ).fetchone()
        return None if row is None else dict(row)

    def told(self, key: str, nouns: Iterable[type]) -> dict[str, Any] | None:
        """What the template of a call was told, by name; None of a call that an older version
        asked, or that no template wrote. `nouns` are the classes among the values.
        """
        row = self._db.execute("SELECT told FROM attempts WHERE key = ?", (key,)).fetchone()
        return None if row["told"] is None else unpack(row["told"], self._part, nouns)

    def _part(self, id_: str) -> str:
        row = self._db.execute("SELECT body FROM told WHERE id = ?", (id_,)).fetchone()
        text: str = row["body"]
        return text

    def calls(self) -> Sequence[Row]:
        """Every call without its words, in the order asked: round, wave, template with version,
        state, tokens, and the times (seconds since 1970) it started and ended, `ended` None while
        it is open.
        """
        rows = self._db.execute(
            "SELECT attempts.round, wave, template, version, state, prompt_tokens,"
            " completion_tokens, started, ended FROM attempts"
            " JOIN prompts ON prompts.id = attempts.prompt"
            " ORDER BY attempts.rowid"
        )
        return list(rows)

    def prompts_of_calls(self) -> Iterator[tuple[str, str, str]]:
        """(key, template, version) of every call, in the order asked."""
        for row in self._db.execute(
            "SELECT key, template, version FROM attempts"
            " JOIN prompts ON prompts.id = attempts.prompt ORDER BY attempts.rowid"
        ):
            yield row["key"], row["template"], row["version"]

    def books(self) -> Books:
        """Calls and tokens by model, failed and unfinished calls included, and what was lost."""
        return read_books(self._db)

    def spending(self) -> Mapping[str, Counts]:
        """What was spent so far, by model."""
        return spending(self._db)

    def left_open(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of these calls that went out and have no answer."""
        return left_open(self._db, keys)

    def served_lately(self, model: str) -> Sequence[str]:
        """The names that a model's last 1000 answers came under, the earliest first."""
        return served_lately(self._db, model)

    def densest_prompt(self, model: str) -> float | None:
        """The most tokens a character among the prompts a model has read, None before the first."""
        return densest_prompt(self._db, model)


def _completion(row: Row) -> Completion:
    return Completion(
        text=row["text"],
        finish_reason=row["finish_reason"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        model=row["served"] or row["model"],
        error=row["error"],
        attempt=row["key"],
    )
