"""Rows in the forms that other trainers read, as bytes: the same rows give the same bytes.

`jsonl` and `parquet` keep the fields of a row. `alpaca`, `sharegpt` and `messages` are for training
elsewhere: the answer is what this run's student is trained to write, label included. There is no
CSV, and so nothing that a spreadsheet would take for a formula.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from selfinstruct.chat import conversation, reference
from selfinstruct.errors import UserError
from selfinstruct.export.facts import Facts
from selfinstruct.export.lines import Line, What, columns
from selfinstruct.rows import from_messages
from selfinstruct.types import Example

Format = Literal["jsonl", "parquet", "alpaca", "sharegpt", "messages"]
TRAINING: tuple[Format, ...] = ("alpaca", "sharegpt", "messages")
SPEAKERS = {"system": "system", "user": "human", "assistant": "gpt"}
"""ShareGPT's names."""
SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as JSON objects with the same keys each; `replaced` counts lone surrogates, which are no
    text to any reader and stand as U+FFFD.
    """

    rows: tuple[dict[str, Any], ...]
    replaced: int = 0


def file_name(what: What, form: Format) -> str:
    """What the file of an export is called."""
    return f"{what}.{'parquet' if form == 'parquet' else 'jsonl'}"


def require_fit(what: What, form: Format) -> None:
    """Raises `UserError` for a form in which these rows cannot be had."""
    if what == "rejects" and form in TRAINING:
        raise UserError(
            f"rejects are not exported as {form}, which is a form to train on",
            why="a dropped candidate may lack its answer, or repeat a held-out row",
            next_step="take --format jsonl or parquet",
        )


def tabulate(lines: Sequence[Line], facts: Facts, form: Format) -> Table:
    """The words of every row in the asked form, then where it comes from."""
    found = [{**_words(line.row, facts, form), **columns(line, facts)} for line in lines]
    replaced = 0

    def clean(value: Any) -> Any:
        nonlocal replaced
        if isinstance(value, str):
            text, count = SURROGATE.subn(REPLACEMENT, value)
            replaced += count
            return text
        if isinstance(value, list):
            return [clean(each) for each in value]
        if isinstance(value, dict):
            return {key: clean(each) for key, each in value.items()}
        return value

    rows = tuple(clean(row) for row in found)
    return Table(rows, replaced)


def as_jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One JSON object a line, non-ASCII kept as it is."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _words(row: Example, facts: Facts, form: Format) -> dict[str, Any]:
    match form:
        case "jsonl" | "parquet":
            return {**_asked(row), "response": row.response, "turns": from_messages(row.turns)}
        case "alpaca":
            answer = reference(row, facts.target)
            return {**_asked(row), "output": answer, "turns": from_messages(row.turns)}
        case "messages":
            said = conversation(row, facts.target, facts.cfg.task.system)
            return {"messages": from_messages(said)}
        case "sharegpt":
            said = conversation(row, facts.target, facts.cfg.task.system)
            turns = [{"from": SPEAKERS[each.role], "value": each.content} for each in said]
            return {"conversations": turns}


def _asked(row: Example) -> dict[str, str]:
    return {"instruction": row.instruction, "input": row.input}
