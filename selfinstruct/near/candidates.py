"""Which texts of an index the LCS has to decide: for all that are near a query, or for the nearest.

What one text has of a query, the nearest has too. So in a long window of lengths those are asked
for first that may be plainly nearer than the limit asks: they are few. The highest ROUGE-L among
them is then asked of all texts, and leaves few again; where they have it plainly, they are all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from selfinstruct.near.block import NONE, Block, Tail
from selfinstruct.near.coded import Packed, Query, pack
from selfinstruct.near.limit import AtLeast, Counts, Limit


@dataclass(frozen=True, slots=True)
class Pool:
    """The texts of an index by position, in blocks and in the tail after them; those before `since`
    are left out.

    From `guessed` folds on that are in the window of a query, those texts are asked for first that
    are `plainly` near.
    """

    texts: Sequence[Packed]
    blocks: Sequence[Block]
    tail: Tail
    since: int
    limit: Limit
    plainly: AtLeast
    guessed: int

    def near(self, query: Query) -> Counts:
        """The positions, ascending, of all texts near the query, and of others."""
        if not query.length:
            return NONE
        found = [block.candidates(query) for block in self.blocks]
        return self._together([*found, self.tail.near(query, self.limit)])

    def nearest(self, query: Query) -> Counts:
        """The positions, ascending, of the texts that have the highest ROUGE-L with the query, if
        that passes the limit, and of others.
        """
        if not query.length:
            return NONE
        found = []
        bar: Limit | AtLeast = self.limit
        for block in self.blocks:
            positions, bar = self._in_block(query, block, bar)
            found.append(positions)
        return self._together([*found, self.tail.near(query, bar)])

    def _in_block(
        self, query: Query, block: Block, bar: Limit | AtLeast
    ) -> tuple[Counts, Limit | AtLeast]:
        """Those that may be nearest among the texts of a block that reach the bar, and the bar for
        all other texts.
        """
        compared = block.compare(query)
        if len(compared.bits) < self.guessed or _reaches(bar, self.plainly):
            return block.near(compared, bar), bar
        positions = block.near(compared, self.plainly)
        bar = self._raised(query, positions[positions >= self.since], bar)
        if _reaches(bar, self.plainly):
            return positions, bar
        return block.near(compared, bar), bar

    def _raised(self, query: Query, positions: Counts, bar: Limit | AtLeast) -> Limit | AtLeast:
        """The highest ROUGE-L of these texts, if it reaches the bar; else the bar."""
        if not positions.size:
            return bar
        texts = [self.texts[position] for position in positions.tolist()]
        totals = query.length + np.array([len(text) for text in texts])
        asked = [pack(query.numbers)]
        lcs = process.cdist(asked, texts, scorer=LCSseq.similarity, workers=1)[0]
        best = (lcs / totals).argmax()
        highest = AtLeast(int(lcs[best]), int(totals[best]))
        return highest if highest.lcs >= bar.least(highest.total) else bar

    def _together(self, found: Sequence[Counts]) -> Counts:
        positions = np.sort(np.concatenate(found))
        return positions[np.searchsorted(positions, self.since) :]


def _reaches(bar: Limit | AtLeast, plainly: AtLeast) -> bool:
    return isinstance(bar, AtLeast) and bar.lcs >= plainly.least(bar.total)
