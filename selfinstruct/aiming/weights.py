"""Which labels and recipes are asked for more often than others, and within which bounds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeVar

from selfinstruct.aiming.yields import Seen
from selfinstruct.errors import UserError
from selfinstruct.types import Example, Report

K = TypeVar("K")

LEAST, MOST = 0.5, 3.0
"""Bounds of a label's weight, as multiples of its even share: a strong label still needs new rows,
and a weak one may be weak because its rows are wrong."""
ROWS = 4.0
"""The overall NLL counts for so many dev rows of each label: dev has few of them, often five."""
CANDIDATES = 16.0
"""The overall yield counts for so many candidates of each arm: two prompts of eight samples."""


def weak_labels(report: Report, dev: Sequence[Example], labels: Sequence[str]) -> dict[str, float]:
    """Label to its weight, 1 on average and from `LEAST` to `MOST`: where a student does worst.

    In proportion to its mean NLL on the label's dev rows, shrunk to that of all dev rows (the
    posterior mean under a normal prior that is worth `ROWS` rows). Only a dev report will do:
    raises `ValueError` for one of another split, or of other rows.
    """
    if report.split != "dev" or report.ids != tuple(row.id for row in dev):
        raise ValueError(f"a report on {report.split} is no report on these dev rows")
    nll = report.scores["nll"]
    overall = sum(nll) / len(nll)
    if overall == 0:  # a student that is sure of every row has no weak label
        return dict.fromkeys(labels, 1.0)
    found: defaultdict[str | None, list[float]] = defaultdict(list)
    for row, value in zip(dev, nll, strict=True):
        found[row.label].append(value)
    shrunk = {
        label: (sum(found[label]) + ROWS * overall) / (len(found[label]) + ROWS) for label in labels
    }
    return bounded(shrunk)


def bounded(weights: Mapping[K, float]) -> dict[K, float]:
    """Weights above 0, scaled to 1 on average, with those beyond `LEAST` and `MOST` held there.

    What a bound takes or gives is shared by the others in proportion.
    """
    low, high = 0.0, MOST / min(weights.values())
    for _ in range(100):  # the sum grows with the scale, so halving finds it
        scale = (low + high) / 2
        held = {key: min(MOST, max(LEAST, scale * value)) for key, value in weights.items()}
        low, high = (scale, high) if sum(held.values()) < len(held) else (low, scale)
    return held


def shrunk(seen: Mapping[K, Seen]) -> dict[K, float]:
    """The yield of each arm, kept of candidates, drawn towards that of all arms together.

    The mean of a Beta posterior whose prior is worth `CANDIDATES`; all 0 where nothing was kept.
    """
    candidates = sum(each.candidates for each in seen.values())
    prior = CANDIDATES * sum(each.kept for each in seen.values()) / max(1, candidates)
    return {arm: (each.kept + prior) / (each.candidates + CANDIDATES) for arm, each in seen.items()}


def tilt(base: Mapping[K, float], seen: Mapping[K, Seen], floor: float) -> dict[K, float]:
    """Shares that sum to 1, moved from those of `base` to the arms whose candidates are kept.

    A part `floor` stays where it was, which is every arm's guarantee (as the uniform part of Exp3,
    Auer et al. 2002); the rest goes by base share times `shrunk` yield.
    """
    total = sum(base.values())
    even = {arm: weight / total for arm, weight in base.items()}
    rates = shrunk({arm: seen.get(arm, Seen()) for arm in base})
    pull = {arm: even[arm] * rates[arm] for arm in base}
    pulled = sum(pull.values())
    if pulled == 0:  # nothing was kept, so nothing tells the arms apart
        return even
    return {arm: floor * even[arm] + (1 - floor) * pull[arm] / pulled for arm in base}


def require_focus(
    dev: Sequence[Example], labels: Sequence[str], takes_label: Mapping[str, bool]
) -> None:
    """Raises `UserError` where generate.focus has nothing to go by, before anything is spent."""
    if not labels or not any(takes_label.values()):
        raise UserError(
            "generate.focus is weak, and there is no label to ask more of",
            why=f"{'the seeds have no labels' if not labels else 'no recipe is asked by label'}",
            next_step="use labelled seeds with recipe label_first, or with dialogue that has no "
            "scenarios of its own, or take generate.focus away",
        )
    if not dev:
        raise UserError(
            "generate.focus is weak, but the split dev has no rows to find weak spots on",
            next_step="raise seeds.split.dev, or take generate.focus away",
        )
