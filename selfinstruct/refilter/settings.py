"""The settings of the filters one by one: what may be asked of a replay, what is a number, and what
switches a filter off.
"""

import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from selfinstruct.changes import Change, differences
from selfinstruct.config import Config, override
from selfinstruct.errors import UserError
from selfinstruct.refilter.rules import ASKING, Rule

PREFIX = "filters."


@dataclass(frozen=True, slots=True)
class Number:
    """A setting that is a number, or None where its filter is off; `low` and `high` bound it, and
    it is more than `above`.
    """

    path: str
    value: float | None
    default: float | None
    whole: bool
    optional: bool
    low: float | None
    high: float | None
    above: float | None = None


def changed_filters(
    cfg: Config, overrides: Sequence[str], rules: Mapping[str, Rule]
) -> tuple[Config, list[Change]]:
    """A run's config and `filters.*` settings in, the config with them and what they change out.

    Raises `UserError` for a setting that is no filter, and for one that would measure anew.
    """
    asked = override(cfg, overrides)
    wrong = [each for each in overrides if not each.startswith(PREFIX)]
    if wrong:
        raise UserError(
            f"{wrong[0].partition('=')[0]} is no setting of a filter",
            why="stored answers can be read and filtered again; whatever decides what is asked, or "
            "what is made of the rows, cannot be changed without doing it again",
            next_step="selfinstruct run CONFIG KEY.PATH=VALUE --fork NAME",
        )
    changes = differences(cfg.identity, asked.identity)
    off = [rule.switch for rule in rules.values() if asked.identity.get(rule.switch, "") is None]
    for change in changes:
        if not any(f"{change.field}.".startswith(f"{switch}.") for switch in off):
            require_answerable(change, rules)
    return asked, changes


def require_answerable(change: Change, rules: Mapping[str, Rule]) -> None:
    """Raises `UserError` for a change of a filter that asks models by which it would ask anew."""
    if not change.field.startswith(ASKING):
        return
    compared = [path for rule in rules.values() for path in rule.settings]
    if change.field not in compared:
        raise UserError(
            f"{change.field} changes what models are asked, and their answers are not stored",
            why="only what compares a stored score can be changed without asking",
            next_step=f"one of {', '.join(compared)}; or switch the filter off"
            if compared
            else "selfinstruct run CONFIG KEY.PATH=VALUE --fork NAME",
        )


def switches(section: BaseModel, prefix: str = PREFIX) -> dict[str, Any]:
    """Every filter that is on: its path to the value that switches it off (None, False or no
    words).
    """
    found: dict[str, Any] = {}
    for path, field, value in _fields(section, prefix):
        if _optional(field.annotation):
            found |= {} if value is None else {path: None}
        elif isinstance(value, BaseModel):
            found |= switches(value, f"{path}.")
        elif value is True:
            found[path] = False
        elif isinstance(value, tuple) and value:
            found[path] = []
    return found


def numbers(section: BaseModel, prefix: str = PREFIX) -> dict[str, Number]:
    """Every setting that is a number by its path, those of filters that are off as well."""
    return {number.path: number for number in _numbers(section, prefix)}


def _numbers(section: BaseModel, prefix: str) -> Iterator[Number]:
    for path, field, value in _fields(section, prefix):
        if isinstance(value, BaseModel):
            yield from _numbers(value, f"{path}.")
            continue
        kinds = set(_leaves(field.annotation))
        if not kinds & {int, float}:
            continue
        bounds = [*field.metadata, *_metadata(field.annotation)]
        yield Number(
            path,
            value,
            field.get_default(),
            whole=float not in kinds,
            optional=_optional(field.annotation),
            low=_bound(bounds, annotated_types.Ge, "ge"),
            high=_bound(bounds, annotated_types.Le, "le"),
            above=_bound(bounds, annotated_types.Gt, "gt"),
        )


def _fields(section: BaseModel, prefix: str) -> Iterator[tuple[str, FieldInfo, Any]]:
    for name, field in type(section).model_fields.items():
        yield f"{prefix}{name}", field, getattr(section, name)


def _optional(annotation: Any) -> bool:
    return types.NoneType in set(_leaves(annotation))


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types of a union, without what `Annotated` says of them."""
    if typing.get_origin(annotation) is typing.Annotated:
        yield from _leaves(typing.get_args(annotation)[0])
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _leaves(part)
    else:
        yield annotation


def _metadata(annotation: Any) -> Iterator[Any]:
    """What `Annotated` says of the types of a union."""
    if typing.get_origin(annotation) is typing.Annotated:
        yield from typing.get_args(annotation)[1:]
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        for part in typing.get_args(annotation):
            yield from _metadata(part)


def _bound(said: Iterable[Any], kind: type, name: str) -> float | None:
    """The bound of that kind; pydantic's `Field` in an `Annotated` holds it in its own metadata."""
    for one in said:
        if isinstance(one, kind):
            bound: float = getattr(one, name)
            return bound
        if isinstance(one, FieldInfo):
            inner = _bound(one.metadata, kind, name)
            if inner is not None:
                return inner
    return None
