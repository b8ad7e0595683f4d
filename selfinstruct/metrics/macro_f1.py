"""Macro-F1 as a number for each row: a score of the whole set that can still be paired row by row.

F1 of a set is no mean over its rows, so each row is given its jackknife influence value: what the
score owes to it. Their mean is macro-F1 to the last bit but rounding, and the spread of their
paired differences is that of the difference of two macro-F1s (Tukey, Ann. Math. Stat. 29:614, 1958;
Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 3).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from selfinstruct import stats
from selfinstruct.chat import Reply, normalise_label
from selfinstruct.types import Example

Floats = npt.NDArray[np.float64]


def macro_f1(examples: Sequence[Example], replies: Sequence[Reply]) -> tuple[float, ...]:
    """The influence of each row on the unweighted mean of the labels' F1; one row's may leave 0..1.

    Of n rows with the score t, and t(-i) without row i, row i has
    t + (n - 1) (mean of all t(-j) - t(-i)). Labels are compared as `accuracy` does. The mean is
    over the labels that the examples have: a reply of any other label, or of none, is a miss of the
    row's own label and no label of its own. That set stays as it is when a row is left out, and a
    label without rows then has an F1 of 0; so does one that no reply gets right.
    """
    if not examples:
        return ()
    written = [_plain(example.label) for example in examples]
    labels = dict.fromkeys(label for label in written if label is not None)
    number = {label: at for at, label in enumerate(labels)}
    other = len(number)  # a bin for all that is no label of the examples; it has no F1
    truth = _numbers(number, other, written)
    named = _numbers(number, other, [_plain(reply.label) for reply in replies])
    right = truth == named
    hits = np.bincount(truth[right], minlength=other + 1)
    seen = np.bincount(truth, minlength=other + 1) + np.bincount(named, minlength=other + 1)

    f1 = _f1(hits, seen)
    # How the F1 of a label moves when one of its rows leaves, answered right, or on one side alone.
    without_hit = _f1(hits - 1, seen - 2) - f1
    without_miss = _f1(hits, seen - 1) - f1
    for of_label in (f1, without_hit, without_miss):
        of_label[other] = 0
    moved = np.where(right, without_hit[truth], without_miss[truth] + without_miss[named])
    score, change = f1.sum() / max(other, 1), moved / max(other, 1)
    values = stats.influences(float(score), change)
    return tuple(values.tolist())


def _plain(label: str | None) -> str | None:
    return None if label is None else normalise_label(label)


def _numbers(
    number: Mapping[str, int], other: int, labels: Sequence[str | None]
) -> npt.NDArray[np.intp]:
    found = (other if label is None else number.get(label, other) for label in labels)
    return np.fromiter(found, dtype=np.intp, count=len(labels))


def _f1(hits: npt.NDArray[np.intp], seen: npt.NDArray[np.intp]) -> Floats:
    """2 hits / (rows of a label + replies of it), 0 where there is neither."""
    f1 = np.zeros(len(seen))
    np.divide(2.0 * hits, seen, out=f1, where=seen > 0)
    return f1
