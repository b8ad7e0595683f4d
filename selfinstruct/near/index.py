"""A growing index of texts by ROUGE-L that finds all near ones, the nearest, or whose groups they
are in.

A threshold means the decimal it is written as and is compared in integers, so 0.7 is 7/10 and the
answer never hangs on the last bit of a float. The index knows nothing of meaning: a paraphrase in
other words is not near.
"""

import itertools
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from selfinstruct.near.block import NONE, Block, Rows, Tail, Ways
from selfinstruct.near.candidates import Pool
from selfinstruct.near.coded import LANES, Bits, Packed, Query, pack, sketch
from selfinstruct.near.limit import Counts, Limit

WAYS = Ways()
TOGETHER = 256
"""Queries whose candidates go through the LCS in one call, ..."""
CROWDED = 64
"""... unless they have so many each: a query by itself is made ready for the LCS once."""
FEW, TIMES = 16, 4
"""Candidates that are decided first where one near text of a group is enough, and how many times as
many the next time.
"""


class Near(NamedTuple):
    """The texts of an index near a query: their positions, ascending, and their ROUGE-L F1."""

    positions: Counts
    rouge_l: npt.NDArray[np.float64]


class Closest(NamedTuple):
    """The text of an index nearest to a query: its position and its ROUGE-L F1."""

    position: int
    rouge_l: float


class State(NamedTuple):
    """All that an index was told: words by their numbers, texts packed, their lengths in words, and
    their sketches one after another.
    """

    vocabulary: list[str]
    texts: Sequence[Packed]
    lengths: npt.NDArray[np.int32]
    sketches: Bits


NOTHING = Near(NONE, np.empty(0, np.float64))


class RougeIndex:
    """A growing list of texts that finds every one whose ROUGE-L with a query passes a threshold.

    Exact: lengths, sketches and rare words (see `Block`) only leave out what cannot pass, and the
    bit-parallel LCS decides the rest. Passing is being above the threshold, or with `inclusive` at
    or above it; `None` is off. A text without words is near nothing. Raises `UserError` for a
    threshold outside 0..1.
    """

    def __init__(
        self, threshold: float | None, *, inclusive: bool = False, ways: Ways = WAYS
    ) -> None:
        self.threshold = threshold
        self._limit = None if threshold is None else Limit(threshold, inclusive)
        self._ways = ways
        self._vocabulary: dict[str, int] = {}
        self._texts: list[Packed] = []
        self._lengths = array("i")
        self._sketches = array("Q")
        self._blocks: list[Block] = []

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, tokens: Sequence[str]) -> None:
        """Append a text, given as its words; its position is the number of texts before it."""
        known = self._vocabulary
        numbers = [known.setdefault(token, len(known)) for token in tokens]
        self._texts.append(pack(numbers))
        self._lengths.append(len(tokens))
        self._sketches.frombytes(sketch(numbers))

    @property
    def state(self) -> State:
        """A copy of all that was added."""
        lengths, sketches = np.array(self._lengths, np.int32), np.array(self._sketches, np.uint64)
        return State(list(self._vocabulary), tuple(self._texts), lengths, sketches)

    def restore(self, state: State) -> None:
        """Become what an index of that state is, whatever was added here."""
        self._vocabulary = {word: number for number, word in enumerate(state.vocabulary)}
        self._texts = list(state.texts)
        self._lengths = array("i", state.lengths.tobytes())
        self._sketches = array("Q", state.sketches.tobytes())
        self._blocks = []

    def near(self, tokens: Sequence[str], since: int = 0) -> Near:
        """Every text from position `since` on that passes the threshold with this one, given as
        its words.
        """
        return self.near_many([tokens], since)[0]

    def near_many(self, queries: Sequence[Sequence[str]], since: int = 0) -> list[Near]:
        """The answer of `near` for each query, in order."""
        return list(self._search(queries, since, Pool.near))

    def closest_many(
        self, queries: Sequence[Sequence[str]], since: int = 0
    ) -> list[Closest | None]:
        """For each query the text with the highest ROUGE-L of those that `near` finds, of equals
        the first; None where it finds none.
        """
        return [_best(near) for near in self._search(queries, since, Pool.nearest)]

    def groups_near(self, tokens: Sequence[str], group_of: Counts) -> list[int]:
        """Each group, once, that has a text near this one, given as its words; `group_of` is the
        group of every text by its position.

        Where one text of a group is near the others of it need no LCS: texts that share a long
        template are near each other by the thousand.
        """
        if self._limit is None or not self._texts:
            return []
        self._seal(self._limit)
        query = Query.of(tokens, self._vocabulary)
        places = self._pool(self._limit, 0).near(query)
        groups: list[int] = []
        most = FEW
        while places.size:
            some, places = places[-most:], places[:-most]
            near = self._decide([query], [some], self._limit).pop()
            found = np.unique(group_of[near.positions])
            if found.size:
                groups += found.tolist()
                places = places[np.isin(group_of[places], found, invert=True)]
            most *= TIMES
        return groups

    def _search(
        self,
        queries: Sequence[Sequence[str]],
        since: int,
        candidates: Callable[[Pool, Query], Counts],
    ) -> Iterator[Near]:
        """One by one, since in a crowd each is as long as the index."""
        if self._limit is None or since >= len(self):
            yield from [NOTHING] * len(queries)
            return
        self._seal(self._limit)
        pool = self._pool(self._limit, since)
        for first in range(0, len(queries), TOGETHER):
            some = queries[first : first + TOGETHER]
            asked = [Query.of(tokens, self._vocabulary) for tokens in some]
            places = [candidates(pool, query) for query in asked]
            if sum(map(len, places)) < CROWDED * len(asked):
                yield from self._decide(asked, places, self._limit)
                continue
            for query, own in zip(asked, places, strict=True):
                yield from self._decide([query], [own], self._limit)

    def _pool(self, limit: Limit, since: int) -> Pool:
        blocks = [block for block in self._blocks if block.stop > since]
        start = max(since, self._blocks[-1].stop if self._blocks else 0)
        tail = Tail(self._rows(start), start)
        ways = self._ways
        return Pool(self._texts, blocks, tail, since, limit, ways.plainly(limit), ways.guessed)

    def _seal(self, limit: Limit) -> None:
        """Put the tail in a block once it is long, and short blocks before it into the same one."""
        start = self._blocks[-1].stop if self._blocks else 0
        if len(self) - start < self._ways.sealed:
            return
        while self._blocks and len(self._blocks[-1]) < self._ways.shrink * (len(self) - start):
            start = self._blocks.pop().start
        self._blocks.append(Block(self._rows(start), start, limit, self._ways))

    def _rows(self, start: int) -> Rows:
        """The texts from position `start` on, as views that must not outlive the next `add`."""
        return Rows(
            self._texts[start:],
            np.frombuffer(self._lengths, np.intc)[start:].astype(np.int64),
            np.frombuffer(self._sketches, np.uint64).reshape(-1, LANES)[start:],
        )

    def _decide(
        self, queries: Sequence[Query], places: Sequence[Counts], limit: Limit
    ) -> list[Near]:
        """For each query those of the places that are near it."""
        rows = np.repeat(np.arange(len(queries)), [len(some) for some in places])
        place = np.concatenate(places)
        if not place.size:
            return [NOTHING] * len(queries)
        lengths = np.frombuffer(self._lengths, np.intc)[place].astype(np.int64)
        totals = np.array([query.length for query in queries])[rows] + lengths
        least = limit.least_of(totals)
        texts = [self._texts[position] for position in place.tolist()]
        asked = [pack(query.numbers) for query in queries]
        cutoff = int(least.min())
        if len(asked) == 1:
            (found,) = process.cdist(
                asked, texts, scorer=LCSseq.similarity, score_cutoff=cutoff, workers=1
            )
        else:
            found = process.cpdist(
                [asked[row] for row in rows.tolist()],
                texts,
                scorer=LCSseq.similarity,
                score_cutoff=cutoff,
                workers=1,
            )
        passing = found >= least
        rows, place = rows[passing], place[passing]
        rouge_l = 2 * found[passing] / totals[passing]
        cuts = np.searchsorted(rows, np.arange(len(queries) + 1)).tolist()
        return [
            Near(place[start:end], rouge_l[start:end]) if start < end else NOTHING
            for start, end in itertools.pairwise(cuts)
        ]


def _best(near: Near) -> Closest | None:
    if not near.positions.size:
        return None
    # Unequal fractions of texts under 2^26 words are unequal floats, so the maximum is exact.
    best = int(near.rouge_l.argmax())
    return Closest(int(near.positions[best]), float(near.rouge_l[best]))
