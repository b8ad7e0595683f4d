"""Text as words, and how alike two texts are: Unicode words, exact ROUGE-L, and an index of it.

A threshold means the decimal it is written as and is compared in integers, so 0.7 is 7/10 and the
answer never hangs on the last bit of a float. The module knows nothing of meaning: a paraphrase in
other words is not alike.
"""

import functools
import itertools
import re
import unicodedata
from array import array
from collections.abc import Hashable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import LCSseq

from selfinstruct.errors import UserError
from selfinstruct.types import Example

# Beginnings of the Unicode names of scripts written without spaces between words.
UNSPACED = (
    *("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "BOPOMOFO", "YI "),
    *("THAI", "LAO", "KHMER", "MYANMAR", "TAI THAM", "NEW TAI LUE"),
)
# What no text holds: NUL, what moves a cursor (but for tab, line feed and NEL), half characters.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
ZERO_WIDTH_SPACE = "\u200b"
CODE_POINTS = 0x110000
SKETCH_LANES = 2
SKETCH_BITS = 64 * SKETCH_LANES
LOW_64 = (1 << 64) - 1
BLOCK_CELLS = 1 << 17


class _Spacing(dict[int, str]):
    """A `str.translate` table that classes each code point when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = _spaced(chr(code))
        return self[code]


def _spaced(char: str) -> str:
    category, name = unicodedata.category(char), unicodedata.name(char, "")
    if name.startswith("VARIATION SELECTOR") or (category == "Cf" and char != ZERO_WIDTH_SPACE):
        return ""  # invisible: a soft hyphen or a joiner must not make two words of one
    # Python's \w leaves out combining marks and would cut Hindi and Tamil words at every vowel.
    if not (char.isalnum() or category in ("Mn", "Mc")):
        return " "
    return f" {char} " if name.startswith(UNSPACED) else char


_SPACING = _Spacing()


def _fold(text: str) -> str:
    """Case, full-width forms, ligatures and decomposed accents are the typist's choice."""
    return unicodedata.normalize("NFKC", text).casefold()


def normalise(text: str) -> str:
    """What two texts must share to count as the same text: all but case, width and spacing."""
    return " ".join(_fold(text).split())


def without_surrogates(text: str) -> str:
    """The text with two halves of a character joined, and U+FFFD for a half that stands alone.

    JSON can write half a character ("\\ud83d", or a stream cut in an emoji), and neither UTF-8, nor
    SQLite, nor a tokeniser can take it.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def words(text: str) -> list[str]:
    """The caseless words of a text: runs of letters, digits and combining marks.

    On ASCII text this is `rouge_score`'s default tokeniser; unlike that one it does not drop every
    other letter of the world. Scripts without spaces give single characters: a whole sentence as
    one token would match only itself, and cutting it into words takes a dictionary, while the LCS
    of characters is still a likeness.
    """
    return _fold(text).translate(_SPACING).split()


def ngrams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """Every run of `n` consecutive tokens, from left to right."""
    return zip(*(tokens[start:] for start in range(n)), strict=False)


def question_text(example: Example) -> str:
    """The text that was newly asked: the input where a label is to be found for it, else the
    instruction.

    Labelled rows share one instruction and differ in their input; without a label the instruction
    is what is new, as in the Self-Instruct paper. A labelled row may also hold its text in the
    instruction and have no input.
    """
    return example.input if example.label is not None and example.input else example.instruction


def whole_question(example: Example) -> str:
    """All that the answer is an answer to: the earlier turns, a line each, then `question_text`.

    "Yes please" after another conversation is another question, so that whoever asks whether a
    question is new compares this. A system turn is nobody's question; without turns it is
    `question_text`.
    """
    said = [turn.content for turn in example.turns if turn.role != "system"]
    return "\n".join([*said, question_text(example)])


@functools.cache
def as_fraction(threshold: float) -> Fraction:
    """The decimal a threshold is written as: 0.7 is 7/10, not the float next to it.

    Raises `UserError` outside 0..1.
    """
    if not 0 <= threshold <= 1:
        raise UserError(f"the threshold is {threshold}", why="shares and ROUGE-L lie in 0..1")
    return Fraction(str(threshold))


def lcs(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """The length of the longest common subsequence (bit-parallel, Hyyrö 2004)."""
    return LCSseq.similarity(a, b)


def rouge_l(a: Sequence[str], b: Sequence[str]) -> float:
    """ROUGE-L F1 of two texts' words, in 0..1: 2 LCS / (m + n); 0 if either is empty (Lin 2004)."""
    return 2 * lcs(a, b) / (len(a) + len(b)) if a and b else 0.0


def exceeds(length: int, m: int, n: int, threshold: float) -> bool:
    """Whether an LCS of `length` between `m` and `n` words has a ROUGE-L F1 above the threshold,
    exactly.
    """
    limit = as_fraction(threshold)
    return 2 * length * limit.denominator > limit.numerator * (m + n)


class Near(NamedTuple):
    """The texts of an index near a query: their positions, ascending, and their ROUGE-L F1."""

    positions: npt.NDArray[np.intp]
    rouge_l: npt.NDArray[np.float64]


NOTHING = Near(np.empty(0, np.intp), np.empty(0, np.float64))


class RougeIndex:
    """A growing list of texts that finds every one whose ROUGE-L with a query passes a threshold.

    Exact: what it leaves out unread cannot pass. Each text has a sketch of 128 bits, of which every
    word flips the one its number falls on, so the bits in which two sketches differ number at most
    |A ^ B| = m + n - 2 |A & B|, counting repeated words, and LCS <= |A & B|. Hence a text whose
    sketch differs in more than m + n - 2 L bits has an LCS below L. A query is one pass over the
    sketches (a few nanoseconds a text), then the bit-parallel LCS of the few that are left.

    Passing is being above the threshold, or with `inclusive` at or above it; `None` is off. A text
    without words is near nothing.
    """

    def __init__(self, threshold: float | None, *, inclusive: bool = False) -> None:
        self.threshold = threshold
        self._limit = None if threshold is None else as_fraction(threshold)
        self._inclusive = inclusive
        self._numbers: dict[str, int] = {}
        self._texts: list[str | list[int]] = []
        self._lengths = array("i")
        self._longest = 0
        self._sketches = tuple(array("Q") for _ in range(SKETCH_LANES))
        self._least = np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, tokens: Sequence[str]) -> None:
        """Append a text, given as its words; its position is the number of texts before it."""
        numbers = [self._numbers.setdefault(token, len(self._numbers)) for token in tokens]
        for column, bits in zip(self._sketches, _sketch(numbers), strict=True):
            column.append(bits)
        self._texts.append(_packed(numbers))
        self._lengths.append(len(tokens))
        self._longest = max(self._longest, len(tokens))

    def near(self, tokens: Sequence[str]) -> Near:
        """Every text that passes the threshold with this one, given as its words."""
        return self.near_many([tokens])[0]

    def near_many(self, queries: Sequence[Sequence[str]]) -> list[Near]:
        """The answer of `near` for each query, in order; a block of them shares each pass."""
        if self._limit is None or not self._texts:
            return [NOTHING] * len(queries)
        size = max(1, BLOCK_CELLS // len(self._texts))
        blocks = (queries[start : start + size] for start in range(0, len(queries), size))
        return [near for block in blocks for near in self._near_block(self._limit, block)]

    def _near_block(self, limit: Fraction, queries: Sequence[Sequence[str]]) -> list[Near]:
        unknown = len(self._numbers)
        numbers = [[self._numbers.get(token, unknown) for token in query] for query in queries]
        m = np.array([[len(query)] for query in queries])
        n = np.arange(self._longest + 1)
        least = self._least_lcs(limit, int(m.max()) + self._longest)[m + n]
        slack = (m + n - 2 * least).astype(np.int32)
        slack[(least > np.minimum(m, n)) | (m == 0) | (n == 0)] = -1
        lengths = np.frombuffer(self._lengths, np.intc)
        # `take` and `flatnonzero` are ten times faster than the indexing that says the same.
        candidates = self._differing(numbers) <= slack.take(lengths, axis=1)
        rows, places = np.divmod(np.flatnonzero(candidates), len(lengths))
        if not rows.size:
            return [NOTHING] * len(queries)
        least = least[rows, lengths[places]]
        packed = [_packed(query) for query in numbers]
        found = process.cpdist(
            [packed[row] for row in rows.tolist()],
            [self._texts[place] for place in places.tolist()],
            scorer=LCSseq.similarity,
            score_cutoff=int(least.min()),
            workers=1,
        )
        passing = found >= least
        rows, places = rows[passing], places[passing]
        rouge_l = 2 * found[passing] / (m[rows, 0] + lengths[places])
        ends = np.searchsorted(rows, np.arange(len(queries) + 1)).tolist()
        return [
            Near(places[start:end], rouge_l[start:end]) if start < end else NOTHING
            for start, end in itertools.pairwise(ends)
        ]

    def _differing(self, queries: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
        """At least how many words each query and each text do not share, as queries x texts.

        A word that no text has is unshared with all of them, though no sketch shows it.
        """
        known = [[number for number in query if number < len(self._numbers)] for query in queries]
        unknown = [[len(a) - len(b)] for a, b in zip(queries, known, strict=True)]
        sketches = np.array([_sketch(query) for query in known], np.uint64)
        differing = np.repeat(np.array(unknown, np.int32), len(self._texts), axis=1)
        for lane, column in enumerate(self._sketches):
            bits = sketches[:, lane, np.newaxis]
            differing += np.bitwise_count(np.frombuffer(column, np.uint64) ^ bits)
        return differing

    def _least_lcs(self, limit: Fraction, total: int) -> npt.NDArray[np.int64]:
        """The smallest LCS that passes, for two texts of 0 to at least `total` words together."""
        if total >= len(self._least):
            p, q = limit.numerator, 2 * limit.denominator
            totals = range(2 * total + 1)
            least = [-(-p * s // q) if self._inclusive else p * s // q + 1 for s in totals]
            self._least = np.array(least, np.int64)
        return self._least


def _sketch(numbers: Sequence[int]) -> tuple[int, ...]:
    bits = 0
    for number in numbers:
        bits ^= 1 << number % SKETCH_BITS
    return tuple(bits >> shift & LOW_64 for shift in range(0, SKETCH_BITS, 64))


def _packed(numbers: list[int]) -> str | list[int]:
    """Numbers as characters, which the LCS reads four times faster than the equal list."""
    return numbers if max(numbers, default=0) >= CODE_POINTS else "".join(map(chr, numbers))


def near_duplicate_groups(texts: Sequence[str], threshold: float | None) -> list[int]:
    """A group index for each text, numbered by first appearance: texts linked by a chain of ROUGE-L
    above the threshold share one. `None` links nothing; nor is a text without words linked.
    """
    index = RougeIndex(threshold)
    equal_linked = threshold is not None and threshold < 1
    parents: list[int] = []
    places: dict[tuple[str, ...], int] = {}
    nodes: list[int] = []

    def root(node: int) -> int:
        while parents[node] != node:
            parents[node] = node = parents[parents[node]]
        return node

    for text in texts:
        tokens = tuple(words(text))
        node = places.get(tokens) if tokens and equal_linked else None
        if node is None:
            node = len(parents)
            parents.append(node)
            for other in index.near(tokens).positions.tolist():
                parents[root(other)] = node
            index.add(tokens)
            places[tokens] = node
        nodes.append(node)
    groups: dict[int, int] = {}
    return [groups.setdefault(root(node), len(groups)) for node in nodes]
