"""Who writes and how: a walk over the grid of personas and styles that leaves no cell behind."""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A persona and a style, either empty where the config names none."""

    persona: str = ""
    style: str = ""


def walk(
    personas: Sequence[str], styles: Sequence[str], place: str, start: int, count: int
) -> tuple[Cell, ...]:
    """The cells of `count` prompts from prompt number `start` of a round on.

    Every cell comes once in each turn of the grid, so at any time no cell is more than one prompt
    ahead of another; each turn is shuffled anew (`place` is its chance), or a cell would meet the
    same label again and again.
    """
    grid = [Cell(persona, style) for persona in personas or ("",) for style in styles or ("",)]
    places = [divmod(number, len(grid)) for number in range(start, start + count)]
    orders = {
        turn: random.Random(f"{place}/cells/{turn}").sample(grid, len(grid))
        for turn in {turn for turn, _ in places}
    }
    return tuple(orders[turn][step] for turn, step in places)
