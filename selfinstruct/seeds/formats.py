"""A path or a hub name in, numbered raw rows out: JSON Lines, a JSON array, CSV or `datasets`.

Knows bytes, syntax and line numbers; what a row means is the business of `shapes`. A line, record
or element that is no row stands as a `RowError` in its place. Where broken syntax leaves the start
of the next row to a guess, the whole file is refused with a `UserError`.

Reads UTF-8 alone, strict JSON (no NaN, no key twice) and CSV with commas and a header. A file is
held in memory whole, so there is a largest size.
"""

import codecs
import csv
import importlib
import json
import math
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from reprlib import repr as brief
from typing import Any

from selfinstruct.errors import UserError
from selfinstruct.files import find
from selfinstruct.seeds.shapes import Row, RowError, as_object, not_an_object

SUFFIXES = (".jsonl", ".json", ".csv")
MAX_BYTES = 1 << 29
"""Seeds are hundreds of rows, at most some 100,000; what is larger is a mistake."""
MAX_DIGITS = 1000
SPACE = re.compile(r"[ \t\r\n]*")
TO_UTF8 = "save it as UTF-8, for example: iconv -f ENCODING -t UTF-8 OLD > NEW"
CSV_STEPS = {
    "field limit": "shorten that cell; the closing quote of one before it may be missing",
    "new-line character": "end lines in LF or CR LF, for example: tr '\\r' '\\n' < OLD > NEW",
    "": 'put a cell with quotes, commas or newlines in "...", its own quotes as ""',
}

Line = tuple[int, Row | RowError]
"""The line a row starts on (in `datasets`: its place), from 1, and the row or why it is none."""


def resolve(path: str, base: Path) -> Path:
    """The existing path that `path` means: below `base` first, then below the working directory.

    Raises `UserError` where there is neither.
    """
    found = find(path, base)
    if found is None:
        raise UserError(
            f"no seeds at {path!r}",
            why=f"looked in {base.resolve()} and {Path.cwd()}",
            next_step="set seeds.path to a .jsonl, .json or .csv file, or to hf:NAME",
        )
    return found


def read_rows(spec: str, base: Path) -> tuple[str, list[Line]]:
    """The name that faults are reported under, and the numbered rows.

    `spec` is a path, looked for as in `resolve`, or `hf:NAME[:SPLIT]`. Raises `UserError` where
    there is no such thing, or where it cannot be read as a whole.
    """
    if spec.startswith("hf:"):
        return spec, list(_hub_rows(spec.removeprefix("hf:"), base))
    path = resolve(spec, base)
    data = _content(path)
    if path.suffix.lower() == ".csv":
        return path.name, list(_csv_rows(_decode(data, path.name), path.name))
    if data.lstrip().startswith(b"["):
        return path.name, list(_array_rows(_decode(data, path.name), path.name))
    return path.name, list(_line_rows(data))


def _content(path: Path) -> bytes:
    """The bytes of a regular file, without a byte order mark."""
    try:
        status = path.stat()
        fault = _unfit(path, status.st_mode, status.st_size)
        data = b"" if fault else path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if fault:
        raise UserError(f"{path} {fault[0]}", next_step=fault[1])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise UserError(f"{path.name}:1: UTF-16, UTF-32 or no text at all", next_step=TO_UTF8)
    return data.removeprefix(codecs.BOM_UTF8)


def _unfit(path: Path, mode: int, size: int) -> tuple[str, str] | None:
    """Why a path is not opened at all, and what to do; a FIFO would block for ever."""
    if stat.S_ISDIR(mode):
        return "is a folder", f"name a file in it, or hf:{path} for a folder of `datasets`"
    if not stat.S_ISREG(mode):
        return "is not a regular file", "write the rows to a file first"
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        return f"has none of the endings {known}", "convert it; hf:FILE reads .parquet as it is"
    if size > MAX_BYTES:
        return f"has {size:,} bytes; the most is {MAX_BYTES:,}", "take a sample of its rows"
    return None


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError(f"{name}:{line}: {_reason(error)}", next_step=TO_UTF8) from None


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


def _array_rows(text: str, name: str) -> Iterator[Line]:
    """The elements of a JSON array, each with the line it starts on; broken syntax is fatal."""
    line, counted = 1, 0
    at = _after_space(text, text.index("[") + 1)
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
    if end < len(text):
        line += text.count("\n", counted, end)
        raise UserError(f"{name}:{line}: more text after the array", next_step="one array a file")


def _csv_rows(text: str, name: str) -> Iterator[Line]:
    """The records below the header, each with the line it starts on; broken quoting is fatal, since
    where the next record starts is then a guess.
    """
    reader = csv.reader((f"{line}\n" for line in text.split("\n")), strict=True)
    header: list[str] = []
    start = 1
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells, f"{name}:{number}")
            elif len(cells) != len(header):
                yield number, RowError(f"cells: {len(cells)}, where the header has {len(header)}")
            else:
                yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        steps = (step for words, step in CSV_STEPS.items() if words in str(error))
        raise UserError(f"{name}:{start}: {error}", next_step=next(steps)) from None


def _header(cells: Sequence[str], where: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    if len(header) == 1 and re.search(r"[;\t|]", header[0]):
        raise UserError(f"{where}: no comma in {header[0]!r}", next_step="separate cells by commas")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise UserError(f"{where}: column {twice[0]!r} twice", next_step="rename one of them")
    return header


def _hub_rows(spec: str, base: Path) -> Iterator[Line]:
    """The rows of `NAME[:SPLIT]`, numbered from 1: a dataset of the hub, a folder or a .parquet."""
    datasets = importlib.import_module("datasets")  # heavy: seconds, and most runs need none of it
    name, _, split = spec.partition(":")
    if not name:
        raise UserError(f"hf:{spec} names no dataset", next_step="write hf:NAME or hf:NAME:SPLIT")
    try:
        table = _load(datasets, name, split or None, find(name, base))
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"datasets cannot load hf:{spec}: {str(error).partition(chr(10))[0]}",
            next_step="check the name and the network; the form is hf:NAME or hf:NAME:SPLIT",
        ) from None
    if isinstance(table, Mapping):
        chosen = split or ("train" if len(table) > 1 else next(iter(table)))
        if chosen not in table:
            raise UserError(
                f"hf:{spec} has no split {chosen!r}",
                next_step=f"hf:{name}:SPLIT with one of {', '.join(table)}",
            )
        table = table[chosen]
    classes = {
        column: feature.names
        for column, feature in table.features.items()
        if isinstance(feature, datasets.ClassLabel)
    }
    for number, row in enumerate(table, start=1):
        named = {column: _class_name(names, row[column]) for column, names in classes.items()}
        yield number, {**row, **named}


def _class_name(names: Sequence[str], index: int | None) -> str | None:
    return None if index is None or index < 0 else names[index]  # -1 is "no label" in `datasets`


def _load(datasets: Any, name: str, split: str | None, local: Path | None) -> Any:
    if local is None:
        return datasets.load_dataset(name, split=split)
    if local.suffix.lower() == ".parquet":
        return datasets.load_dataset("parquet", data_files=str(local), split=split)
    if (local / "state.json").exists() or (local / "dataset_dict.json").exists():
        table = datasets.load_from_disk(str(local))
        if split is not None and not isinstance(table, Mapping):
            raise ValueError(f"it was saved without splits, so it has no {split!r}")
        return table
    return datasets.load_dataset(str(local.resolve()), split=split)


def _reason(error: ValueError | RecursionError) -> str:
    """Why bytes are no row, in words without the codec's or parser's own positions."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        return f"not UTF-8: byte 0x{error.object[error.start]:02x} at column {column}"
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
