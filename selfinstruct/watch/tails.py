"""Whether the tails are still there: how much of other real rows a sample comes near.

What a model no longer says vanishes from the tails first (Shumailov et al., Nature 631:755, 2024).
Both sides of a draw are held to real rows that are in neither: real rows do not cover each other
whole, and the watched ones need not do better.
"""

import numpy as np
import numpy.typing as npt

from selfinstruct.watch.draws import Plan
from selfinstruct.watch.measures import Sides, sides_of
from selfinstruct.watch.texts import Ragged, taught_words

RARE = 2


def clusters(plan: Plan) -> Sides:
    """The share of clusters of the reference that a sample has a row in.

    A cluster is what is nearest, by the cosine of TF-IDF, to one row of half of the reference. So
    many small ones because large ones hide a lost tail: of sqrt(n) clusters of our seeds, the most
    typical quarter of other rows meets 0.94 of what all rows meet, of these 0.64 to 0.71. The mean
    over both halves, cut in two ways.
    """
    alike = _cosines([taught_words(row) for row in plan.rows])
    values = []
    for ours, theirs, held in zip(plan.watched, plan.real, plan.reference, strict=True):
        values.append([_met(alike[np.ix_(held, side)]) for side in (ours, theirs)])
    return sides_of(values)


def rare_words(plan: Plan) -> Sides:
    """The share of the reference's rare words, those in at most `RARE` of its rows, that a sample
    has. Half a word is added, so that none of few is not taken for none of many.
    """
    types = Ragged([sorted(set(taught_words(row))) for row in plan.rows])
    values = []
    for ours, theirs, held in zip(plan.watched, plan.real, plan.reference, strict=True):
        rows_with = np.bincount(types.of(held), minlength=types.kinds)
        rare = (rows_with > 0) & (rows_with <= RARE)
        both = [np.bincount(types.of(side), minlength=types.kinds)[rare] for side in (ours, theirs)]
        values.append([(np.count_nonzero(hits) + 0.5) / (rare.sum() + 1) for hits in both])
    return sides_of(values)


def _met(alike: npt.NDArray[np.float64]) -> float:
    """The mean share of centres, the lines of each cut, that are the nearest of some row, a column;
    a row that shares no word with any of them is in no cluster.
    """
    half = len(alike) // 2
    shares = []
    for centres in (alike[:half], alike[half:], alike[::2], alike[1::2]):
        met = centres.argmax(axis=0)[centres.max(axis=0) > 0]
        shares.append(len(np.unique(met)) / len(centres))
    return float(np.mean(shares))


def _cosines(texts: list[list[str]]) -> npt.NDArray[np.float64]:
    """The cosine of TF-IDF, (1 + ln tf) ln(1 + n / df), of all pairs; 0 for a text without words.

    Documents are the rows of both sides: were only the real ones counted, a word that a watched row
    shares with the reference would be rarer than one that a real row shares with it.
    """
    terms = Ragged(texts)
    lines = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    columns = terms.of(np.arange(len(texts)))
    from scipy import sparse  # half a second, which a finished run does not need

    tf = sparse.csr_array((np.ones(len(lines)), (lines, columns)), shape=(len(texts), terms.kinds))
    tf.data = 1 + np.log(tf.data)
    documents = np.bincount(tf.indices, minlength=terms.kinds)
    weighted = tf @ sparse.diags_array(np.log1p(len(texts) / documents))
    norms = np.sqrt(weighted.multiply(weighted).sum(axis=1))
    unit = sparse.diags_array(1 / np.where(norms > 0, norms, 1)) @ weighted
    cosines: npt.NDArray[np.float64] = (unit @ unit.T).toarray()
    return cosines
