"""The sections of a config in, one `Group` each out: its settings, in the order of the source."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from selfinstruct.config import Config, ModelConfig
from selfinstruct.config.section import Section, is_operational
from selfinstruct.manual.words import in_words, take_apart, written
from selfinstruct.reuse import ALSO, parts_of, tell_again

ANY = "*"
"""Stands in a name for what the user names, and for a place in a list."""


@dataclass(frozen=True)
class Knob:
    """One setting. `name` is as people type it, `default` as YAML has it, None where there is none;
    `again` is what a run does again after a change, None where a resumed run may change it.
    """

    name: str
    takes: str
    default: str | None
    about: str
    again: str | None
    also: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """A section with its own settings; those of sections inside it are groups of their own.

    `like` names an earlier group with the same settings; `rules` are what validation asks of
    several settings together.
    """

    name: str
    about: str
    knobs: tuple[Knob, ...]
    rules: tuple[str, ...] = ()
    like: str = ""


@cache
def groups() -> tuple[Group, ...]:
    """All groups of a config, each before those inside it."""
    return tuple(_walk(Config, ""))


def _walk(section: type[Section], name: str, *, kept: bool = False) -> Iterator[Group]:
    """The groups of a section at a name; `kept` where a resumed run may change all of it."""
    hints = get_type_hints(section, include_extras=True)
    rules, info = tuple(_rules(section)), section.model_fields
    own = sorted(info, key=lambda field: field not in section.__annotations__)
    names = {field: f"{name}.{field}" if name else field for field in own}  # then inherited ones
    knobs = tuple(
        _knob(
            names[field], hints[field], info[field], rules, kept=kept or is_operational(info[field])
        )
        for field in own
        if not _is_section(take_apart(hints[field])[0])
    )
    like = "teacher" if section is ModelConfig and name != "teacher" else ""
    yield Group(name, _flat(section.__doc__), knobs, rules, like)
    for field in own:
        inner = kept or is_operational(info[field])
        for part, suffix in _sections_of(hints[field]):
            yield from _walk(part, f"{names[field]}{suffix}", kept=inner)


def _sections_of(annotation: Any, suffix: str = "") -> Iterator[tuple[type[Section], str]]:
    """The sections that a field may hold, with what follows its name to reach each."""
    bare, _ = take_apart(annotation)
    if _is_section(bare):
        yield bare, suffix
        return
    several = get_origin(bare) in (tuple, dict)
    for part in get_args(bare):
        yield from _sections_of(part, f"{suffix}.{ANY}" if several else suffix)


def _is_section(bare: Any) -> bool:
    return isinstance(bare, type) and issubclass(bare, Section)


def _knob(
    name: str, annotation: Any, info: FieldInfo, rules: tuple[str, ...], *, kept: bool
) -> Knob:
    leaf = name.rpartition(".")[2]
    return Knob(
        name=name,
        takes=in_words(annotation),
        default=None if info.is_required() else written(info.default),
        about=_flat(info.description),
        again=None if kept else tell_again(parts_of(name)),
        also="" if kept else ALSO.get(name, ""),
        rules=tuple(rule for rule in rules if _is_about(rule, leaf)),
    )


def _rules(section: type[Section]) -> Iterator[str]:
    """What the checks of a section say of themselves."""
    checks = section.__pydantic_decorators__
    for name in (*checks.field_validators, *checks.model_validators):
        if not hasattr(Section, name):  # what holds for all sections is no rule of one
            yield _flat(getattr(section, name).__doc__)


def _is_about(rule: str, leaf: str) -> bool:
    """Whether a rule names a setting; one that names none is about all of its section."""
    return f"`{leaf}`" in rule or f"`{leaf}: " in rule or "`" not in rule


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())
