"""The filters of `filters.quality` as rules: what of each follows from its stored score.

A judge's threshold and the band of real likelihoods are calibrated, so they are no settings that a
score can be held to; those filters can be switched off.
"""

from collections.abc import Mapping

from selfinstruct.config import FiltersConfig
from selfinstruct.quality.consistency import NAME as CONSISTENCY
from selfinstruct.quality.consistency import REASON as INCONSISTENT
from selfinstruct.quality.labels import UNJUDGED
from selfinstruct.quality.round_trip import NAME as ROUND_TRIP
from selfinstruct.quality.rubric import NAME as RUBRIC
from selfinstruct.quality.students import BEYOND_CONTEXT
from selfinstruct.refilter.rules import Rule
from selfinstruct.types import Example, Rejection, Score
from selfinstruct.verifying.checks import AGREEMENT, DISAGREES

QUALITY = "filters.quality."


def _ifd(example: Example, score: Score, filters: FiltersConfig) -> Rejection | None:
    likelihood = filters.quality.likelihood
    if likelihood is None or likelihood.ifd is None or score.value < likelihood.ifd.most:
        return None
    return Rejection(example, "ifd", score.value, likelihood.ifd.most)


def _agreement(example: Example, score: Score, filters: FiltersConfig) -> Rejection | None:
    cfg = filters.quality.label_agreement
    return None if cfg is None else _below(example, score, cfg.least, DISAGREES)


def _consistency(example: Example, score: Score, filters: FiltersConfig) -> Rejection | None:
    cfg = filters.quality.self_consistency
    return None if cfg is None else _below(example, score, cfg.least, INCONSISTENT)


def _round_trip(example: Example, score: Score, filters: FiltersConfig) -> Rejection | None:
    cfg = filters.quality.round_trip
    least = None if cfg is None or example.label is not None else cfg.least
    return _below(example, score, least, ROUND_TRIP)


def _below(example: Example, score: Score, least: float | None, reason: str) -> Rejection | None:
    if score.value > 0 and (least is None or score.value >= least):
        return None
    return Rejection(example, reason, score.value, least)


def _calibrated(_example: Example, _score: Score, _filters: FiltersConfig) -> Rejection | None:
    """Of a calibrated filter no setting says what it lets through: its stored fates stand."""
    return None


RULES: Mapping[str, Rule] = {
    "ifd": Rule(
        lambda on: on.quality.likelihood is not None and on.quality.likelihood.ifd is not None,
        _ifd,
        "ifd",
        (BEYOND_CONTEXT,),
        (f"{QUALITY}likelihood.ifd.most",),
        f"{QUALITY}likelihood.ifd",
    ),
    "nll": Rule(
        lambda on: on.quality.likelihood is not None and on.quality.likelihood.nll is not None,
        _calibrated,
        "nll_outlier",
        (BEYOND_CONTEXT,),
        (),
        f"{QUALITY}likelihood.nll",
    ),
    AGREEMENT: Rule(
        lambda on: on.quality.label_agreement is not None,
        _agreement,
        DISAGREES,
        (BEYOND_CONTEXT, UNJUDGED, "no_label"),
        (f"{QUALITY}label_agreement.least",),
        f"{QUALITY}label_agreement",
    ),
    CONSISTENCY: Rule(
        lambda on: on.quality.self_consistency is not None,
        _consistency,
        INCONSISTENT,
        (UNJUDGED, "no_label"),
        (f"{QUALITY}self_consistency.least",),
        f"{QUALITY}self_consistency",
    ),
    ROUND_TRIP: Rule(
        lambda on: on.quality.round_trip is not None,
        _round_trip,
        ROUND_TRIP,
        (UNJUDGED, "no_label"),
        (f"{QUALITY}round_trip.least",),
        f"{QUALITY}round_trip",
    ),
    RUBRIC: Rule(
        lambda on: on.quality.rubric is not None,
        _calibrated,
        "low_grade",
        (UNJUDGED,),
        (),
        f"{QUALITY}rubric",
    ),
}
"""The name of a score to the filter that decides by it, in the order in which they are asked."""
