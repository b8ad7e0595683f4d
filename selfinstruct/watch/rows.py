"""Rows beside the real ones: every signal of the texts, with the alarm where one is due."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from selfinstruct.config import WatchConfig
from selfinstruct.stats.halves import ratio_of_draws
from selfinstruct.types import Example, Interval
from selfinstruct.verdict import Signal
from selfinstruct.watch import measures, tails
from selfinstruct.watch.draws import Plan, plan_draws
from selfinstruct.watch.measures import Measure

Worse = Literal["less", "more"]

# What is worse in each, which is what sets off an alarm; a signal without only tells. distinct_1
# finds nothing that the others miss. The commonest opening of real rows is that of two or three:
# a tenth more of so little is no collapse, and rows that open alike raise self_rouge_l.
RATIOS: Mapping[str, tuple[Measure, Worse | None]] = {
    "distinct_1": (measures.distinct(1), None),
    "distinct_2": (measures.distinct(2), "less"),
    "distinct_3": (measures.distinct(3), "less"),
    "compression": (measures.compression, "more"),
    "self_rouge_l": (measures.self_rouge_l, "more"),
    "opening_share": (measures.opening_share, None),
    "clusters": (tails.clusters, "less"),
    "rare_words": (tails.rare_words, "less"),
}
# 0 by nature, so that nothing is divided by `real`, which is what two samples of real rows come to;
# they only tell.
DISTANCES: Mapping[str, Measure] = {
    "label_balance": measures.label_balance,
    "length": measures.length,
    "depth": measures.depth,
}


def watch_rows(
    of: Literal["mixture", "synthetic"],
    rows: Sequence[Example],
    real: Sequence[Example],
    cfg: WatchConfig,
    seed: int,
) -> tuple[Signal, ...]:
    """The rows a student is to learn from, or the synthetic ones alone, beside the real ones."""
    plan = plan_draws(rows, real, cfg.draws, cfg.max_rows, np.random.default_rng(seed))
    if plan is None:
        return ()
    ratios = [
        signal
        for name, (measure, worse) in RATIOS.items()
        if (signal := _ratio(name, of, plan, measure, limit_of(cfg.band, worse))) is not None
    ]
    return (*ratios, *_distances(of, plan))


def limit_of(band: float, worse: Worse | None) -> float | None:
    """The ratio beyond which an alarm is due."""
    return None if worse is None else 1 + band if worse == "more" else 1 - band


def is_beyond(ratio: Interval | None, limit: float | None) -> bool:
    """Whether the whole interval lies on the far side of the limit, away from 1."""
    if ratio is None or limit is None:
        return False
    return ratio.low > limit if limit > 1 else ratio.high < limit


def _ratio(
    name: str,
    of: Literal["mixture", "synthetic"],
    plan: Plan,
    measure: Measure,
    limit: float | None,
) -> Signal | None:
    sides = measure(plan)
    if sides is None:
        return None
    ratio = ratio_of_draws(*sides, plan.chain)
    value, beside = (float(side.mean()) for side in sides)
    return Signal(name, of, value, beside, ratio, limit, is_beyond(ratio, limit))


def _distances(of: Literal["mixture", "synthetic"], plan: Plan) -> list[Signal]:
    found = [(name, measure(plan)) for name, measure in DISTANCES.items()]
    return [
        Signal(name, of, float(sides[0].mean()), float(sides[1].mean()))
        for name, sides in found
        if sides is not None
    ]
