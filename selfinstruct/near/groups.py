"""The groups of texts that are near each other, chains included."""

from collections.abc import Iterable, Sequence

import numpy as np

from selfinstruct.near.index import RougeIndex
from selfinstruct.near.limit import Counts
from selfinstruct.progress import OnProgress, Progress, counted, silent
from selfinstruct.text import words


def near_duplicate_groups(
    texts: Sequence[str], threshold: float | None, on_progress: OnProgress = silent
) -> list[int]:
    """A group index for each text, numbered by first appearance: texts linked by a chain of ROUGE-L
    above the threshold share one. `None` links nothing; nor is a text without words linked.
    """
    index = RougeIndex(threshold)
    equal_linked = threshold is not None and threshold < 1
    joined = _Joined(len(texts))
    places: dict[tuple[str, ...], int] = {}
    nodes: list[int] = []
    step = Progress(0, "near-duplicates", total=len(texts), unit="texts")
    for text in counted(texts, step, on_progress):
        tokens = tuple(words(text))
        node = places.get(tokens) if tokens and equal_linked else None
        if node is None:
            node = len(index)
            joined.add(node, index.groups_near(tokens, joined.group_of))
            index.add(tokens)
            places[tokens] = node
        nodes.append(node)
    groups: dict[int, int] = {}
    return [groups.setdefault(group, len(groups)) for group in joined.group_of[nodes].tolist()]


class _Joined:
    """The group of each number below `size`, named by one of its members.

    Every member knows its group, so that many can be asked at once. Where groups join, the members
    of the smaller are told, so that each is told log2(size) times at most.
    """

    def __init__(self, size: int) -> None:
        self.group_of: Counts = np.empty(size, np.int64)
        self._members: dict[int, list[int]] = {}

    def add(self, number: int, groups: Iterable[int]) -> None:
        """A new number in the group that these become; one of its own where there are none."""
        smaller = sorted(groups, key=lambda group: len(self._members[group]))
        group = smaller.pop() if smaller else number
        members = self._members.setdefault(group, [])
        for other in smaller:
            told = self._members.pop(other)
            self.group_of[told] = group
            members += told
        members.append(number)
        self.group_of[number] = group
