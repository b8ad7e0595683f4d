"""What having a filter is worth, from the dev scores of students with it and without it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.judging.comparison import LEVEL, MIN_ROWS
from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.tuning.sweep import Outcome
from selfinstruct.types import Interval
from selfinstruct.verdict import Finding


@dataclass(frozen=True)
class Effect:
    """What having a filter gains in one metric, signed so that more is better.

    `value` and `without` are the means with it and without it; `adjusted` is the p-value after
    Holm's correction over the filters.
    """

    metric: str
    value: float
    without: float
    gain: Interval
    adjusted: float
    verdict: Finding


def effects(
    outcomes: Mapping[str | None, Sequence[Outcome]],
    metric: str,
    groups: stats.Groups = None,
    min_rows: int = MIN_ROWS,
) -> dict[str, Effect]:
    """What each filter gains in a metric, over the seeds that both its students and those of all
    filters have; one with no common seed is left out.

    Paired row by row, two-sided at 5 %, both the luck of the rows and that of the training counted
    (`stats.two_level_test`), and Holm's correction over the filters. On fewer than `min_rows` rows
    all is inconclusive.
    """
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    scores = {name: _scores(of, metric) for name, of in outcomes.items()}
    reference = scores[None]
    both: dict[str, tuple[stats.Sample, stats.Sample]] = {}
    for name, own in scores.items():
        seeds = sorted(own.keys() & reference.keys())
        if name is not None and seeds:
            both[name] = (_grid(reference, seeds), _grid(own, seeds))
    gains = {name: sign * (ours - theirs) for name, (ours, theirs) in both.items()}
    between = stats.seed_variance(list(gains.values()))
    tests = {name: stats.two_level_test(gain, between, groups) for name, gain in gains.items()}
    adjusted = dict(zip(tests, stats.holm([t.p_value for t in tests.values()]), strict=True))
    return {
        name: Effect(
            metric,
            float(both[name][0].mean()),
            float(both[name][1].mean()),
            test.gain,
            adjusted[name],
            _verdict(test.gain, adjusted[name], gains[name].shape[1] >= min_rows),
        )
        for name, test in tests.items()
    }


def _scores(outcomes: Sequence[Outcome], metric: str) -> dict[int, tuple[float, ...]]:
    scored = {one.arm.seed: one.report for one in outcomes if one.report is not None}
    return {seed: report.scores[metric] for seed, report in scored.items()}


def _grid(scores: Mapping[int, Sequence[float]], seeds: Sequence[int]) -> stats.Sample:
    """Scores as seeds x rows. Raises `UserError` where one is no finite number."""
    grid = np.asarray([scores[seed] for seed in seeds], dtype=np.float64)
    if not np.isfinite(grid).all():
        raise UserError(
            "a student has scores that are no number, so nothing can be held against it",
            next_step="train again with a lower student.learning_rate",
        )
    return grid


def _verdict(gain: Interval, adjusted: float, enough: bool) -> Finding:
    if not enough or adjusted > LEVEL or gain.value == 0:
        return "inconclusive"
    return "better" if gain.value > 0 else "worse"
