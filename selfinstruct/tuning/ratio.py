"""Which synthetic share to train at: the scores of a sweep's arms in, a choice with reasons out.

The smallest share within one standard error of the best is taken (Breiman et al., Classification
and Regression Trees, 1984, section 3.4.3), so that noise favours the real rows; where no share is
detectably better than real rows alone, and on too few rows to tell, the choice is 0. It reads `dev`
scores and knows nothing of training.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.types import Interval

LEVEL = 0.05
MIN_ROWS = 20
"""With fewer rows no share is chosen over real rows alone, unless the caller says so."""
ALONE = "Real rows alone are all that was trained, so there is nothing to choose from."

Runs = Mapping[int, Sequence[float]]
"""The seed of an arm and its score on each row, in one order of rows."""


@dataclass(frozen=True, slots=True)
class Point:
    """One share: its mean score over seeds and rows, and its gain over real rows alone.

    `behind` is how far it lies behind the best share, `behind_error` the standard error of that.
    """

    share: float
    seeds: tuple[int, ...]
    value: float
    gain: Interval
    adjusted: float
    behind: float
    behind_error: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen share; `differs` says whether any share can be told from real rows alone.

    `detectable` is the gain or loss that would be found four times in five, median over the shares,
    in units of the metric; None where nothing varies. `warning` is for people, or empty.
    """

    share: float
    best: float
    differs: bool
    points: tuple[Point, ...]
    why: str
    detectable: float | None = None
    warning: str = ""


def choose(
    arms: Mapping[float, Runs],
    metric: str,
    groups: stats.Groups = None,
    min_rows: int = MIN_ROWS,
) -> Choice:
    """Shares with the scores of their seeds in, the choice out; share 0 must be among them.

    Only seeds that every share has are compared, so that chance is the same for all. On fewer than
    `min_rows` rows nothing counts as different. Raises `UserError` where share 0 or a common seed
    is missing, where rows are too few to compare anything and where a score is no finite number.
    """
    seeds = _common_seeds(arms)
    _require_finite(arms, seeds)
    rows = len(arms[0.0][seeds[0]])
    require_rows(rows, groups)
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    scores = {
        share: sign * np.asarray([arms[share][seed] for seed in seeds], dtype=np.float64)
        for share in sorted(arms)
    }
    best = max(scores, key=lambda share: (scores[share].mean(), -share))
    gains = {share: scores[share] - scores[0.0] for share in scores if share > 0}
    between = stats.seed_variance(list(gains.values()))
    tests = {share: stats.two_level_test(found, between, groups) for share, found in gains.items()}
    adjusted = dict(zip(tests, stats.holm([t.p_value for t in tests.values()]), strict=True))
    behind = {
        share: stats.two_level_test(scores[best] - values, between, groups)
        for share, values in scores.items()
    }
    points = tuple(
        Point(
            share=share,
            seeds=seeds,
            value=sign * float(values.mean()),
            gain=tests[share].gain if share > 0 else Interval(0.0, 0.0, 0.0),
            adjusted=adjusted.get(share, 1.0),
            behind=behind[share].gain.value,
            behind_error=behind[share].error,
        )
        for share, values in scores.items()
    )
    enough = rows >= min_rows
    told = [point for point in points if enough and point.adjusted <= LEVEL]
    near = next(p for p in points if p.share == best or p.behind <= p.behind_error)
    detectable = _detectable([test.error for test in tests.values()])
    share = near.share if any(point.gain.value > 0 for point in told) else 0.0
    return Choice(
        share=share,
        best=best,
        differs=bool(told),
        points=points,
        why=_why(points, told, share, best) if enough else _too_few(points, rows, min_rows),
        detectable=detectable,
        warning=_warning(rows, metric, detectable) if rows < MIN_ROWS else "",
    )


def require_rows(rows: int, groups: stats.Groups = None) -> None:
    """Raises `UserError` where rows, near-duplicates counted as one, are fewer than two."""
    units = len(set(groups)) if groups is not None else rows
    if units < 2:
        alike = " (rows that are near-duplicates count as one)" if rows > units else ""
        raise UserError(
            f"there is {units} dev row{alike}, too few to compare anything",
            next_step="start a run with more real rows or a larger seeds.split.dev",
        )


def by_label(
    arms: Mapping[float, Runs], labels: Sequence[str | None]
) -> dict[str, dict[float, float]]:
    """The label of each row in, the mean score of its rows at each share out, labels sorted.

    Over the seeds that every share has, as in `choose`. Rows without a label are left out.
    """
    seeds = _common_seeds(arms)
    found: dict[str, dict[float, float]] = {}
    for label in sorted({label for label in labels if label is not None}):
        at = [index for index, other in enumerate(labels) if other == label]
        found[label] = {
            share: float(np.mean([[arms[share][seed][row] for row in at] for seed in seeds]))
            for share in sorted(arms)
        }
    return found


def _require_finite(arms: Mapping[float, Runs], seeds: Sequence[int]) -> None:
    for share, runs in arms.items():
        for seed in seeds:
            if not np.isfinite(runs[seed]).all():
                raise UserError(
                    f"the student of share {share:g}, seed {seed} has scores that are no number",
                    why="it cannot be compared, and would win or lose by an accident",
                    next_step="train again with a lower student.learning_rate",
                )


def _detectable(errors: Sequence[float]) -> float | None:
    """Two-sided at 5 %, at the first step of Holm's correction: the strictest of them."""
    spread = [error for error in errors if error > 0]
    if not spread:
        return None
    alpha = LEVEL / 2 / len(errors)
    return statistics.median(stats.detectable_gain(error, 1, alpha) for error in spread)


def _too_few(points: Sequence[Point], rows: int, min_rows: int) -> str:
    if len(points) == 1:
        return ALONE
    return f"No detectable difference: {rows} dev rows are fewer than {min_rows}."


def _warning(rows: int, metric: str, detectable: float | None) -> str:
    size = "" if detectable is None else f" of less than {detectable:.2g} in {metric}"
    return f"only {rows} dev rows: a difference{size} is likely to be missed"


def _common_seeds(arms: Mapping[float, Runs]) -> tuple[int, ...]:
    if 0.0 not in arms:
        raise UserError(
            "real rows alone (share 0) were not trained, so there is nothing to compare with",
            next_step="run the same sweep again; a failed arm is tried again",
        )
    seeds = set.intersection(*(set(runs) for runs in arms.values()))
    if not seeds:
        raise UserError(
            "no seed was trained at every share",
            next_step="run the same sweep again; a failed arm is tried again",
        )
    return tuple(sorted(seeds))


def _why(points: Sequence[Point], told: Sequence[Point], share: float, best: float) -> str:
    if len(points) == 1:
        return ALONE
    n = len(points[0].seeds)
    of = f"{n} seeds" if n > 1 else "1 seed, so another training may turn it round"
    if not told:
        return (
            f"No detectable difference: at none of the shares does the student differ from the one "
            f"of real rows alone ({of}, Holm's correction at {LEVEL:.0%})."
        )
    if all(point.gain.value < 0 for point in told):
        worse = ", ".join(f"{point.share:g}" for point in told)
        return f"No share is detectably better than real rows alone, and worse is {worse} ({of})."
    if share == best:
        return (
            f"{share:g} scores best, and no smaller share comes within one standard error ({of})."
        )
    chosen = next(point for point in points if point.share == share)
    return (
        f"{best:g} scores best; {share:g} is the smallest share within one standard error of it "
        f"({chosen.behind:.3f} behind, standard error {chosen.behind_error:.3f}, {of})."
    )
