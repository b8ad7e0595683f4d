"""A person's file of one JSON object a line: what each line says, or which lines say it wrong.

One wording for all such files, that of seeds: the file with the line, what is wrong with it, that
nothing was taken, and what to do.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from selfinstruct.disk.files import numbered_lines
from selfinstruct.errors import UserError

SHOWN = 20
"""Lines that are named one by one."""

T = TypeVar("T")
Fault = tuple[int, str]
"""The number of a line, from 1, and what is wrong with it."""


def read_lines(path: Path, parse: Callable[[str], T], next_step: str) -> list[tuple[int, T]]:
    """The number of each line that is not blank, and what `parse` makes of it.

    Raises `UserError` for a file that cannot be read, and one that names every line over which
    `parse` raises pydantic's `ValidationError`; `next_step` goes with it.
    """
    found: list[tuple[int, T]] = []
    faults: list[Fault] = []
    for number, line in numbered_lines(path):
        try:
            found.append((number, parse(line)))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            faults.append((number, f"{where}: {first['msg']}"))
    if faults:
        raise bad_lines(path, faults, len(found) + len(faults), next_step)
    return found


def bad_lines(path: Path, faults: Sequence[Fault], of: int, next_step: str) -> UserError:
    """What to say of a file with these faults, among so many lines, of which nothing was taken."""
    told = [f"{path}:{number}: {fault}" for number, fault in faults[:SHOWN]]
    more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    lines = "1 line" if of == 1 else f"{of} lines"
    return UserError(
        "\n".join([f"{path}: {len(faults)} of {lines} cannot be taken", *told, *more]),
        why="it is taken whole or not at all, so nothing was",
        next_step=next_step,
    )
