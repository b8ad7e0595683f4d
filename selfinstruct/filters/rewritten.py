"""Which row another one was rewritten from: it is near that one by design, and so not held to it.

A task that is made harder by one constraint keeps its words. Evol-Instruct asks for 10 to 20 words
more and compares a rewriting with its task by a model alone (Xu et al., arXiv 2304.12244, section
3), and so do tools that follow it. What has no word of its own is no rewriting, but a copy.
"""

from collections.abc import Mapping

from selfinstruct.text import words
from selfinstruct.types import Example

REWRITES = frozenset({"recipe:evolve"})
"""The sources whose rows are one row each written anew: the first of their parents. What follows it
was only shown, as all parents of other rows were.
"""


def rewritten_from(example: Example, known: Mapping[str, Example]) -> str | None:
    """The id of the known row that an example is a rewriting of, if it has a word which that one
    lacks; None of any other example.
    """
    if example.source not in REWRITES or not example.parents:
        return None
    parent = known.get(example.parents[0])
    return parent.id if parent is not None and _asks(example) - _asks(parent) else None


def _asks(row: Example) -> set[str]:
    """The words of all that a row asks: what was beside the text is nothing new within it."""
    texts = (*(turn.content for turn in row.turns), row.instruction, row.input)
    return {word for text in texts for word in words(text)}
