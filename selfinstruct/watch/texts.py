"""Rows as numbers that samples of them can be counted by, computed once for all draws."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from selfinstruct.text import whole_question, words
from selfinstruct.types import Example

CHARACTERS = 4096
WORDS = 512

Numbers = npt.NDArray[np.intp]


def taught_text(row: Example) -> str:
    """What a row teaches, question, earlier turns and response, at most `CHARACTERS` of it.

    Longer than student.max_tokens lets a row be: the limit bounds the time, not what is seen.
    """
    return f"{whole_question(row)}\n{row.response}"[:CHARACTERS]


def taught_words(row: Example) -> list[str]:
    """Its words, at most `WORDS` of them."""
    return words(taught_text(row))[:WORDS]


def numbered(items: Iterable[Hashable]) -> Numbers:
    """Each item's number, by first appearance."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(item, len(numbers)) for item in items], np.intp)


class Ragged:
    """Several items a row, numbered over all rows: `of` gives those of a sample, row by row."""

    def __init__(self, rows: Sequence[Sequence[Hashable]]) -> None:
        self._ends = np.cumsum([0, *map(len, rows)])
        self._numbers = numbered(item for row in rows for item in row)
        self.kinds = int(self._numbers.max(initial=-1)) + 1

    def of(self, places: Numbers) -> Numbers:
        """The numbers of the items in these rows, in order."""
        starts, ends = self._ends[places], self._ends[places + 1]
        return np.concatenate(
            [self._numbers[start:end] for start, end in zip(starts, ends, strict=True)]
        )


def counts(codes: Numbers, places: Numbers) -> npt.NDArray[np.intp]:
    """How many rows of each draw have each code; a code below 0 is none. As draws x codes."""
    kinds = int(codes.max(initial=-1)) + 1
    found = codes[places]
    cells = found + kinds * np.arange(len(places))[:, np.newaxis]
    return np.bincount(cells[found >= 0], minlength=len(places) * kinds).reshape(len(places), kinds)
