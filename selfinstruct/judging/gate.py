"""The verdict on one candidate: two reports on the same real rows in, a decision with reasons out.

It reads scores and nothing else. The error of accepting a candidate that is no better is shared out
over the rounds, so that a whole run makes one with a chance of at most `alpha`. A candidate that
wins must also hold its guards and have set off no alarm: each of these can only take an accept
away, so none of them raises that chance (an intersection-union test: Berger, Technometrics 24:295,
1982).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from selfinstruct import stats
from selfinstruct.config import GateConfig
from selfinstruct.errors import UserError
from selfinstruct.pairs import LOWER_IS_BETTER, OF_WHOLE_SETS, Evidence, fewest_wins, pair, weigh
from selfinstruct.types import Report
from selfinstruct.verdict import Guard, JudgeHealth, Outcome, Verdict

POWER = 0.8


@dataclass(frozen=True, slots=True)
class Checks:
    """What else a candidate has to pass: guards, alarms that block, and the judge if it decides.

    `look` counts the verdicts that the gate rows have given so far, this one included.
    """

    guards: tuple[Guard, ...] = ()
    alarms: tuple[str, ...] = ()
    judge: JudgeHealth | None = None
    look: int = 1


NOTHING_ELSE = Checks()


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
    checks: Checks = NOTHING_ELSE,
) -> Verdict:
    """Two reports on the same rows in, a `Verdict` out.

    Accept: p <= alpha, the part of `cfg.alpha` that this round may use, gain >= min_gain, every
    guard held and no alarm. Reject: the 95 % interval of the gain ends below min_gain, a guard is
    broken, or a winner has set off an alarm. All else is inconclusive, and so is everything on
    fewer than min_rows rows or by a judge that is not healthy; `why` says what it would take.
    `groups` names the group of each row where rows are not independent. `seed` fixes the
    resampling that all but ungrouped right-or-wrong metrics need. Raises `UserError` when the
    reports do not pair up row by row, hold fewer than two rows, or a score is not finite.
    """
    metric = primary_metric(cfg, champion)
    paired = pair(candidate, champion, metric)
    n = len(paired.gains)
    evidence = weigh(paired, "greater", seed, groups)
    least = fewest_wins(alpha) / n if evidence.exact else 0.0
    by_itself = _outcome(evidence, alpha, cfg.min_gain)
    verdict = Verdict(
        outcome=_with_checks(by_itself, checks),
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
        guards=checks.guards,
        alarms=checks.alarms,
        judge=checks.judge,
        look=checks.look,
    )
    if n < cfg.min_rows:
        return replace(verdict, outcome="inconclusive", why=_too_few(verdict, cfg.min_rows))
    if checks.judge is not None and not checks.judge.healthy:
        return replace(verdict, outcome="inconclusive", why=_unheard(verdict, checks.judge))
    return replace(verdict, why=_why(verdict, by_itself, cfg.min_gain, evidence.sd))


def _outcome(evidence: Evidence, alpha: float, min_gain: float) -> Outcome:
    if evidence.p_value <= alpha and evidence.gain.value >= min_gain:
        return "accept"
    return "reject" if evidence.gain.high < min_gain else "inconclusive"


def _with_checks(by_itself: Outcome, checks: Checks) -> Outcome:
    """The outcome on the primary metric in, what the other checks leave of it out."""
    if any(guard.held == "broken" for guard in checks.guards):
        return "reject"
    if by_itself != "accept":
        return by_itself
    if checks.alarms:
        return "reject"
    return "accept" if all(guard.held == "held" for guard in checks.guards) else "inconclusive"


def _seen(verdict: Verdict) -> str:
    gain = verdict.gain
    direction = ", lower is better" if verdict.metric in LOWER_IS_BETTER else ""
    counted = f" ({verdict.wins} better, {verdict.losses} worse{direction})"
    if verdict.metric in OF_WHOLE_SETS:
        counted = ""
    return (
        f"{verdict.metric} went from {verdict.champion:.3f} to {verdict.candidate:.3f} on "
        f"{verdict.n} rows{counted}, a gain of "
        f"{gain.value:+.3f} with a 95 % interval of {gain.low:+.3f} to {gain.high:+.3f}"
    )


def _too_few(verdict: Verdict, min_rows: int) -> str:
    return (
        f"Inconclusive: {_seen(verdict)}; under {min_rows} rows nothing is decided, since so few"
        f" find no gain below {verdict.detectable:.3f} four times in five."
    )


def _unheard(verdict: Verdict, judge: JudgeHealth) -> str:
    return (
        f"Inconclusive: {_seen(verdict)}, but the judge {judge.doubt}, so that its word counts for "
        f"nothing; see its answers in the ledger, or take another judge."
    )


def _why(verdict: Verdict, by_itself: Outcome, min_gain: float, sd: float) -> str:
    told = _told(verdict, by_itself, min_gain, sd)
    against = list(_against(verdict))
    if against:
        told = f"{told}{', but' if by_itself == 'accept' else '; and'} {', and '.join(against)}"
    elif verdict.outcome == "accept" and verdict.guards:
        held = ", ".join(guard.name for guard in verdict.guards)
        told = f"{told}; no loss of more than the margin on {held}"
    names = {"accept": "Accepted", "reject": "Rejected", "inconclusive": "Inconclusive"}
    return f"{names[verdict.outcome]}: {told}."


def _told(verdict: Verdict, by_itself: Outcome, min_gain: float, sd: float) -> str:
    """What the primary metric says by itself."""
    seen = _seen(verdict)
    test = f"p = {verdict.p_value:.2g} and this round needs {verdict.alpha:.2g}"
    if by_itself == "accept":
        return f"{seen}; {test}"
    if by_itself == "reject":
        return f"{seen}, which rules out the gain of {min_gain:g} that counts"
    if verdict.p_value <= verdict.alpha:
        return f"{seen}, real ({test}) but smaller than the {min_gain:g} that counts"
    return f"{seen}, which may be chance ({test}); {_takes(verdict, min_gain, sd)}"


def _against(verdict: Verdict) -> Iterator[str]:
    """What the other checks hold against the candidate, one clause each."""
    for guard in verdict.guards:
        if guard.held == "broken":
            yield f"it lost more than {guard.margin:.3g} on {guard.name}: {_loss(guard)}"
        if guard.held == "unsure":
            rule_out = (
                f"{guard.n} rows of {guard.name} cannot rule out a loss of {guard.margin:.3g}"
            )
            yield f"{rule_out}: {_loss(guard)}"
    if verdict.alarms:
        yield f"the collapse watch sounds on {', '.join(verdict.alarms)}"


def _loss(guard: Guard) -> str:
    """Signed as the metric runs: for NLL a rise is the loss."""
    gain = guard.gain
    return (
        f"{guard.metric} {guard.base:.3f} of the base against {guard.candidate:.3f}, a gain of "
        f"{gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
    )


def _takes(verdict: Verdict, min_gain: float, sd: float) -> str:
    found = f"so many rows find a gain of {verdict.detectable:.3f} four times in five"
    hoped = max(verdict.gain.value, min_gain)
    if hoped <= 0:
        return found
    rows = max(stats.rows_needed(sd, hoped, verdict.alpha, POWER), fewest_wins(verdict.alpha))
    return f"{found}, and one of {hoped:.3f} takes about {rows} rows"
