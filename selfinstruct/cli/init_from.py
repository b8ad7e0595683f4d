"""`init --from`: a file of somebody's own rows in, what stands in it and how to read it out.

Asks no model. What is found out is a proposal: `init_text` writes it down with its reasons, for a
person to change.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.progress import OnProgress, silent
from selfinstruct.seeds import ReadResult, group_rows, read_examples
from selfinstruct.seeds.columns import OWN, Proposal, propose
from selfinstruct.seeds.formats import RawRows, read_rows
from selfinstruct.seeds.opening import decode, open_text, require_regular, suffix_of
from selfinstruct.seeds.shapes import Row, RowError
from selfinstruct.seeds.survey import Survey, survey_rows

WINDOWS = "cp1252"
LARGE = 2000
"""Rows above which held-out ones are capped: every student answers each of them."""
HELD_OUT = {"dev": 100, "gate": 400, "final": 100}
HALF = 0.5
NEAR = (0.75, 0.8, 0.85, 0.9)
MOST_IN_A_GROUP = 0.25
"""Share of the rows that one group of near-duplicates may hold before splits are bent by it."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file looked at: the settings of `seeds` that read it, each with its reason, the rows that
    are read under them, and what is still odd about those.
    """

    raw: RawRows
    settings: Mapping[str, Any]
    reasons: Mapping[str, str]
    read: ReadResult
    after: Survey
    proposal: Proposal


def look_at(file: Path, encoding: str | None = None, on_progress: OnProgress = silent) -> Found:
    """A file in, how to read it out. Raises `UserError` for what cannot be read, or where
    nothing says which column is what.
    """
    found = _Search(file, on_progress)
    found.set_encoding(encoding)
    raw = read_rows(str(file), Path(), found.settings.get("encoding", "utf-8"))
    rows = [row for _, row in raw.lines if not isinstance(row, RowError)]
    if suffix_of(file) in (".csv", ".tsv"):
        _require_header(raw.name, rows)
    proposal = propose(rows)
    if not proposal.columns and not any(OWN & row.keys() for row in rows):
        raise _no_text(raw.name, rows)
    found.set_columns(proposal)
    read = found.settle()
    kept = {key: value for key, value in found.settings.items() if key != "path"}
    return Found(raw, kept, found.reasons, read, survey_rows(read.examples), proposal)


class _Search:
    """Settings of `seeds` under way, each as soon as something speaks for it."""

    def __init__(self, file: Path, on_progress: OnProgress) -> None:
        self.file, self.on_progress = file, on_progress
        self.settings: dict[str, Any] = {"path": str(file.resolve())}
        self.reasons: dict[str, str] = {}
        self._last: tuple[SeedsConfig, ReadResult] | None = None

    def set(self, name: str, value: Any, reason: str) -> None:
        """One setting and what speaks for it."""
        self.settings[name], self.reasons[name] = value, reason

    def read(self, **more: Any) -> ReadResult:
        """The rows under the settings so far and some more, without those that cannot be used.

        Read once where the settings are those of the last time: of a large file that is half the
        time.
        """
        cfg = SeedsConfig(**{**self.settings, "skip_bad": True, **more})
        if self._last is None or self._last[0] != cfg:
            self._last = cfg, read_examples(cfg, Path(), self.on_progress)
        return self._last[1]

    def set_encoding(self, named: str | None) -> None:
        """The encoding that a person named; otherwise that of Windows, where the file is no UTF-8
        and can be that.
        """
        if named is not None:
            self.set("encoding", named, "named on the command line")
            return
        require_regular(self.file)
        if suffix_of(self.file) == ".parquet":
            return
        opened = open_text(self.file, "utf-8")
        try:
            decode(opened)
        except UserError:
            line = _line_in(opened.data, WINDOWS)
            if line is None:
                raise
            self.set("encoding", WINDOWS, f"no UTF-8; read as Windows-1252 {line}. Is that right?")

    def set_columns(self, proposal: Proposal) -> None:
        """Which column is what, and what is to be done with a text that is to be labelled."""
        if not proposal.columns:
            return
        self.set("columns", dict(proposal.columns), "")
        if "label" in proposal.columns and "input" in proposal.columns:
            what = f"Name the {_spoken(proposal.columns['label'])} of this message"
            reply = ", then write the reply." if "response" in proposal.columns else "."
            reason = "what a student is told to do with each text; say it in your own words"
            self.set("instruction", what + reply, reason)

    def settle(self) -> ReadResult:
        """Whatever else the rows ask for, one thing after the other, and the rows under it."""
        self._set_turns(self.read(mend_turns=True))
        self._set_words(self.read())
        read = self.read()
        self._set_labels(read)
        self._set_required(read)
        read = self.read()
        if read.skipped:
            self.set(
                "skip_bad",
                True,
                f"{read.skipped} of {len(read.examples) + read.skipped + read.duplicates} rows "
                "cannot be used and are left out; mend them, or keep this",
            )
        self._set_caps(read)
        self._set_near(read)
        return read

    def _set_turns(self, read: ReadResult) -> None:
        if read.mended:
            self.set(
                "mend_turns",
                True,
                f"in {read.mended} conversations somebody speaks twice in a row, or the assistant "
                "first; false leaves them to skip_bad",
            )

    def _set_words(self, read: ReadResult) -> None:
        held = survey_rows(read.examples).html
        if held:
            reason = f"{held} of {len(read.examples)} rows hold HTML; keep learns the tags"
            self.set("html", "text", reason)

    def _set_labels(self, read: ReadResult) -> None:
        groups = survey_rows(read.examples).spellings
        meant = {other: first for first, *others in map(list, groups) for other in others}
        if meant:
            rows = Counter(row.label for row in read.examples)
            count = sum(rows[label] for label in meant)
            reason = f"spelt in several ways: {count} rows take the commonest spelling"
            self.set("rename_labels", meant, reason)

    def _set_required(self, read: ReadResult) -> None:
        """Rows without what most rows have: one of them would decide what the student writes."""
        rows = len(read.examples)
        labels = sum(row.label is not None for row in read.examples)
        answers = sum(bool(row.response) for row in read.examples)
        lacking = {"label": rows - labels, "response": rows - answers}
        needed = [name for name, count in lacking.items() if 0 < count < HALF * rows]
        if needed:
            told = " and ".join(f"{lacking[name]} have no {name}" for name in needed)
            reason = f"of {rows} rows {told}; they are left out, or no reply or no label is learned"
            self.set("require", needed, reason)

    def _set_near(self, read: ReadResult) -> None:
        """Short texts chain: each is near the next, and all are one group, which no split cuts."""
        rows = len(read.examples)
        if rows > LARGE or not rows:
            return
        usual = SeedsConfig(path="x").near_duplicate
        sizes = {
            limit: max(Counter(group_rows(read.examples, limit)).values())
            for limit in (usual, *NEAR)
        }
        able = [limit for limit in NEAR if sizes[limit] <= MOST_IN_A_GROUP * rows]
        if sizes[usual] > MOST_IN_A_GROUP * rows and able:
            reason = (
                f"at {usual} {sizes[usual]} of {rows} rows chain into one near-duplicate group, "
                f"which stays in one split; at {able[0]} the largest has {sizes[able[0]]}"
            )
            self.set("near_duplicate", able[0], reason)

    def _set_caps(self, read: ReadResult) -> None:
        if len(read.examples) <= LARGE:
            return
        labels = max(1, len({row.label or row.kind for row in read.examples}))
        caps = {split: max(1, rows // labels) for split, rows in HELD_OUT.items()}
        reason = "every student answers each held-out row; so many of each label will do"
        self.set("max_per_label", caps, reason)


def _spoken(column: str) -> str:
    """What a column of labels is called: of `intent.name` it is the intent."""
    outer, _, last = column.rpartition(".")
    name = outer if outer and last.casefold() in ("name", "value", "title", "id") else last
    return re.sub(r"[\W_]+", " ", name).strip().lower() or "label"


def _line_in(data: bytes, encoding: str) -> str | None:
    """The first line that is not ASCII, as it reads in an encoding, None where it is not in it."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    number, line = next(
        (at, line) for at, line in enumerate(text.split("\n"), 1) if not line.isascii()
    )
    at = next(at for at, char in enumerate(line) if not char.isascii())
    return f"line {number} says {line[max(0, at - 20) : at + 30].strip()!r}"


def _require_header(name: str, rows: Sequence[Row]) -> None:
    """Raises `UserError` where the first line of a table is a row: a name of its own column."""
    for key in rows[0] if rows else ():
        again = sum(1 for row in rows if row.get(key) == key)
        if again:
            raise UserError(
                f"{name}:1: the first line names the columns, and {key!r} also stands in its own "
                f"column, {again} times",
                why="read as a header, the first row is lost",
                next_step="put a line of names before it, such as: text,label",
            )


def _no_text(name: str, rows: Sequence[Row]) -> UserError:
    """What to do where nothing says which column is what."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if not keys:
        return UserError(f"{name} holds no rows", next_step="name a file with rows in it")
    turns = "".join(
        f"turns are read under messages: put those of {key!r} there, each with role (user or "
        "assistant) and content; otherwise "
        for key in [key for key in keys if any(isinstance(row.get(key), list) for row in rows)][:1]
    )
    return UserError(
        f"{name}: none of its columns looks like the text: {', '.join(keys)}",
        why="a text is named text, message, body, question, ..., or holds several words",
        next_step=f"{turns}name the columns text, label and response",
    )
