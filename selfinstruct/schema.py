"""Whether a text is JSON that a program can take as it is: valid under the user's schema.

JSON is what RFC 8259 calls so and every reader reads alike: NaN and Infinity, a name twice in one
object and a number beyond a double are no JSON here, and neither is JSON in a code fence or in
prose, since a program would have to take it out first. Nothing is ever fetched: a schema refers to
itself alone.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfinstruct.errors import UserError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Specification

LATEST = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True)
class Schema:
    """A schema that can be used: its JSON value, and what holds another to it."""

    value: Any
    validator: "Validator"

    def fault(self, record: Any) -> str | None:
        """The place and the rule that a value breaks, the gravest of them; None where it is valid.

        Raises `RecursionError` for a value nested deeper than can be followed.
        """
        from jsonschema.exceptions import best_match

        error = best_match(self.validator.iter_errors(record))
        return None if error is None else f"{error.json_path}: {error.message}"


def read_schema(path: Path, field: str) -> Callable[[str], bool]:
    """A schema's file in; out, whether a text is valid JSON under it. Raises as `open_schema`."""
    validator = open_schema(path, field).validator

    def is_valid(text: str) -> bool:
        try:
            return bool(validator.is_valid(parse(text)))
        except (ValueError, RecursionError):  # RecursionError: brackets nested a thousand deep
            return False

    return is_valid


def open_schema(path: Path, field: str) -> Schema:
    """A schema's file in, the schema out.

    The schema is read by its `$schema`, by draft 2020-12 if it names none; `format` is a note, as
    the drafts have it, and not checked. Raises `UserError` that names the config's `field` for a
    file that is missing or no schema, a draft that is not known and a `$ref` that leads out of the
    file or nowhere.
    """
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing.jsonschema import EMPTY_REGISTRY

    where = f"{field}: {path}"
    schema = _read(path, where)
    specification = _specification(where, schema)
    draft = validator_for(schema, default=Draft202012Validator)
    try:
        draft.check_schema(schema)
    except SchemaError as error:
        raise _no_schema(where, f"at {error.json_path}: {error.message}") from None
    _check_references(where, schema, specification)
    return Schema(schema, draft(schema, registry=EMPTY_REGISTRY))  # the usual one fetches


def parse(text: str) -> Any:
    """JSON in, its value out. Raises `ValueError` for what two readers might read differently."""
    return json.loads(
        text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is no double")
    return value


def _read(path: Path, where: str) -> Any:
    try:
        schema = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{where} cannot be read: {error.strerror}",
            next_step="name a file with a JSON schema",
        ) from None
    except (ValueError, RecursionError) as error:
        raise _no_schema(where, f"it is no JSON: {error}") from None
    if not isinstance(schema, Mapping | bool):
        raise _no_schema(where, f"a schema is an object, and this is a {type(schema).__name__}")
    return schema


def _specification(where: str, schema: Any) -> "Specification[Any]":
    from referencing.jsonschema import UnknownDialect, specification_with

    dialect = LATEST if isinstance(schema, bool) else str(schema.get("$schema", LATEST))
    try:
        return specification_with(dialect)
    except UnknownDialect:
        raise _no_schema(where, f"its $schema is {dialect!r}, which is no known draft") from None


def _check_references(where: str, schema: Any, specification: "Specification[Any]") -> None:
    """Follow every `$ref` before anything is spent; most would only be met by an answer."""
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import EMPTY_REGISTRY

    root = specification.create_resource(schema)
    waiting = [(root, EMPTY_REGISTRY.resolver_with_root(root))]
    met: set[int] = set()
    while waiting:
        resource, resolver = waiting.pop()
        contents = resource.contents
        if id(contents) in met or not isinstance(contents, Mapping):
            continue
        met.add(id(contents))
        waiting += [(sub, resolver.in_subresource(sub)) for sub in resource.subresources()]
        for keyword in ("$ref", "$dynamicRef"):
            if keyword not in contents:
                continue
            try:
                found = resolver.lookup(contents[keyword])
            except Unresolvable:
                why = f"{keyword} {contents[keyword]!r} leads nowhere in it, and none is fetched"
                raise _no_schema(where, why) from None
            waiting.append((specification.create_resource(found.contents), found.resolver))


def _no_schema(where: str, why: str) -> UserError:
    return UserError(
        f"{where} is not a JSON schema that can be used",
        why=why,
        next_step="mend it, or do without a schema",
    )
