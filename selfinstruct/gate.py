"""The verdict on one candidate: two reports on the same real rows in, a decision with reasons out.

It reads scores and nothing else. The error of accepting a candidate that is no better is shared out
over the rounds, so that a whole run makes one with a chance of at most `alpha`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from selfinstruct import stats
from selfinstruct.config import GateConfig
from selfinstruct.errors import UserError
from selfinstruct.types import Interval, Outcome, Report, Verdict

LOWER_IS_BETTER = frozenset({"nll"})
RIGHT_OR_WRONG = frozenset({"accuracy"})  # 0 or 1 a row, so the exact test applies
POWER = 0.8


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the paired rows say; `sd` is that of one row's gain, `least` the smallest gain that can
    pass the test.
    """

    gain: Interval
    p_value: float
    sd: float
    least: float


def primary_metric(cfg: GateConfig, report: Report) -> str:
    """The metric that decides; `auto` is accuracy where the report has it, nll otherwise.

    Raises `UserError` where the report does not hold it.
    """
    auto = "accuracy" if "accuracy" in report.scores else "nll"
    metric = auto if cfg.metric == "auto" else cfg.metric
    if metric not in report.scores:
        raise UserError(
            f"the gate decides on {metric}, but the students were not scored on it",
            why=f"their reports hold {', '.join(sorted(report.scores)) or 'no metric'}",
            next_step="set gate.metric=auto, or a task.target that this metric can score",
        )
    return metric


def decide(
    candidate: Report,
    champion: Report,
    cfg: GateConfig,
    alpha: float,
    seed: int = 0,
    groups: stats.Groups = None,
) -> Verdict:
    """Two reports on the same rows in, a `Verdict` out.

    Accept: p <= alpha, the part of `cfg.alpha` that this round may use, and gain >= min_gain.
    Reject: the 95 % interval of the gain ends below min_gain. All else is inconclusive, and so is
    everything on fewer than min_rows rows; `why` says what it would take. `groups` names the group
    of each row where rows are not independent. `seed` fixes the resampling that all but ungrouped
    right-or-wrong metrics need. Raises `UserError` when the reports do not pair up row by row, hold
    fewer than two rows, or a score is not finite.
    """
    metric = primary_metric(cfg, champion)
    ours, theirs = _paired(candidate, champion, metric)
    gains = theirs - ours if metric in LOWER_IS_BETTER else ours - theirs
    wins, losses = int((gains > 0).sum()), int((gains < 0).sum())
    groups = groups if groups is not None and len(set(groups)) < len(gains) else None
    if metric in RIGHT_OR_WRONG and groups is None:
        evidence = _of_flips(wins, losses, len(gains), alpha)
    else:
        evidence = _of_differences(gains, seed, groups)
    enough = len(gains) >= cfg.min_rows
    verdict = Verdict(
        outcome=_outcome(evidence, alpha, cfg.min_gain) if enough else "inconclusive",
        metric=metric,
        n=len(gains),
        champion=float(theirs.mean()),
        candidate=float(ours.mean()),
        gain=evidence.gain,
        p_value=evidence.p_value,
        alpha=alpha,
        wins=wins,
        losses=losses,
        detectable=max(
            stats.detectable_gain(evidence.sd, len(gains), alpha, POWER), evidence.least
        ),
        why="",
    )
    if not enough:
        return replace(verdict, why=_too_few(verdict, cfg.min_rows))
    return replace(verdict, why=_why(verdict, cfg.min_gain, evidence.sd))


def _paired(candidate: Report, champion: Report, metric: str) -> tuple[stats.Sample, stats.Sample]:
    if (candidate.split, candidate.ids) != (champion.split, champion.ids):
        raise UserError(
            "candidate and champion were not scored on the same rows",
            why="the gate compares them row by row, in one order",
            next_step="evaluate both on the same split",
        )
    if len(champion.ids) < 2:
        raise UserError(
            f"the gate has {len(champion.ids)} row(s), too few to compare anything",
            next_step="add real examples or raise seeds.split.gate",
        )
    return _scores(candidate, "candidate", metric), _scores(champion, "champion", metric)


def _scores(report: Report, role: str, metric: str) -> stats.Sample:
    values = np.asarray(report.scores.get(metric, ()), dtype=np.float64)
    if values.shape != (len(report.ids),):
        raise UserError(f"the {role} has {values.size} {metric} scores for {len(report.ids)} rows")
    broken = np.flatnonzero(~np.isfinite(values))
    if broken.size:
        raise UserError(
            f"the {role}'s {metric} on row {report.ids[broken[0]]} is {values[broken[0]]}; "
            f"{broken.size} of {values.size} rows are not finite",
            why="a model that scores no number cannot be compared",
            next_step="train again with a lower student.learning_rate",
        )
    return values


def _of_flips(wins: int, losses: int, n: int, alpha: float) -> _Evidence:
    gain = stats.paired_binary_interval(wins, losses, n)
    # Laplace-adjusted as the interval is: no flipped row in sight does not mean that none can flip.
    flipped = (wins + losses + 2) / (n + 2)
    return _Evidence(
        gain, stats.mcnemar(wins, losses, "greater"), math.sqrt(flipped), _fewest_wins(alpha) / n
    )


def _of_differences(gains: stats.Sample, seed: int, groups: stats.Groups) -> _Evidence:
    test = stats.paired_test(gains, seed, groups=groups)
    # Of grouped rows: what the spread would have to be, were they independent.
    sd = stats.standard_error(gains, groups) * math.sqrt(len(gains))
    return _Evidence(test.gain, test.p_value, sd, 0.0)


def _fewest_wins(alpha: float) -> int:
    """So many wins without a loss reach `alpha`: 2^-wins <= alpha."""
    return math.ceil(math.log2(1 / alpha))


def _outcome(evidence: _Evidence, alpha: float, min_gain: float) -> Outcome:
    if evidence.p_value <= alpha and evidence.gain.value >= min_gain:
        return "accept"
    return "reject" if evidence.gain.high < min_gain else "inconclusive"


def _seen(verdict: Verdict) -> str:
    gain = verdict.gain
    direction = ", lower is better" if verdict.metric in LOWER_IS_BETTER else ""
    return (
        f"{verdict.metric} went from {verdict.champion:.3f} to {verdict.candidate:.3f} on "
        f"{verdict.n} rows ({verdict.wins} better, {verdict.losses} worse{direction}), a gain of "
        f"{gain.value:+.3f} with a 95 % interval of {gain.low:+.3f} to {gain.high:+.3f}"
    )


def _too_few(verdict: Verdict, min_rows: int) -> str:
    return (
        f"Inconclusive: {_seen(verdict)}; under {min_rows} rows nothing is decided, since so few"
        f" find no gain below {verdict.detectable:.3f} four times in five"
    )


def _why(verdict: Verdict, min_gain: float, sd: float) -> str:
    seen = _seen(verdict)
    test = f"p = {verdict.p_value:.2g} and this round needs {verdict.alpha:.2g}"
    if verdict.outcome == "accept":
        return f"Accepted: {seen}; {test}."
    if verdict.outcome == "reject":
        return f"Rejected: {seen}, which rules out the gain of {min_gain:g} that counts."
    if verdict.p_value <= verdict.alpha:
        return f"Inconclusive: {seen}, real ({test}) but smaller than the {min_gain:g} that counts."
    return f"Inconclusive: {seen}, which may be chance ({test}); {_takes(verdict, min_gain, sd)}."


def _takes(verdict: Verdict, min_gain: float, sd: float) -> str:
    found = f"so many rows find a gain of {verdict.detectable:.3f} four times in five"
    hoped = max(verdict.gain.value, min_gain)
    if hoped <= 0:
        return found
    rows = max(stats.rows_needed(sd, hoped, verdict.alpha, POWER), _fewest_wins(verdict.alpha))
    return f"{found}, and one of {hoped:.3f} takes about {rows} rows"
