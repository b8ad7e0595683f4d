"""Rows from a user's own function: a rules engine or a simulator, which knows the right answer.

    def make(wish, count, rng): ...

`wish` is a dict of `label`, `request`, `persona` and `style`, what an order asks for (label None
and the others empty where it asks for nothing); `count` is how many rows it should give, `rng` the
only chance it may use: the same must come out when a wave is made again. It gives dicts of
`instruction`, `input`, `response`, `label` and `license`, each a text. One of the first two has to
be there, and the label where the student writes labels; a labelled input alone has the instruction
that the real rows of its label have. What the function prints goes to stderr.

No teacher is asked, so its terms are not those of the rows.
"""

import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import islice
from typing import Any

from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.plugins import find_function, told_fault
from selfinstruct.recipes.asking import Ask, Material, Order, Wave, conceive
from selfinstruct.types import Drafts, Example, Rejection

FIELDS = ("instruction", "input", "response", "label", "license")
MAX_SURPLUS = 1000
"""Rows beyond those wanted that are taken, and rejected; who gives more may never end."""
MENDED = (
    "mend it and start the same command again, which loses nothing; where the run then says that "
    "what generate.program names has changed, with --fork OTHER"
)


def program(material: Material, _ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order the rows that `cfg.program` gives, `samples_per_prompt` wanted.

    Rows beyond those wanted are rejected as `surplus`, an order that gets none as `empty`. Raises
    `UserError` where the function raises, gives what is no row, or does not stop giving.
    """
    name = cfg.program
    if name is None:
        raise ValueError("recipe program has no function, which `task.settle` refuses")
    make = find_function(name)
    instructions = {row.label: row.instruction for row in material.train if row.input}
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for order in wave.orders:
        blank = conceive((), order, replace(wave, terms=""))
        rows = _call(make, name, order, cfg.samples_per_prompt, wave)
        if not rows:  # counted, or a round that gets nothing would never come to its end
            rejections.append(Rejection(replace(blank, label=order.label), "empty"))
        for place, row in enumerate(rows):
            example = _with_instruction(replace(blank, **_fields(row, name)), instructions)
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
    asked = f"it was asked for {count} rows of {wish}"
    most = count + MAX_SURPLUS
    try:
        with redirect_stdout(sys.stderr):  # stdout is for results
            given = make(wish, count, wave.rng)
            rows = list(islice(given, most + 1)) if _holds_rows(given) else None
    except (Exception, SystemExit) as error:  # whatever a user's function raises is theirs to mend
        raise UserError(
            f"{name} failed: {told_fault(error)}", why=asked, next_step=MENDED
        ) from error
    if rows is None:
        raise UserError(
            f"{name} gave {type(given).__name__} where rows are wanted",
            why="it returns a list of dicts, or yields them one by one",
            next_step=MENDED,
        )
    if len(rows) > most:
        raise UserError(
            f"{name} gave more than {most} rows and was stopped",
            why=asked,
            next_step=f"let it give `count` rows: {MENDED}",
        )
    return rows


def _holds_rows(given: Any) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, (str, Mapping))


def _fields(row: Any, name: str) -> dict[str, Any]:
    if not isinstance(row, Mapping):
        raise UserError(
            f"{name} gave {type(row).__name__} for a row", why="a row is a dict", next_step=MENDED
        )
    unknown = sorted(set(map(str, row)) - set(FIELDS))
    if unknown:
        raise UserError(
            f"{name} gave a row with {', '.join(map(repr, unknown))}",
            why=f"a row has {', '.join(FIELDS)}",
            next_step=MENDED,
        )
    wrong = next((key for key, value in row.items() if not _fits(key, value)), None)
    if wrong is not None:
        raise UserError(
            f"{name} gave {row[wrong]!r} as {wrong}, which is no text", next_step=MENDED
        )
    return dict(row)


def _fits(key: str, value: Any) -> bool:
    return isinstance(value, str) or (key == "label" and value is None)


def _with_instruction(example: Example, instructions: Mapping[str | None, str]) -> Example:
    """A labelled row that is an input alone, with the instruction that real rows have beside it."""
    if example.instruction or example.label is None:
        return example
    return replace(example, instruction=instructions.get(example.label, ""))


def _fault(example: Example, material: Material) -> str | None:
    """Why a row is none for this run."""
    if not example.instruction.strip() and not example.input.strip():
        return "unreadable"
    if material.target != "response" and example.label not in material.labels:
        return "unknown_label"
    return None
