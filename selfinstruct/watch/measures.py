"""How varied the texts of a sample are, and how far its labels, lengths and depth lie from others.

A measure takes the draws and gives its value on the watched and on the real rows of each, or None
where there is nothing to measure. All are of the text a row teaches. Distinct-n and compression
depend on length and are taken on as many n-grams or bytes of both sides, in the order of the draw.
"""

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Indel

from selfinstruct.stats.halves import Draws
from selfinstruct.text import ngrams, whole_question, words
from selfinstruct.watch.draws import Plan
from selfinstruct.watch.texts import (
    CHARACTERS,
    Numbers,
    Ragged,
    counts,
    numbered,
    taught_text,
    taught_words,
)

Sides = tuple[Draws, Draws]
Measure = Callable[[Plan], Sides | None]

WINDOW = 2**16
"""Bytes that are compressed: twice as far as zlib looks back."""
OPENING = 4


def distinct(n: int) -> Measure:
    """Distinct-n: unique n-grams / all n-grams (Li et al., NAACL 2016). Within rows only."""

    def measure(plan: Plan) -> Sides | None:
        grams = Ragged([list(ngrams(taught_words(row), n)) for row in plan.rows])
        last = np.empty(grams.kinds, np.intp)
        values = []
        for ours, theirs in zip(plan.watched, plan.real, strict=True):
            pair = grams.of(ours), grams.of(theirs)
            size = min(map(len, pair))
            if not size:
                return None
            values.append([_unique(side[:size], last) / size for side in pair])
        return sides_of(values)

    return measure


def compression(plan: Plan) -> Sides | None:
    """Bytes / bytes that zlib makes of them: more is more repetitive (Shaib et al., 2403.00553)."""
    texts = [f"{taught_text(row)}\n".encode(errors="surrogatepass") for row in plan.rows]
    values = []
    for ours, theirs in zip(plan.watched, plan.real, strict=True):
        pair = [b"".join([texts[place] for place in side]) for side in (ours, theirs)]
        size = min(WINDOW, *map(len, pair))
        values.append([size / len(zlib.compress(side[:size])) for side in pair])
    return sides_of(values)


def self_rouge_l(plan: Plan) -> Sides:
    """The mean over rows of the largest ROUGE-L to another row of the sample."""
    alike = _rouge_l([taught_words(row) for row in plan.rows])

    def nearest(places: Numbers) -> float:
        return float(alike[np.ix_(places, places)].max(axis=1).mean())

    values = [
        [nearest(ours), nearest(theirs)]
        for ours, theirs in zip(plan.watched, plan.real, strict=True)
    ]
    return sides_of(values)


def opening_share(plan: Plan) -> Sides | None:
    """The share of rows that have the commonest first four words, of question or response."""
    asked = [whole_question(row)[:CHARACTERS] for row in plan.rows]
    given = [row.response[:CHARACTERS] for row in plan.rows]
    codes = [_openings(texts) for texts in (asked, given)]
    if max(int(each.max(initial=-1)) for each in codes) < 0:
        return None

    def share(places: Numbers) -> Draws:
        tops = [counts(each, places).max(axis=1, initial=0) for each in codes]
        most: Draws = np.maximum(*tops) / places.shape[1]
        return most

    return share(plan.watched), share(plan.real)


def label_balance(plan: Plan) -> Sides | None:
    """The Jensen-Shannon divergence from the reference's labels, in bits; no label is one too."""
    if all(row.label is None for row in plan.rows):
        return None
    codes = numbered(row.label for row in plan.rows)
    size = plan.real.shape[1]
    theirs = counts(codes, plan.reference[:, :size]) / size

    def divergence(places: Numbers) -> Draws:
        ours = counts(codes, places) / size
        return _entropy((ours + theirs) / 2) - (_entropy(ours) + _entropy(theirs)) / 2

    return divergence(plan.watched), divergence(plan.real)


def length(plan: Plan) -> Sides:
    """The Kolmogorov-Smirnov distance from the word counts of the reference."""
    codes = np.array([len(taught_words(row)) for row in plan.rows], np.intp)
    size = plan.real.shape[1]

    def steps(places: Numbers) -> Draws:
        shares: Draws = np.cumsum(counts(codes, places), axis=1) / size
        return shares

    theirs = steps(plan.reference[:, :size])
    watched, real = (np.abs(steps(side) - theirs).max(axis=1) for side in (plan.watched, plan.real))
    return watched, real


def depth(plan: Plan) -> Sides:
    """The mean generation depth."""
    depths = np.array([row.depth for row in plan.rows], np.float64)
    return depths[plan.watched].mean(axis=1), depths[plan.real].mean(axis=1)


def sides_of(values: list[list[float]]) -> Sides:
    """The values of one draw after another, apart by side."""
    ours, theirs = np.array(values).T
    return ours, theirs


def _unique(numbers: Numbers, last: Numbers) -> int:
    """How many numbers occur; `last` is room for one entry a number, whatever is in it."""
    order = np.arange(len(numbers))
    last[numbers] = order
    return int((last[numbers] == order).sum())


def _rouge_l(texts: list[list[str]]) -> npt.NDArray[np.float32]:
    """All pairs; 0 of a text to itself and of texts without words. Indel's normalised similarity
    is 2 LCS / (m + n).
    """
    grams = Ragged(texts)
    packed = ["".join(map(chr, grams.of(np.array([place])))) for place in range(len(texts))]
    alike = process.cdist(
        packed, packed, scorer=Indel.normalized_similarity, dtype=np.float32, workers=1
    )
    empty = [place for place, text in enumerate(texts) if not text]
    alike[np.ix_(empty, empty)] = 0
    np.fill_diagonal(alike, 0)
    return alike


def _openings(texts: list[str]) -> Numbers:
    """The number of each text's first words, -1 where there are fewer than four."""
    openings = [tuple(words(text)[:OPENING]) for text in texts]
    codes = numbered(("",) if len(opening) < OPENING else opening for opening in openings)
    short = np.array([len(opening) < OPENING for opening in openings])
    return np.where(short, -1, codes)


def _entropy(shares: npt.NDArray[np.float64]) -> Draws:
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    bits: Draws = -(shares * logs).sum(axis=1)
    return bits
