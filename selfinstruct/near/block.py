"""A sealed block of texts, and which of them may be near a query.

The window of lengths comes first. Then every text in it has its fold compared, or the postings name
the ones that share a rare word: they cost more for each text they name than folds for each they
pass, so they are asked where they name few, which is in large pools with a wide vocabulary, and for
texts too long for a sketch. Last come the whole sketches of what is left. All of it is exact: what
is left out cannot be near. Folds are compared once and may then be asked for what is near by
several limits, which costs a tenth of comparing them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from selfinstruct.near.coded import Bits, Packed, Query, alike, bounds_of
from selfinstruct.near.limit import AtLeast, Counts, Limit
from selfinstruct.near.postings import Postings

NONE = np.empty(0, np.int64)
FOLD_BITS = 64

SCANNED = 1 << 14
"""Folds that are compared at a time: what that needs stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Ways:
    """Where which way is the shorter one. No answer hangs on these numbers, only its time."""

    sealed: int = 2048
    """Texts added one by one from which they are sealed into a block; until then every query passes
    over all of them, which takes 20 microseconds at most.
    """
    shrink: int = 4
    """A block is at least so many times as long as the next one: so there are few of them, four at
    a million texts, and a text is sealed anew about ten times on the way there.
    """
    indexed_words: int = 1 << 19
    """Words from which a block has postings (about 30,000 short questions): below, a pass over the
    folds takes 20 microseconds, less than asking the postings.
    """
    worth: int = 5
    """A text that the postings name costs as much as so many folds (measured: 3 to 8)."""
    sketched: int = 64
    """Words of a query up to which a sketch tells unlike texts apart at a threshold near 0.7: those
    of much longer ones are half full and differ in no more bits than near ones may.
    """
    guessed: int = 1 << 16
    """Folds from which the closest text is first looked for among the plainly near ones."""
    plain: float = 1 / 3
    """How far above the threshold, on the way to 1, a text is plainly near."""

    def plainly(self, limit: Limit) -> AtLeast:
        """The ROUGE-L, rounded, of a text that is plainly near."""
        rouge_l = limit.threshold + self.plain * (1 - limit.threshold)
        return AtLeast(round(500 * rouge_l), 1000)


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive texts: packed, their lengths in words, and their sketches, one a row."""

    texts: Sequence[Packed]
    lengths: Counts
    sketches: Bits


class Compared(NamedTuple):
    """A query, in how many bits its fold differs from those of rows, and the rows: all of some
    lengths in words, or each by its number.
    """

    query: Query
    bits: npt.NDArray[np.uint8]
    rows: slice | Counts


class Block:
    """Texts ordered by length, the first of them at position `start` of the whole index."""

    def __init__(self, rows: Rows, start: int, limit: Limit, ways: Ways) -> None:
        order = np.argsort(rows.lengths, kind="stable")
        order = order[rows.lengths[order] > 0]  # a text without words is near nothing
        lengths = rows.lengths[order]
        self.start, self.stop = start, start + len(rows.texts)
        self._limit, self._ways = limit, ways
        self._places: Counts = order + start
        self._sketches = rows.sketches[order]
        self._folds = np.bitwise_xor.reduce(self._sketches, axis=1)
        sizes, firsts, size_of = np.unique(lengths, return_index=True, return_inverse=True)
        self._sizes, self._counts = sizes, np.diff(firsts, append=len(order))
        self._size_of = size_of.astype(np.int32)
        # Plain integers: bisection in a list takes a tenth of the time of a numpy call.
        self._size_list: list[int] = sizes.tolist()
        self._firsts: list[int] = [*firsts.tolist(), len(order)]
        self._postings: Postings | None = None
        # Where an LCS of 0 passes, near texts need share no word.
        if lengths.sum() >= ways.indexed_words and limit.least(1) > 0:
            texts = [rows.texts[row] for row in order.tolist()]
            self._postings = Postings(texts, lengths, limit)

    def __len__(self) -> int:
        return self.stop - self.start

    def candidates(self, query: Query) -> Counts:
        """Positions, in no order, among which is every text near the query."""
        return self.near(self.compare(query), self._limit)

    def compare(self, query: Query) -> Compared:
        """The folds of all texts among which those near the query are."""
        fewest, most = self._limit.window(query.length)
        low = bisect_left(self._size_list, fewest)
        high = len(self._size_list) if most is None else bisect_right(self._size_list, most)
        sizes = slice(low, max(low, high))
        start, end = self._firsts[sizes.start], self._firsts[sizes.stop]
        named = self._named(query, start, end)
        if named is not None:
            # `take` is several times faster than the indexing that says the same.
            return Compared(query, np.bitwise_count(self._folds.take(named) ^ query.fold), named)
        bits = np.empty(end - start, np.uint8)
        for first in range(start, end, SCANNED):
            folds = self._folds[first : min(first + SCANNED, end)]
            into = bits[first - start : first - start + len(folds)]
            np.bitwise_count(folds ^ query.fold, out=into)
        return Compared(query, bits, sizes)

    def near(self, compared: Compared, limit: Limit | AtLeast) -> Counts:
        """Positions, in no order, among which is every text near the query by this limit, which is
        the block's own or one that asks for more.
        """
        query, bits, among = compared
        if not bits.size:
            return NONE
        bounds = bounds_of(query, self._sizes, limit)
        halves = np.minimum(bounds, FOLD_BITS + 1).astype(np.uint8)
        if isinstance(among, slice):
            rows = np.flatnonzero(bits < halves[among].repeat(self._counts[among]))
            rows += self._firsts[among.start]
        else:
            rows = np.unique(among[bits < halves.take(self._size_of.take(among))])
        bounds = bounds.take(self._size_of.take(rows))
        near = alike(query, self._sketches.take(rows, axis=0), bounds)
        return self._places.take(rows[near])

    def _named(self, query: Query, start: int, end: int) -> Counts | None:
        """The rows from `start` to `end` that the postings name, some more than once, or None where
        a pass over all of them is the shorter way.
        """
        if self._postings is None or start == end:
            return None
        worth = 1 if query.length > self._ways.sketched else self._ways.worth
        longer = self._firsts[bisect_left(self._size_list, query.length)]
        return self._postings.find(query, (start, longer, end), (end - start) // worth)


class Tail:
    """Texts that are in no block yet, the first of them at position `start` of the whole index."""

    def __init__(self, rows: Rows, start: int) -> None:
        self._rows, self._start = rows, start

    def near(self, query: Query, limit: Limit | AtLeast) -> Counts:
        """Positions, ascending, among which is every text near the query by this limit."""
        lengths = self._rows.lengths
        if not lengths.size:
            return NONE
        near = alike(query, self._rows.sketches, bounds_of(query, lengths, limit))
        return np.flatnonzero(near & (lengths > 0)) + self._start
