"""The user's file in, clean examples out: every bad row is named by its line, none lost uncounted.

`formats` finds the rows of a file and `shapes` the examples of a row. Here rows meet: exact copies,
one question with two labels, the labels and columns that the config names. Near-duplicates are the
business of `split`.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as brief
from typing import Any

from selfinstruct.config import SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.seeds.formats import Line, read_rows
from selfinstruct.seeds.shapes import RowError, examples_of
from selfinstruct.types import Example

MAX_FAULTS = 20


@dataclass(frozen=True, slots=True)
class ReadResult:
    """Distinct examples in file order. `duplicates` counts the exact copies left out, `faults` says
    which rows were skipped and why.
    """

    examples: tuple[Example, ...]
    skipped: int = 0
    faults: tuple[str, ...] = ()
    duplicates: int = 0


def read_examples(cfg: SeedsConfig, base: Path) -> ReadResult:
    """The file that `cfg` names in, its examples out; `base` is where a relative path starts.

    One question with two labels is a fault; with two responses it is two rows, which `split` keeps
    together. Raises `UserError` that lists the bad rows (unless `skip_bad`), or that says why
    nothing can be read at all.
    """
    title, lines = read_rows(cfg.path, base)
    _check_columns(title, lines, cfg.columns)
    examples: dict[str, Example] = {}
    first_labels: dict[object, tuple[int, str]] = {}
    labels: set[str] = set()
    faults: list[str] = []
    duplicates = 0
    for number, row in lines:
        try:
            if isinstance(row, RowError):
                raise row
            found = examples_of(row, cfg, f"{title}:{number}")
            labels |= {example.label for example in found if example.label is not None}
            wanted = [one for one in found if not cfg.labels or one.label in cfg.labels]
            for example in wanted:
                _check_label(example, number, first_labels)
        except RowError as error:
            faults.append(f"{title}:{number}: {error}")
            continue
        for example in wanted:
            duplicates += example.id in examples
            examples.setdefault(example.id, example)
    if faults and not cfg.skip_bad:
        raise UserError(
            f"{cfg.path}: {len(faults)} of {len(lines)} rows cannot be used\n{_list(faults)}",
            next_step="mend them, or leave them out with seeds.skip_bad=true",
        )
    _check_labels(cfg, labels)
    if not examples:
        raise UserError(
            f"{cfg.path} has no usable row",
            why=_list(faults) if faults else "it is empty",
            next_step="a row needs an instruction or a text, and a response or a label",
        )
    return ReadResult(tuple(examples.values()), len(faults), tuple(faults), duplicates)


def _check_columns(title: str, lines: Sequence[Line], columns: Mapping[Any, str]) -> None:
    """Raise `UserError` where `seeds.columns` names a column that no row has."""
    rows = [row for _, row in lines if not isinstance(row, RowError)]
    present = list(dict.fromkeys(key for row in rows for key in row))
    for ours, theirs in columns.items():
        if rows and theirs not in present:
            raise UserError(
                f"{title} has no column {theirs!r}, which seeds.columns.{ours} names",
                next_step=_nearest(theirs, present),
            )


def _check_labels(cfg: SeedsConfig, labels: set[str]) -> None:
    """Raise `UserError` where `seeds.labels` names a label that no row has."""
    for label in cfg.labels:
        if label not in labels:
            raise UserError(
                f"no row of {cfg.path} has the label {label!r}, which seeds.labels names",
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


def _list(faults: Sequence[str]) -> str:
    more = [f"and {len(faults) - MAX_FAULTS} more"] if len(faults) > MAX_FAULTS else []
    return "\n".join([*faults[:MAX_FAULTS], *more])
