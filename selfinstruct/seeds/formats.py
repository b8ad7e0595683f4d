"""A path or a hub name in, numbered raw rows out: JSON Lines, JSON, tables or `datasets`.

Knows syntax and line numbers; what a row means is the business of `shapes`. A line, record or
element that is no row stands as a `RowError` in its place. Where broken syntax leaves the start of
the next row to a guess, the whole file is refused with a `UserError`.

Reads strict JSON (no NaN, no key twice): objects one a line, an array of them, or one object around
such an array, as tools export it.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as brief
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.seeds.hub import hub_rows, parquet_rows
from selfinstruct.seeds.opening import (
    Opened,
    decode,
    open_text,
    require_regular,
    resolve,
    suffix_of,
    why_undecoded,
)
from selfinstruct.seeds.shapes import Row, RowError, as_object, not_an_object
from selfinstruct.seeds.tables import SPOKEN, Line, separator_of, table_rows

MAX_DIGITS = 1000
SPACE = re.compile(r"[ \t\r\n]*")
ROW_KEYS = frozenset({"instruction", "input", "response", "output", "messages"})
TURN_KEYS = frozenset({"role", "from"})


@dataclass(frozen=True, slots=True)
class RawRows:
    """The name that faults are reported under, the numbered rows, and what of their form is worth
    telling, in words: what was not plain UTF-8, JSON Lines or commas.
    """

    name: str
    lines: list[Line]
    form: tuple[str, ...] = ()


def read_rows(spec: str, base: Path, encoding: str = "utf-8") -> RawRows:
    """`spec` is a path, looked for as in `resolve`, or `hf:NAME[:SPLIT]`; rows out.

    Raises `UserError` where there is no such thing, or where it cannot be read as a whole.
    """
    if spec.startswith("hf:"):
        return RawRows(spec, list(hub_rows(spec.removeprefix("hf:"), base)))
    path = resolve(spec, base)
    if suffix_of(path) == ".parquet":
        require_regular(path)
        return RawRows(path.name, list(parquet_rows(path)))
    opened = open_text(path, encoding)
    if opened.suffix in (".csv", ".tsv"):
        text = decode(opened)
        separator = separator_of(text)
        told = () if separator == "," else (f"cells parted by {SPOKEN[separator]}",)
        rows = list(table_rows(text, opened.name, separator))
        return RawRows(opened.name, rows, (*opened.form, *told))
    return _json_rows(opened)


def _json_rows(opened: Opened) -> RawRows:
    start = opened.data.lstrip()
    if start.startswith(b"["):
        text = decode(opened)
        rows = _array_rows(text, opened.name, text.index("["))
        return RawRows(opened.name, list(rows), opened.form)
    if start.startswith(b"{") and _is_one_object(start):
        return _object_rows(opened)
    return RawRows(opened.name, list(_line_rows(opened.data)), opened.form)


def _is_one_object(data: bytes) -> bool:
    """Whether a file is a single object, or begins with one over several lines."""
    first, _, more = data.partition(b"\n")
    if not isinstance(_row_of_line(first), RowError):
        return not more.strip()
    try:
        DECODER.raw_decode(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return False
    return True


def _object_rows(opened: Opened) -> RawRows:
    """The rows of an array within the one object of a file; the object itself, if it is a row."""
    text = decode(opened)
    start = text.index("{")
    whole, end = DECODER.raw_decode(text, start)
    if text[end:].strip():
        raise UserError(
            f"{opened.name}:{text.count(chr(10), 0, start) + 1}: objects over several lines",
            next_step="put each on one line: jq -c . OLD > NEW.jsonl",
        )
    keys = [] if ROW_KEYS & whole.keys() else [key for key in whole if _holds_rows(whole[key])]
    if not keys:
        return RawRows(opened.name, [(text.count("\n", 0, start) + 1, whole)], opened.form)
    if len(keys) > 1:
        raise UserError(
            f"{opened.name}:1: rows may be under {' or '.join(map(repr, keys))}",
            why="one array a file is read",
            next_step=f"take one of them: jq -c '.[{json.dumps(keys[0])}][]' OLD > NEW.jsonl",
        )
    rows = _array_rows(text, opened.name, _value_at(text, start, keys[0]), inside=True)
    told = f"its rows are under the key {keys[0]!r}"
    return RawRows(opened.name, list(rows), (*opened.form, told))


def _holds_rows(value: object) -> bool:
    """Whether a value is an array of objects that are no turns of a conversation."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) for each in value)
        and not TURN_KEYS & value[0].keys()
    )


def _value_at(text: str, start: int, wanted: str) -> int:
    """Where the value of a key of the sound object at `start` begins."""
    at = _after_space(text, start + 1)
    while True:
        key, at = DECODER.raw_decode(text, at)
        at = _after_space(text, _after_space(text, at) + 1)  # the colon
        if key == wanted:
            return at
        _, at = DECODER.raw_decode(text, at)
        at = _after_space(text, _after_space(text, at) + 1)  # the comma


def _line_rows(data: bytes) -> Iterator[Line]:
    # Never splitlines(): it also cuts at U+2028 and U+0085, inside a string.
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if raw.strip():
            yield number, _row_of_line(raw)


def _row_of_line(raw: bytes) -> Row | RowError:
    if raw.strip() == b"{":
        return RowError("an object over several lines; put it on one: jq -c . OLD > NEW")
    try:
        return as_object(DECODER.decode(raw.decode("utf-8-sig")))
    except (ValueError, RecursionError) as error:
        return RowError(_reason(error))


def _array_rows(text: str, name: str, start: int, inside: bool = False) -> Iterator[Line]:
    """The elements of the JSON array at `start`, each with the line it starts on; broken syntax is
    fatal. What follows one that stands `inside` an object is not looked at.
    """
    line, counted = 1, 0
    at = _after_space(text, start + 1)
    mark = text[at : at + 1]
    while mark != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = DECODER.raw_decode(text, at)
            at = _after_space(text, at)
            mark = text[at : at + 1]
            if mark not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' or ']' at", text, at)
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else line
            raise UserError(
                f"{name}:{line}: {_reason(error)}", next_step="mend it; jq . FILE checks the syntax"
            ) from None
        yield line, value if isinstance(value, dict) else RowError(not_an_object(value))
        at = _after_space(text, at + 1) if mark == "," else at
    end = _after_space(text, at + 1)
    if end < len(text) and not inside:
        line += text.count("\n", counted, end)
        raise UserError(f"{name}:{line}: more text after the array", next_step="one array a file")


def _reason(error: ValueError | RecursionError) -> str:
    """Why bytes are no row, in words without the codec's or parser's own positions."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return why_undecoded(error)
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _after_space(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at


def _unique(pairs: Iterable[tuple[str, Any]]) -> Row:
    row: Row = {}
    for key, value in pairs:
        if key in row:
            raise RowError(f"key {brief(key)} twice")
        row[key] = value
    return row


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise RowError(f"a number of {len(digits):,} digits")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise RowError(f"{brief(text)} is no number of JSON's")
    return number


DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_finite
)
