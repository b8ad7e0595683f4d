"""What a template was told, as JSON that loses nothing, in parts that prompts have in common.

A part is a value whose JSON is longer than `INLINE`, under the digest of that JSON; what holds it
holds the digest. So an example that many prompts show, or the labels that all of them name, stands
in a ledger once. Texts, numbers and lists are themselves, every other value is an object with one
member that says what it is: `{"tuple": [...]}`, `{"dict": {...}}`, `{"Order": {...}}`, a noun
without the fields that have their default, or `{"part": ID}`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any

INLINE = 64
"""Characters of JSON up to which a value stands where it is; a reference takes 28."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The id of what a template was told, and all its parts by id, that one among them."""

    id: str
    parts: Mapping[str, str]


def pack(values: Mapping[str, Any]) -> Packed:
    """The values of a template by name, as parts. Raises `TypeError` for a value that is neither
    text, number, None, list, tuple, table with texts as keys, nor a dataclass of such.
    """
    parts: dict[str, str] = {}
    told = {name: _flat(value, parts) for name, value in values.items()}
    return Packed(_keep(json.dumps(told, allow_nan=False), parts), parts)


def unpack(id_: str, part: Callable[[str], str], nouns: Iterable[type]) -> dict[str, Any]:
    """The values by name as they were packed; `part` gives a part by its id."""
    known = {noun.__name__: noun for noun in nouns}
    told = json.loads(part(id_))
    return {name: _whole(value, part, known) for name, value in told.items()}


def part_id(text: str) -> str:
    """16 hex digits of the SHA-256 of a part's JSON, whose order counts."""
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _keep(text: str, parts: dict[str, str]) -> str:
    id_ = part_id(text)
    parts[id_] = text
    return id_


def _flat(value: Any, parts: dict[str, str]) -> Any:
    """A value as JSON, its long parts taken out."""
    found = _tagged(value, parts)
    text = json.dumps(found, allow_nan=False)
    return found if len(text) <= INLINE else {"part": _keep(text, parts)}


def _tagged(value: Any, parts: dict[str, str]) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list):
        return [_flat(each, parts) for each in value]
    if isinstance(value, tuple):
        return {"tuple": [_flat(each, parts) for each in value]}
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError(f"a table that a template is told has texts as keys: {value!r}")
        return {"dict": {name: _flat(each, parts) for name, each in value.items()}}
    if is_dataclass(value) and not isinstance(value, type):
        given = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        plain = {each.name for each in fields(value) if _is_default(each, given.get(each.name))}
        told = {name: _flat(each, parts) for name, each in given.items() if name not in plain}
        return {type(value).__name__: told}
    raise TypeError(f"a template was told {value!r}, which JSON cannot hold")


def _is_default(field: "Field[Any]", value: Any) -> bool:
    default = field.default
    return default is not MISSING and type(default) is type(value) and bool(default == value)


def _whole(value: Any, part: Callable[[str], str], nouns: Mapping[str, type]) -> Any:
    if isinstance(value, list):
        return [_whole(each, part, nouns) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "part":
        return _whole(json.loads(part(held)), part, nouns)
    if kind == "tuple":
        return tuple(_whole(each, part, nouns) for each in held)
    told = {name: _whole(each, part, nouns) for name, each in held.items()}
    return told if kind == "dict" else nouns[kind](**told)
