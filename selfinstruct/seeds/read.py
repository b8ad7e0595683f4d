"""The user's file in, clean examples out: every bad row is named by its line, none lost uncounted.

`formats` finds the rows of a file and `shapes` the examples of a row. Here rows meet: exact copies,
one question with two labels, the labels and columns that the config names. Near-duplicates are the
business of `split`.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from reprlib import repr as brief
from typing import Any

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.progress import OnProgress, Progress, counted, silent
from selfinstruct.seeds.columns import COMMAND, as_setting, propose
from selfinstruct.seeds.faults import Fault, tell_faults
from selfinstruct.seeds.formats import RawRows, read_rows
from selfinstruct.seeds.shapes import (
    FIELDS,
    IncompleteError,
    OrderError,
    Row,
    RowError,
    examples_of,
    value_at,
)
from selfinstruct.types import Example


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Distinct examples in file order, and what became of the rest.

    `duplicates` counts the exact copies left out, `incomplete` the rows that lack what
    `seeds.require` asks for, `skipped` the bad ones, and `faults` says why. `mended` counts
    conversations whose turns were put in order, `form` says how the file was read where that is
    worth telling, `unread` are the columns that nothing was taken from.
    """

    examples: tuple[Example, ...]
    skipped: int = 0
    faults: tuple[str, ...] = ()
    duplicates: int = 0
    incomplete: int = 0
    mended: int = 0
    form: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def read_examples(cfg: SeedsConfig, base: Path, on_progress: OnProgress = silent) -> ReadResult:
    """The file that `cfg` names in, its examples out; `base` is where a relative path starts.

    One question with two labels is a fault; with two responses it is two rows, which `split` keeps
    together. Raises `UserError` that lists the bad rows (unless `skip_bad`), or that says why
    nothing can be read at all.
    """
    raw = read_rows(cfg.path, base, cfg.encoding)
    rows = [row for _, row in raw.lines if not isinstance(row, RowError)]
    _check_columns(raw.name, rows, cfg.columns)
    reader = _Reader(cfg, raw.name)
    step = Progress(0, "reading", total=len(raw.lines), unit="rows")
    for number, row in counted(raw.lines, step, on_progress):
        reader.read(number, row)
    if reader.faults and not cfg.skip_bad:
        raise UserError(
            f"{cfg.path}: {len(reader.faults)} of {len(raw.lines)} rows cannot be used\n"
            + tell_faults(raw.name, reader.faults),
            next_step=_remedy(cfg, raw, reader.faults, rows),
        )
    _check_labels(cfg, "labels", cfg.labels, {cfg.rename_labels.get(e, e) for e in reader.labels})
    _check_labels(cfg, "rename_labels", tuple(cfg.rename_labels), reader.labels)
    if not reader.examples:
        raise UserError(
            f"{cfg.path} has no usable row",
            why=tell_faults(raw.name, reader.faults) or _why_none(reader.incomplete),
            next_step="a row needs an instruction or a text, and a response or a label",
        )
    return ReadResult(
        tuple(reader.examples.values()),
        len(reader.faults),
        tuple(f"{raw.name}:{fault.line}: {fault.reason}" for fault in reader.faults),
        reader.duplicates,
        reader.incomplete,
        reader.mended,
        raw.form,
        _unread(rows, cfg),
    )


class _Reader:
    """What is known of the rows read so far."""

    def __init__(self, cfg: SeedsConfig, title: str) -> None:
        self.cfg, self.title = cfg, title
        self.examples: dict[str, Example] = {}
        self.labels: set[str] = set()
        self.faults: list[Fault] = []
        self.duplicates = self.incomplete = self.mended = 0
        self._first_labels: dict[object, tuple[int, str]] = {}

    def read(self, number: int, row: Row | RowError) -> None:
        """Take in one row, or count why not."""
        try:
            wanted = [one for one in self._complete(number, row) if self._is_wanted(one)]
            for example in wanted:
                _check_label(example, number, self._first_labels)
        except RowError as error:
            self.faults.append(Fault(number, str(error)))
            return
        for example in wanted:
            self.duplicates += example.id in self.examples
            self.examples.setdefault(example.id, example)

    def _complete(self, number: int, row: Row | RowError) -> list[Example]:
        """The examples of a row that have all that is required, under the labels meant."""
        if isinstance(row, RowError):
            raise row
        try:
            found = self._ordered(row, f"{self.title}:{number}")
        except IncompleteError:
            if not self.cfg.require:
                raise
            self.incomplete += 1
            return []
        self.labels |= {example.label for example in found if example.label is not None}
        complete = [one for one in found if all(getattr(one, each) for each in self.cfg.require)]
        self.incomplete += len(found) - len(complete)
        return [self._renamed(example) for example in complete]

    def _ordered(self, row: Row, where: str) -> list[Example]:
        try:
            return examples_of(row, self.cfg, where)
        except OrderError:
            if not self.cfg.mend_turns:
                raise
        found = examples_of(row, self.cfg, where, mend=True)
        self.mended += 1
        return found

    def _renamed(self, example: Example) -> Example:
        meant = self.cfg.rename_labels.get(example.label or "")
        return example if meant is None else replace(example, label=meant)

    def _is_wanted(self, example: Example) -> bool:
        return not self.cfg.labels or example.label in self.cfg.labels


def _why_none(incomplete: int) -> str:
    return f"{incomplete} rows lack what seeds.require names" if incomplete else "it is empty"


def _remedy(cfg: SeedsConfig, raw: RawRows, faults: Sequence[Fault], rows: Sequence[Row]) -> str:
    """What to type next, by what is wrong with most rows."""
    if len(faults) == len(raw.lines) and not cfg.columns:
        found = propose(rows)
        if found.columns:
            texts = "instruction" not in found.columns
            todo = ", and seeds.instruction to what is to be done with each" if texts else ""
            return (
                f"{COMMAND.format(path=cfg.path)}, which looks at the columns and writes a config; "
                f"or set {as_setting('seeds.columns', found.columns)}{todo}"
            )
    ordered = sum("is due" in fault.reason for fault in faults)
    mend = "read them with seeds.mend_turns=true, which joins what one speaker says in a row; "
    return f"{mend * (ordered > 0)}mend them, or leave them out with seeds.skip_bad=true"


def _unread(rows: Sequence[Row], cfg: SeedsConfig) -> tuple[str, ...]:
    """The columns of a file that no field takes anything from, in its order."""
    keys = dict.fromkeys(key for row in rows for key in row if key)
    named = cfg.columns.values()
    taken = {*FIELDS, *named, *(each.partition(".")[0] for each in named)}
    return tuple(key for key in keys if key not in taken)


def _check_columns(title: str, rows: Sequence[Row], columns: Mapping[Any, str]) -> None:
    """Raise `UserError` where `seeds.columns` names a column that no row has."""
    present = list(dict.fromkeys(key for row in rows for key in row))
    for ours, theirs in columns.items():
        if rows and theirs not in present and all(value_at(row, theirs) is None for row in rows):
            raise UserError(
                f"{title} has no column {theirs!r}, which seeds.columns.{ours} names",
                next_step=_nearest(theirs, present),
            )


def _check_labels(cfg: SeedsConfig, knob: str, named: Sequence[str], labels: set[str]) -> None:
    """Raise `UserError` where a setting names a label that no row has."""
    for label in named:
        if label not in labels:
            raise UserError(
                f"no row of {cfg.path} has the label {label!r}, which seeds.{knob} names",
                next_step=_nearest(label, sorted(labels)),
            )


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {brief(list(known))}"


def _check_label(
    example: Example, number: int, first_labels: dict[object, tuple[int, str]]
) -> None:
    """Raise where an earlier row asks the same and has another label; remember the first one."""
    if example.label is None:
        return
    asked = (example.turns, example.instruction, example.input)
    line, label = first_labels.setdefault(asked, (number, example.label))
    if label != example.label:
        raise RowError(
            f"same question as line {line}, other label: {brief(example.label)}, there "
            f"{brief(label)}"
        )
