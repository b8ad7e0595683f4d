"""Which texts hold a word among their rarest: the prefix filter, on sorted arrays.

Two texts that share L words, repeated ones counted, and have them in one order, share one among the
first m - L + 1 words of the one and the first n - L + 1 of the other (`Limit.prefix`). With rare
words first, few texts share one. Chaudhuri, Ganti and Kaushik, ICDE 2006; Xiao et al., WWW 2008.
"""

from collections.abc import Sequence
from itertools import pairwise, starmap

import numpy as np

from selfinstruct.near.coded import Packed, Query, unpack
from selfinstruct.near.limit import Counts, Limit

CHUNK_WORDS = 1 << 20
"""Words that are sorted at a time when postings are made: 100 MiB of memory at most."""
ANY_LENGTH = 3
"""About so many times the rows between two lengths are the rows of any length."""


class Postings:
    """Word to the rows, ordered by their lengths, that hold it among their rarest words.

    The order of words is frozen when postings are made: rarest in these texts first, and before all
    of them the words that they do not have. Both sides of a comparison are ordered by it, so it
    stays exact whatever becomes known later.

    How many words are the rarest is a matter of both lengths. So there are two lists: a query meets
    texts that are not shorter by few of its own words, and shorter ones by few of theirs.
    """

    def __init__(self, texts: Sequence[Packed], lengths: Counts, limit: Limit) -> None:
        self._rows = len(texts)
        self._limit = limit
        before = np.cumsum(lengths) - lengths
        cuts = np.flatnonzero(np.diff(before // CHUNK_WORDS)) + 1
        chunks = list(starmap(slice, pairwise([0, *cuts.tolist(), len(texts)])))
        counts = np.zeros(0, np.int64)
        for chunk in chunks:
            more = np.bincount(unpack(texts[chunk]), minlength=len(counts))
            more[: len(counts)] += counts
            counts = more
        self._ranks = np.empty(len(counts), np.int64)
        self._ranks[np.argsort(counts, kind="stable")] = np.arange(len(counts))
        keys = [self._keys(texts[chunk], lengths[chunk], chunk.start) for chunk in chunks]
        self._many, self._few = (np.concatenate(some) for some in zip(*keys, strict=True))
        self._many.sort()
        self._few.sort()
        self._many_of, self._few_of = (
            np.bincount(postings // self._rows, minlength=len(counts))
            for postings in (self._many, self._few)
        )

    def _keys(self, texts: Sequence[Packed], lengths: Counts, first: int) -> tuple[Counts, Counts]:
        """For each rare word of each row one number, by which postings are sorted: of the words by
        which it meets shorter queries, and of those by which it meets longer ones.
        """
        row = np.repeat(np.arange(len(texts)), lengths)
        within = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        words = len(self._ranks)
        ordered = row * words + self._ranks[unpack(texts)]
        ordered.sort()  # the words of each row, rarest first
        is_new = np.diff(ordered, prepend=-1) > 0
        row, rank = np.divmod(ordered, words)
        keys = rank * self._rows + row + first
        sizes, inverse = np.unique(lengths, return_inverse=True)
        many = [self._limit.prefix(size, self._limit.window(size)[0]) for size in sizes.tolist()]
        few = [self._limit.prefix(size, size) for size in sizes.tolist()]
        return (
            keys[is_new & (within < np.array(many)[inverse].repeat(lengths))],
            keys[is_new & (within < np.array(few)[inverse].repeat(lengths))],
        )

    def find(self, query: Query, bounds: tuple[int, int, int], most: int) -> Counts | None:
        """The rows that share a rare word with the query, named once for each; None where that is
        more than `most` in all.

        Rows are between the first and the last of `bounds`; those from the second on are not
        shorter than the query.
        """
        start, longer, end = bounds
        numbers = np.array(query.numbers, np.int64)
        ranks = np.sort(self._ranks[numbers[numbers < len(self._ranks)]])
        unknown = query.length - len(ranks)
        is_new = np.diff(ranks, prepend=-1) > 0
        fewest = self._limit.window(query.length)[0]
        few, many = (
            ranks[:rarest][is_new[:rarest]]
            for rarest in (
                max(0, self._limit.prefix(query.length, shortest) - unknown)
                for shortest in (query.length, fewest)
            )
        )
        # What is plainly too much is not looked for: a search takes longer than a sum.
        if self._many_of[few].sum() + self._few_of[many].sum() > ANY_LENGTH * most:
            return None
        found = (
            _Named(self._many, few * self._rows, longer, end),
            _Named(self._few, many * self._rows, start, longer),
        )
        if sum(named.total for named in found) > most:
            return None
        return np.concatenate([named.rows() for named in found])


class _Named:
    """Slices of sorted postings: those of some words, each from one row to another."""

    def __init__(self, postings: Counts, bases: Counts, start: int, end: int) -> None:
        self._postings, self._bases = postings, bases
        self._starts = np.searchsorted(postings, bases + start)
        self._counts = np.searchsorted(postings, bases + end) - self._starts
        self.total = int(self._counts.sum())

    def rows(self) -> Counts:
        """The rows of all slices, one after another."""
        shifts = self._starts - (np.cumsum(self._counts) - self._counts)
        places = shifts.repeat(self._counts) + np.arange(self.total)
        rows: Counts = self._postings.take(places) - self._bases.repeat(self._counts)
        return rows
