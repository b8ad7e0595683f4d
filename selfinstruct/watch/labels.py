"""Do synthetic rows have the label that they were written for? A student of real rows alone says.

It errs on real rows too, so its word on one row is worth little. Where it finds the label of
synthetic rows as often as that of unseen real ones, their labels are as right as those; where it
does so half as often, about half of them are wrong. Rows that are close to the training rows make
the share too high, odd ones too low: it is a rough measure, and one that is there before training.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from selfinstruct import stats
from selfinstruct.types import Example
from selfinstruct.verdict import Signal
from selfinstruct.watch.draws import FEW_ROWS
from selfinstruct.watch.rows import is_beyond, limit_of

NAME = "label_agreement"


@dataclass(frozen=True, slots=True)
class LabelFound:
    """Of one label's synthetic rows, in how many the student finds it.

    `doubtful` where that is less than for all labels together, beyond the chance of 95 %.
    """

    label: str
    found: int
    rows: int
    doubtful: bool


def watch_labels(
    made: Sequence[Example], found: Sequence[bool], found_in_real: Sequence[bool], band: float
) -> tuple[Signal, ...]:
    """How often a student finds the label of synthetic rows beside how often that of real ones.

    `found` goes with `made`, row by row. Rows of one prompt count as one cluster. Fewer than
    `FEW_ROWS` rows of either kind give no signal, nor does a student that finds no real row's.
    """
    if min(len(made), len(found_in_real)) < FEW_ROWS:
        return ()
    real = [(int(each), 1) for each in found_in_real]
    ratio = stats.share_ratio(_by_prompt(made, found), real)
    value, beside = sum(found) / len(found), sum(found_in_real) / len(found_in_real)
    limit = limit_of(band, "less")
    return (Signal(NAME, "synthetic", value, beside, ratio, limit, is_beyond(ratio, limit)),)


def by_label(made: Sequence[Example], found: Sequence[bool]) -> list[LabelFound]:
    """The labels of these rows, those that are found least often first."""
    rows, hits = Counter[str](), Counter[str]()
    for row, is_found in zip(made, found, strict=True):
        rows[row.label or ""] += 1
        hits[row.label or ""] += is_found
    overall = sum(found) / max(1, len(found))
    each = [
        LabelFound(label, hits[label], n, stats.wilson(hits[label], n).high < overall)
        for label, n in rows.items()
    ]
    return sorted(each, key=lambda one: (one.found / one.rows, -one.rows, one.label))


def _by_prompt(made: Sequence[Example], found: Sequence[bool]) -> stats.Clusters:
    prompts: defaultdict[object, list[bool]] = defaultdict(list)
    for row, is_found in zip(made, found, strict=True):
        prompts[row.parents, row.label, row.request].append(is_found)
    return [(sum(each), len(each)) for each in prompts.values()]
