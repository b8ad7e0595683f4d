"""The rows nearest to a candidate's question, for a person to compare it with."""

from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct.near.index import RougeIndex
from selfinstruct.review.nouns import Neighbour
from selfinstruct.text import whole_question, words
from selfinstruct.types import Example

LEAST = 0.2
"""ROUGE-L F1 at or below which two questions share nothing worth showing."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest real row and the nearest other synthetic one, None where none is near at all."""

    real: Neighbour | None
    synthetic: Neighbour | None

    @property
    def rouge_l(self) -> float | None:
        """Of the nearer of the two."""
        found = [each.rouge_l for each in (self.real, self.synthetic) if each is not None]
        return max(found, default=None)


def nearest(
    examples: Sequence[Example], real: Sequence[Example], synthetic: Sequence[Example]
) -> list[Nearest]:
    """The neighbours of each example; it is not its own, whichever rows it is among."""
    pairs = zip(_closest(examples, real), _closest(examples, synthetic), strict=True)
    return [Nearest(*pair) for pair in pairs]


def _closest(examples: Sequence[Example], rows: Sequence[Example]) -> list[Neighbour | None]:
    index = RougeIndex(LEAST)
    for row in rows:
        index.add(words(whole_question(row)))
    found: list[Neighbour | None] = []
    asked = [words(whole_question(example)) for example in examples]
    for example, near in zip(examples, index.near_many(asked), strict=True):
        others = [
            (float(rouge_l), -place)
            for place, rouge_l in zip(near.positions.tolist(), near.rouge_l, strict=True)
            if rows[place].id != example.id
        ]
        best = max(others, default=None)
        found.append(None if best is None else Neighbour(rows[-best[1]], best[0]))
    return found
