"""Two reports on the same real rows, row by row: what the scores of one metric say of the two.

Signs are turned so that a gain is for the better whatever the metric. What follows from a gain is
for the gate and for `comparison` to say.
"""

import math
from dataclasses import dataclass

import numpy as np

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.stats.resampling import Side
from selfinstruct.types import Interval, Report

LOWER_IS_BETTER = frozenset({"nll", "nats"})
OF_WHOLE_SETS = frozenset({"macro_f1"})
"""Scores that are no mean over rows: a row's value is its influence, and counts of rows on which it
is larger say nothing.
"""


@dataclass(frozen=True, slots=True)
class Paired:
    """Scores of both students in one metric, in the order of the rows, and the gain of each row."""

    metric: str
    ours: stats.Sample
    theirs: stats.Sample
    gains: stats.Sample

    @property
    def right_or_wrong(self) -> bool:
        """Whether every score is 0 or 1, so that the exact test applies."""
        return bool(np.isin(self.ours, (0, 1)).all() and np.isin(self.theirs, (0, 1)).all())

    @property
    def wins(self) -> int:
        """Rows on which we are better."""
        return int((self.gains > 0).sum())

    @property
    def losses(self) -> int:
        """Rows on which we are worse."""
        return int((self.gains < 0).sum())


@dataclass(frozen=True, slots=True)
class Evidence:
    """The mean gain with its 95 % interval, the p-value, and the spread of one row's gain."""

    gain: Interval
    p_value: float
    sd: float
    exact: bool


def pair(
    ours: Report,
    theirs: Report,
    metric: str,
    names: tuple[str, str] = ("candidate", "champion"),
) -> Paired:
    """Two reports and a metric in, their scores side by side out.

    Raises `UserError` when they do not pair up row by row, hold fewer than two rows, or a score is
    not finite.
    """
    if (ours.split, ours.ids) != (theirs.split, theirs.ids):
        raise UserError(
            f"{names[0]} and {names[1]} were not scored on the same rows",
            why="they are compared row by row, in one order",
            next_step="evaluate both on the same split",
        )
    if len(theirs.ids) < 2:
        raise UserError(
            f"there are {len(theirs.ids)} row(s), too few to compare anything",
            next_step=f"add real examples or raise seeds.split.{theirs.split}",
        )
    mine, other = _scores(ours, names[0], metric), _scores(theirs, names[1], metric)
    return Paired(metric, mine, other, other - mine if metric in LOWER_IS_BETTER else mine - other)


def weigh(paired: Paired, side: Side, seed: int = 0, groups: stats.Groups = None) -> Evidence:
    """How sure the mean gain is: exact flips for right or wrong, resampling otherwise.

    `groups` names the group of each row; if any holds two rows, whole groups are resampled.
    `seed` fixes the resampling.
    """
    n = len(paired.gains)
    grouped = groups is not None and len(set(groups)) < n
    if paired.right_or_wrong and not grouped:
        gain = stats.paired_binary_interval(paired.wins, paired.losses, n)
        # Laplace-adjusted as the interval is: no flipped row in sight does not mean none can flip.
        sd = math.sqrt((paired.wins + paired.losses + 2) / (n + 2))
        return Evidence(gain, stats.mcnemar(paired.wins, paired.losses, side), sd, exact=True)
    kept = groups if grouped else None
    test = stats.paired_test(paired.gains, seed, groups=kept, alternative=side)
    # Of grouped rows: what the spread would have to be, were they independent.
    sd = stats.standard_error(paired.gains, kept) * math.sqrt(n)
    return Evidence(test.gain, test.p_value, sd, exact=False)


def fewest_wins(alpha: float) -> int:
    """So many wins without a loss reach `alpha` in the exact one-sided test: 2^-wins <= alpha."""
    return math.ceil(math.log2(1 / alpha))


def _scores(report: Report, name: str, metric: str) -> stats.Sample:
    values = np.asarray(report.scores.get(metric, ()), dtype=np.float64)
    if values.shape != (len(report.ids),):
        raise UserError(f"the {name} has {values.size} {metric} scores for {len(report.ids)} rows")
    broken = np.flatnonzero(~np.isfinite(values))
    if broken.size:
        raise UserError(
            f"the {name}'s {metric} on row {report.ids[broken[0]]} is {values[broken[0]]}; "
            f"{broken.size} of {values.size} rows are not finite",
            why="a model that scores no number cannot be compared",
            next_step="train again with a lower student.learning_rate",
        )
    return values
