"""Rows from a user's own function: a rules engine or a simulator, which knows the right answer.

    def make(wish, count, rng): ...

`wish` is a dict of `label`, `request`, `persona` and `style`, what an order asks for (label None
and the others empty where it asks for nothing); `count` is how many rows it should give, `rng` the
only chance it may use: the same must come out when a wave is made again. It gives dicts of
`instruction`, `input`, `response` and `label`, each a text, and all but one of the first two may be
left out. No teacher is asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.plugins import find_function
from selfinstruct.recipes.asking import Ask, Material, Order, Wave, conceive
from selfinstruct.types import Drafts, Example, Rejection

FIELDS = ("instruction", "input", "response", "label")


def program(material: Material, _ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order the rows that `cfg.program` gives, `samples_per_prompt` wanted.

    Rows beyond those wanted are rejected as `surplus`. Raises `UserError` where the function raises
    or gives what is no row.
    """
    name = cfg.program
    if name is None:
        raise ValueError("recipe program has no function, which `task.settle` refuses")
    make = find_function(name)
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for order in wave.orders:
        blank = conceive((), order, wave)
        rows = _call(make, name, order, cfg.samples_per_prompt, wave)
        for place, row in enumerate(rows):
            example = replace(blank, **_fields(row, name))
            reason = _fault(example, material)
            if reason is None and place >= cfg.samples_per_prompt:
                reason = "surplus"
            if reason is None:
                examples.append(example)
            else:
                rejections.append(Rejection(example, reason))
    return Drafts(tuple(examples), tuple(rejections))


def _call(make: Any, name: str, order: Order, count: int, wave: Wave) -> list[Any]:
    wish = {
        "label": order.label,
        "request": order.request,
        "persona": order.persona,
        "style": order.style,
    }
    try:
        found: Iterable[Any] = make(wish, count, wave.rng)
        return list(found)
    except Exception as error:  # whatever a user's function raises is the user's to mend
        raise UserError(
            f"{name} failed: {type(error).__name__}: {error}",
            why=f"it was asked for {count} rows of {wish}",
            next_step="mend it and start the same command again; waves that were kept stay",
        ) from error


def _fields(row: Any, name: str) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise UserError(f"{name} gave {type(row).__name__} for a row", why="a row is a dict")
    unknown = sorted(set(row) - set(FIELDS))
    if unknown:
        raise UserError(
            f"{name} gave a row with {', '.join(map(repr, unknown))}",
            why=f"a row has {', '.join(FIELDS)}",
        )
    wrong = next((key for key, value in row.items() if not _fits(key, value)), None)
    if wrong is not None:
        raise UserError(f"{name} gave {row[wrong]!r} as {wrong}, which is no text")
    return dict(row)


def _fits(key: str, value: Any) -> bool:
    return isinstance(value, str) or (key == "label" and value is None)


def _fault(example: Example, material: Material) -> str | None:
    """Why a row is none for this run."""
    if not example.instruction.strip() and not example.input.strip():
        return "unreadable"
    if material.target != "response" and example.label not in material.labels:
        return "unknown_label"
    return None
