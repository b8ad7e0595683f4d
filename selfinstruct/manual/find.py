"""A word in, the settings out that it may mean."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import replace

from selfinstruct.errors import UserError
from selfinstruct.manual.walk import ANY, Group, Knob, groups


def find(word: str) -> tuple[Group, ...]:
    """The settings whose names hold a word, in their groups, or else those whose texts do; all for
    no word. A model beside the teacher has the teacher's settings, so its own come where nothing
    else has the name. Raises `UserError` where nothing is found, with names that are near.
    """
    plain = [group for group in groups() if not group.like]
    like = [group for group in groups() if group.like]
    said = word.lower()
    found = (
        _holding(plain, lambda knob: said in knob.name)
        or _holding(like, lambda knob: said in knob.name)
        or _holding(plain, lambda knob: said in knob.about.lower())
    )
    if not found:
        raise _unknown(word)
    return found


def named(name: str) -> Knob | None:
    """The one setting of this name, if there is one; `seeds.split.train` is part of `seeds.split`,
    and `budget.prices.MODEL.input` goes by any name of a model.
    """
    parts = name.split(".")
    knobs = [knob for group in groups() for knob in group.knobs]
    for end in range(len(parts), 0, -1):
        for knob in knobs:
            if _fits(knob.name.split("."), parts[:end]):
                inside = any(other.name.startswith(f"{knob.name}.") for other in knobs)
                return None if inside and end < len(parts) else knob
    return None


def _fits(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(
        known in (ANY, part) for known, part in zip(pattern, parts, strict=True)
    )


def _holding(among: Iterable[Group], wanted: Callable[[Knob], bool]) -> tuple[Group, ...]:
    """The groups with those of their settings that are wanted, where there are any."""
    told = (
        replace(group, knobs=tuple(knob for knob in group.knobs if wanted(knob))) for group in among
    )
    return tuple(group for group in told if group.knobs)


def _unknown(word: str) -> UserError:
    names = [knob.name for group in groups() if not group.like for knob in group.knobs]
    parts = {part for name in names for part in name.split(".")}
    last = word.rpartition(".")[2]
    near = difflib.get_close_matches(word, names, n=2)
    near += [
        name
        for part in difflib.get_close_matches(last, parts, n=2)
        for name in names
        if part in name.split(".")
    ]
    told = list(dict.fromkeys(near))[:5]
    return UserError(
        f"no setting has {word!r} in its name or its text",
        why=f"near it: {', '.join(told)}" if told else "",
        next_step="selfinstruct settings lists all",
    )
