"""How many accepted rows each shown row has led to: a few fertile ones must not become the pool.

ReST-EM takes at most ten solutions of one problem (arXiv 2312.06585). A row of ours is made from
several others at once, and a whole count for each of them would end a round of 120 rows from 60
seeds, eight shown at a time, at 16 children a seed. So a child is shared out: 1/n to each of its n
parents. All shares sum to the rows accepted, and no more than the cap times the rows shown can be.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from selfinstruct.types import Example, Rejection

REASON = "too_many_children"


class Children:
    """Accepted rows by parent, in shares; `cap` None counts and refuses nothing."""

    def __init__(self, cap: int | None) -> None:
        self._cap = cap
        self._shares: defaultdict[str, Fraction] = defaultdict(Fraction)

    def add(self, examples: Iterable[Example]) -> None:
        """Count accepted examples for their parents; real rows have none."""
        for example in examples:
            parents = dict.fromkeys(example.parents)
            for parent in parents:
                self._shares[parent] += Fraction(1, len(parents))

    def full(self, parents: int, examples: Iterable[Example]) -> frozenset[str]:
        """The parents of these examples without room for another child of so many parents: all that
        is made from one of them and others would be refused.
        """
        if self._cap is None:
            return frozenset()
        room = self._cap - Fraction(1, parents)
        asked = {parent for example in examples for parent in example.parents}
        return frozenset(parent for parent in asked if self._shares[parent] > room)

    def fault(self, example: Example) -> Rejection | None:
        """The parent that has had its share of children, the fullest of several; a child that just
        fills it is its last.
        """
        parents = dict.fromkeys(example.parents)
        if self._cap is None or not parents:
            return None
        fullest = max(parents, key=lambda parent: self._shares[parent])
        if self._shares[fullest] + Fraction(1, len(parents)) <= self._cap:
            return None
        had = float(self._shares[fullest])
        return Rejection(example, REASON, had, self._cap, fullest)
