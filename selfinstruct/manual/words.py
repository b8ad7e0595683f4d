"""Types and values of settings in words: annotations and defaults in, what a person reads out."""

from collections.abc import Iterable, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from selfinstruct.config import ModelConfig
from selfinstruct.config.section import InWords, Section

PLAIN = {bool: "true or false", str: "text", NoneType: "null"}
KINDS = {int: "a whole number", float: "a number"}


def in_words(annotation: Any) -> str:
    """What a field of this type takes, such as `a number from 0 to 1, or null`.

    Raises `TypeError` for a type that no setting has had so far.
    """
    bare, marks = take_apart(annotation)
    said = next((mark.words for mark in marks if isinstance(mark, InWords)), None)
    if said is not None:
        return said
    if bare in KINDS:
        return f"{KINDS[bare]}{_bounds(marks)}"
    if bare in PLAIN:
        return PLAIN[bare]
    if bare is ModelConfig:
        return "a section with the settings of `teacher`"
    if isinstance(bare, type) and issubclass(bare, Section):
        return "a section"
    return _of_several(get_origin(bare), get_args(bare), bare)


def _of_several(origin: Any, args: Sequence[Any], bare: Any) -> str:
    if origin is Literal:
        return " or ".join(map(str, args)) if len(args) < 3 else f"one of {', '.join(args)}"
    if origin in (Union, UnionType):
        return ", or ".join(map(in_words, sorted(args, key=_has_commas)))  # those come last
    if origin is tuple:
        return f"a list, each {in_words(args[0])}"
    if origin is dict:
        return f"a table, each key {in_words(args[0])}, each value {in_words(args[1])}"
    raise TypeError(f"no words for the type {bare}")


def _has_commas(annotation: Any) -> bool:
    return get_origin(take_apart(annotation)[0]) in (tuple, dict)


def take_apart(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its marks, and the marks: bounds and words, from whatever holds them."""
    if get_origin(annotation) is not Annotated:
        return annotation, ()
    bare, *marks = get_args(annotation)
    return bare, tuple(_flat(marks))


def _flat(marks: Iterable[Any]) -> Iterable[Any]:
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)


def _bounds(marks: Iterable[Any]) -> str:
    """The ends of a range, such as ` from 0 to 1`, ` of 1 or more` or ` above 0 and below 1`."""
    found = {type(mark): mark for mark in marks}
    low = f" above {found[Gt].gt:g}" if Gt in found else ""
    high = f" below {found[Lt].lt:g}" if Lt in found else ""
    if Ge in found and Le in found and not low:
        return f" from {found[Ge].ge:g} to {found[Le].le:g}"
    if Le in found:
        high = f" at most {found[Le].le:g}"
    if Ge in found and not low:
        low = f" of {found[Ge].ge:g} or more"
    return " and".join(filter(None, (low, high)))


def written(value: Any) -> str:
    """A value as YAML has it on one line, numbers to six digits."""
    plain = to_jsonable_python(value)
    if isinstance(plain, float):
        return f"{plain:g}"
    text = yaml.safe_dump(
        plain, default_flow_style=True, sort_keys=False, width=10**9, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()
