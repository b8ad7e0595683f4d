"""What a round came to, as the numbers and the sentence that a tracker is sent."""

from selfinstruct.summary import estimate
from selfinstruct.verdict import FailedRound, Round


def numbers_of(done: Round | FailedRound) -> dict[str, float]:
    """Name to number: candidates kept, and of a judged round the verdict and the gate's scores.

    A score has its 95 % interval beside it as `low` and `high`; `gate/accept` is 1 or 0.
    """
    kept, dropped = len(done.accepted), sum(done.rejected.values())
    found = {
        "candidates/accepted": float(kept),
        "candidates/rejected": float(dropped),
        "candidates/acceptance": kept / max(1, kept + dropped),
        "mixture/rows": float(len(done.mixture.rows)),
        "gate/accept": 0.0,
    }
    if isinstance(done, FailedRound):
        return found
    verdict = done.verdict
    found |= {
        "gate/accept": float(verdict.outcome == "accept"),
        "gate/champion": verdict.champion,
        "gate/candidate": verdict.candidate,
        "gate/gain": verdict.gain.value,
        "gate/gain_low": verdict.gain.low,
        "gate/gain_high": verdict.gain.high,
        "gate/p_value": verdict.p_value,
        "gate/alpha": verdict.alpha,
    }
    for metric in done.exams.gate.scores:
        mean = estimate(done.exams.gate, metric)
        found |= {
            f"gate/{metric}": mean.value,
            f"gate/{metric}_low": mean.low,
            f"gate/{metric}_high": mean.high,
        }
    return found | {f"guard/{each.name}_gain": each.gain.value for each in verdict.guards}


def words_of(done: Round | FailedRound) -> str:
    """The outcome, and why."""
    if isinstance(done, FailedRound):
        return f"reject: {done.why}"
    return f"{done.verdict.outcome}: {done.verdict.why}"
