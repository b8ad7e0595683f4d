"""A text as numbers, one for each word: packed for the LCS, and sketched in a few bits.

The sketch of a text is 256 bits, of which every word flips the one its number falls on. The bits in
which two sketches differ number at most |A ^ B| = m + n - 2 |A & B|, repeated words counted, and
LCS <= |A & B|; so a text whose sketch differs in more than m + n - 2 L bits has an LCS below L.
Folding a sketch to 64 bits, each the parity of four, keeps the bound.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from selfinstruct.near.limit import AtLeast, Counts, Limit

Packed = str | list[int]
Bits = npt.NDArray[np.uint64]
Bounds = npt.NDArray[np.int16]

CODE_POINTS = 0x110000
UTF_32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
LANES = 4
SKETCH_BITS = 64 * LANES


@dataclass(frozen=True, slots=True)
class Query:
    """A text that is looked for: the words that no text has are left out and counted as `unknown`.

    `sketch` and `fold` are those of the others.
    """

    numbers: tuple[int, ...]
    unknown: int
    sketch: Bits
    fold: np.uint64

    @classmethod
    def of(cls, tokens: Sequence[str], vocabulary: dict[str, int]) -> "Query":
        """A text given as its words."""
        found = map(vocabulary.get, tokens)
        numbers = tuple(number for number in found if number is not None)
        bits = np.frombuffer(sketch(numbers), np.uint64)
        return cls(numbers, len(tokens) - len(numbers), bits, np.bitwise_xor.reduce(bits))

    @property
    def length(self) -> int:
        """All of its words."""
        return len(self.numbers) + self.unknown


def pack(numbers: Sequence[int]) -> Packed:
    """Numbers as characters, which the LCS reads four times faster than the equal list."""
    if max(numbers, default=0) >= CODE_POINTS:
        return list(numbers)
    return "".join(map(chr, numbers))


def unpack(texts: Sequence[Packed]) -> Counts:
    """The numbers of all these texts, one after another."""
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) == len(texts):
        joined = "".join(strings).encode(UTF_32, "surrogatepass")
        return np.frombuffer(joined, np.uint32).astype(np.int64)
    numbers = (map(ord, text) if isinstance(text, str) else text for text in texts)
    return np.fromiter(chain.from_iterable(numbers), np.int64)


def sketch(numbers: Sequence[int]) -> bytes:
    """The sketch of a text: `LANES` times 64 bits."""
    bits = 0
    for number in numbers:
        bits ^= 1 << number % SKETCH_BITS
    return bits.to_bytes(8 * LANES, sys.byteorder)


def bounds_of(query: Query, lengths: Counts, limit: Limit | AtLeast) -> Bounds:
    """For texts of these lengths, the number of bits that sketches of near ones stay below."""
    totals = lengths + query.length
    bounds = totals - 2 * limit.least_of(totals) - query.unknown + 1
    bits: Bounds = np.minimum(np.maximum(bounds, 0), SKETCH_BITS + 1).astype(np.int16)
    return bits


def alike(query: Query, sketches: Bits, bounds: Bounds) -> npt.NDArray[np.bool_]:
    """Whether sketches, one a row, differ from the query's in fewer bits than bounds."""
    # Lane by lane: numpy is slow where an inner loop has four steps.
    lanes = np.ascontiguousarray(sketches.T) ^ query.sketch[:, np.newaxis]
    near: npt.NDArray[np.bool_] = np.bitwise_count(lanes).sum(axis=0, dtype=np.int16) < bounds
    return near
