"""The verdict on one candidate: two reports on the same real rows in, a decision with reasons out.

It reads scores and nothing else. The error of accepting a candidate that is no better is shared out
over the rounds, so that a whole run makes one with a chance of at most `alpha`.
"""

from dataclasses import replace

from selfinstruct import stats
from selfinstruct.config import GateConfig
from selfinstruct.errors import UserError
from selfinstruct.pairs import LOWER_IS_BETTER, Evidence, fewest_wins, pair, weigh
from selfinstruct.types import Report
from selfinstruct.verdict import Outcome, Verdict

POWER = 0.8


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
    paired = pair(candidate, champion, metric)
    n = len(paired.gains)
    evidence = weigh(paired, "greater", seed, groups)
    least = fewest_wins(alpha) / n if evidence.exact else 0.0
    enough = n >= cfg.min_rows
    verdict = Verdict(
        outcome=_outcome(evidence, alpha, cfg.min_gain) if enough else "inconclusive",
        metric=metric,
        n=n,
        champion=float(paired.theirs.mean()),
        candidate=float(paired.ours.mean()),
        gain=evidence.gain,
        p_value=evidence.p_value,
        alpha=alpha,
        wins=paired.wins,
        losses=paired.losses,
        detectable=max(stats.detectable_gain(evidence.sd, n, alpha, POWER), least),
        why="",
    )
    if not enough:
        return replace(verdict, why=_too_few(verdict, cfg.min_rows))
    return replace(verdict, why=_why(verdict, cfg.min_gain, evidence.sd))


def _outcome(evidence: Evidence, alpha: float, min_gain: float) -> Outcome:
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
    rows = max(stats.rows_needed(sd, hoped, verdict.alpha, POWER), fewest_wins(verdict.alpha))
    return f"{found}, and one of {hoped:.3f} takes about {rows} rows"
