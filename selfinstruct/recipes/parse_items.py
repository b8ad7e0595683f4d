"""An answer of many items in, each with its fields, out: JSON in whatever state, fields, or a list.

Asked for a JSON array, teachers send it in a code fence, inside an object, cut in the middle, as
one object a line, with a comma too many, or as a numbered list after all. Nothing here raises on
any text and nothing is invented: a value is a piece of the text, its JSON escapes read. What stands
where an item should be and is none is `Lost`; words before and after the JSON talk about it and are
no part of it. The time is linear in the text.
"""

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from selfinstruct.recipes.parse import (
    as_input,
    fields_of,
    read_texts,
    without_control,
)
from selfinstruct.text import without_surrogates

Item = tuple[str, ...]
"""One value for each field that was asked for, in their order."""

NAMES = {
    "text": ("text", "message", "input", "question", "instruction", "example"),
    "instruction": ("instruction", "task", "question"),
    "input": ("input", "context"),
    "response": ("response", "output", "answer", "reply"),
}
"""The names that teachers give a field, its own first."""
OPTIONAL = ("input",)
"""Fields whose value may be empty or missing."""

_OPENING = re.compile(r'\[\s*(?=[\[{"])|\{\s*(?=")')
_BEFORE = re.compile(
    r"""
    (?:[^\n]*+\n)*+ [^\w\n]*+ (?:\d{1,3}[^\w\n]+)?       # alone on its line, numbered at most
    | \s*+ (?![^\w\n]*\d) [^\n]* (?:[:!.]|json) [ \t]*   # or after a preamble
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What may stand before the JSON that is an answer: JSON within an item of a list is none."""
_WRAPPER = re.compile(r'\{\s*"[^"\\\n]{0,60}"\s*:\s*(?=\[)')
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_VALUE = re.compile(r'\{\s*(?=["}])|\[\s*(?=[\[{"\]\d-])')
_BETWEEN = re.compile(r"[\s,]*")
_BARE = re.compile(r'[^,\[\]{}"]+')
_NEXT_LINE = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+(?=\{)")  # begins once in each run of blanks
_COMMA_AT_END = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lost:
    """A piece of an answer that stands where an item should be, and cannot be read as one."""

    words: str


Read = tuple[Item | Lost, ...]
Pairs = tuple[tuple[str, Any], ...]
"""A JSON object as it stands, where a name may come twice. JSON's arrays are lists."""


def read_items(text: str, fields: Sequence[str], *, cut: bool = False) -> Read:
    """The items of an answer, in order, among them what could not be read.

    `fields` are keys of `NAMES`. Where the answer was `cut`, the last one stands for the piece that
    the cut went through, so that whoever drops it drops no whole item.
    """
    text = without_control(text)
    opening = _OPENING.search(text)
    if opening is not None and _BEFORE.fullmatch(text, 0, opening.start()):
        return tuple(_read_json(text, fields, cut=cut))
    if len(fields) == 1:
        return tuple((item,) for item in read_texts(text))
    return tuple(_read_blocks(text, fields))


def read_json(text: str) -> tuple[str, ...]:
    """The arrays and objects of an answer as they stand, without what talks about them; the last
    one may be broken.
    """
    text = without_control(text)
    found = []
    opening = _VALUE.search(text)
    while opening is not None:
        end = _end_of(text, opening.start())
        found.append(text[opening.start() : end])
        opening = _VALUE.search(text, end)
    return tuple(found)


def read_line(text: str) -> Read:
    """The line that a model without turns went on with, and the lines that it added to the list."""
    return tuple((item,) for item in read_texts(f"- {without_control(text).strip()}"))


def read_block(text: str, fields: Sequence[str]) -> Read:
    """The item whose first field a model without turns went on with, and those that it added."""
    text = without_control(text)
    first, *more = _read_blocks(f"{fields[0]}: {text}", fields)
    return (Lost(text) if isinstance(first, Lost) else first, *more)


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))


def _read_json(text: str, fields: Sequence[str], *, cut: bool) -> Iterator[Item | Lost]:
    """What stands in the arrays and objects of a text. An answer that was cut ends in a lost piece:
    what the cut broke, or else what follows the last value.
    """
    end = 0
    last: Item | Lost | None = None
    while (opening := _OPENING.search(text, end)) is not None:
        wrapper = _WRAPPER.match(text, opening.start())
        start = wrapper.end() if wrapper else opening.start()
        if text[start] == "[":
            pieces, end = _elements(text, start)
        else:
            end = _end_of(text, start)
            pieces = [text[start:end]]
        for piece in pieces:
            for last in _read_piece(piece, fields):
                yield last
    if cut and not isinstance(last, Lost):
        yield Lost(text[end:])


def _elements(text: str, start: int) -> tuple[list[str], int]:
    """The elements of the array that begins at `start`, as far as it goes, and where it ends."""
    pieces = []
    at = _skip(text, start + 1)
    while at < len(text) and text[at] not in "]}":
        bare = _BARE.match(text, at)
        end = bare.end() if bare else _end_of(text, at)
        pieces.append(text[at:end])
        at = _skip(text, end)
    return pieces, min(at + 1, len(text))


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _end_of(text: str, start: int) -> int:
    """Where the string, array or object ends that begins at `start`; the text's end if nowhere."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth <= 0:
            return token.end()
    return len(text)


def _read_piece(piece: str, fields: Sequence[str]) -> list[Item | Lost]:
    """The items of one JSON value; of one that is broken, those of the lines that are whole."""
    try:
        return list(_items(_parse(piece), fields, piece))
    except (ValueError, RecursionError):  # RecursionError: brackets nested a thousand deep
        first, *rest = _NEXT_LINE.split(piece)
    found: list[Item | Lost] = [Lost(first)]
    for line in rest:
        found += _read_piece(line[: _end_of(line, 0)], fields)
    return found


def _parse(piece: str) -> Any:
    """A value whose numbers stay as they are written. Raises `ValueError` for what is no JSON,
    commas too many aside.
    """
    try:
        return _loads(piece)
    except ValueError:
        return _loads(_COMMA_AT_END.sub(lambda match: match[1] or "", piece))


def _loads(piece: str) -> Any:
    return json.loads(
        piece,
        strict=False,
        object_pairs_hook=tuple,
        parse_int=str,
        parse_float=str,
        parse_constant=str,
    )


def _items(value: Any, fields: Sequence[str], piece: str) -> Iterator[Item | Lost]:
    """The items of a parsed value: one, those of a list, or those of the object around a list."""
    if isinstance(value, list):
        if len(value) == len(fields) > 1 and all(isinstance(each, str) for each in value):
            yield from _checked([tuple(value)], fields, piece)
        else:
            for each in value:
                yield from _items(each, fields, piece)
    elif isinstance(value, tuple):
        inner = [each for _, each in value]
        if inner and all(isinstance(each, list if len(inner) == 1 else tuple) for each in inner):
            for each in inner:
                yield from _items(each, fields, piece)
        else:
            yield from _checked(_rows(value, fields), fields, piece)
    else:
        alone = isinstance(value, str) and len(fields) == 1
        yield from _checked([(value,)] if alone else [()], fields, piece)


def _rows(pairs: Pairs, fields: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The values of an object by field; of several, where a name comes again."""
    if len(fields) == 1 and len(pairs) == 1:
        yield (pairs[0][1],)
        return
    rows: list[dict[str, Any]] = [{}]
    for name, value in pairs:
        known = name.strip().lower()
        if known in rows[-1]:
            rows.append({})
        rows[-1][known] = value
    for row in rows:
        taken: dict[str, Any] = {}
        for field in fields:
            name = next((each for each in NAMES[field] if each in row), "")
            taken[field] = row.pop(name, None)
        yield tuple(taken.values())


def _checked(
    rows: Iterable[tuple[Any, ...]], fields: Sequence[str], piece: str
) -> Iterator[Item | Lost]:
    """Rows that have every field, as texts; a lost piece for each other."""
    for row in rows:
        told = [_as_text(value) for value in row]
        item = tuple(
            as_input(text or "") if field in OPTIONAL else text or ""
            for field, text in zip(fields, told, strict=False)
        )
        named = len(told) == len(fields) and None not in told and _has_words(item[0])
        full = all(text or field in OPTIONAL for field, text in zip(fields, item, strict=False))
        yield item if named and full else Lost(piece)


def _as_text(value: Any) -> str | None:
    """A string or a number as it stands, "" for null; None for what is no text."""
    if isinstance(value, bool):
        return json.dumps(value)
    if value is None:
        return ""
    return without_surrogates(value).strip() if isinstance(value, str) else None


def _read_blocks(text: str, fields: Sequence[str]) -> Iterator[Item | Lost]:
    """The items of an answer that names its fields line by line."""
    of = {name: field for field in reversed(fields) for name in reversed(NAMES[field])}
    opens = _field_line(tuple(of))
    for block in _blocks(text.splitlines(), opens, of, fields[0]):
        row = {of[name]: content for name, content in fields_of(block, opens)}
        yield from _checked([tuple(map(row.get, fields))], fields, "\n".join(block))


def _blocks(
    lines: Sequence[str], opens: re.Pattern[str], of: Mapping[str, str], first: str
) -> list[list[str]]:
    """Lines by item: one begins with its first field, and where a field comes again."""
    blocks: list[list[str]] = []
    seen: set[str] = set()
    for line in lines:
        match = opens.match(line)
        field = of[match["name"].lower()] if match else ""
        if match and (not blocks or field == first or field in seen):
            blocks.append([])
            seen = set()
        if blocks:
            blocks[-1].append(line)
            seen.add(field)
    return blocks


@functools.cache
def _field_line(names: tuple[str, ...]) -> re.Pattern[str]:
    """A line that opens a field: numbered, bulleted or bold as it may be."""
    return re.compile(
        rf"""\s*+(?:[-*\#>•]++[ \t]*+|\(?\d{{1,3}}[.):]++[ \t]*+)*+[*_`"]*+
        (?P<name>{"|".join(names)})\b[*_`"]*+[ \t]*+\d{{0,3}}[*_`"]*+[ \t]*+[:：]
        [*_`"]*+[ \t]*+""",  # noqa: RUF001
        re.VERBOSE | re.IGNORECASE,
    )
