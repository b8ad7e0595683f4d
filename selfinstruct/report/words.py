"""Verdicts, guards and alarms in sentences for people, the numbers first; plain text, no markup."""

from collections.abc import Iterator, Mapping
from typing import Any

from selfinstruct.telling import NAMES, amount, gain, interval, name_signal, score
from selfinstruct.verdict import Guard, JudgeHealth, Signal, Verdict

OUTCOMES = {"accept": "accepted", "reject": "rejected", "inconclusive": "inconclusive"}
HELD = {
    "held": "a loss that large is ruled out",
    "broken": "a loss that large is sure",
    "unsure": "too few rows to rule such a loss out",
}


def tell_champion(summary: Mapping[str, Any]) -> str:
    """Who is champion, with its scores on the gate rows beside the base's."""
    name = summary["champion"]
    students = {student["name"]: student for student in summary["students"]}
    if name is None:
        return "No champion yet: the student of real rows alone is not trained."
    if name not in students:
        return f"Champion: {name}, not scored yet."
    own, base = students[name]["metrics"], students.get("base", {}).get("metrics", {})
    scores = [
        f"{interval(metric, found)} {NAMES.get(metric, metric)}"
        + (f" (base {score(metric, base[metric]['value'])})" if metric in base else "")
        for metric, found in own.items()
    ]
    n = students[name]["n"]
    state = "" if summary["state"] == "finished" else ", so far"
    return f"Champion{state}: {name}, with {'; '.join(scores)} on {n} gate rows."


def headline(verdict: Verdict) -> str:
    """The decision in one line: gain, interval, rows."""
    ends = {"value": verdict.gain.value, "low": verdict.gain.low, "high": verdict.gain.high}
    return (
        f"{OUTCOMES[verdict.outcome]}: {gain(verdict.metric, ends)} "
        f"{NAMES.get(verdict.metric, verdict.metric)} on {verdict.n} gate rows"
    )


def details(verdict: Verdict) -> Iterator[str]:
    """What else there is to say of a decision: look, alarms, judge."""
    yield (
        f"Look {verdict.look} at these rows; p <= {verdict.alpha:.2g} is needed, and so many rows "
        f"find a gain of {amount(verdict.metric, verdict.detectable)} four times in five."
    )
    if verdict.alarms:
        yield f"Collapse alarm: {', '.join(verdict.alarms)}."
    if verdict.judge is not None:
        yield tell_judge(verdict.judge)


def tell_guard(guard: Guard) -> str:
    """One guard's finding, such as `held: a loss that large is ruled out`."""
    return f"{guard.held}: {HELD[guard.held]}"


def tell_judge(judge: JudgeHealth) -> str:
    """What the judge's answers came to, and whether they can be used."""
    health = "can be used" if judge.healthy else "are not fit to decide by"
    return (
        f"Judge: {judge.wins} wins, {judge.losses} losses, {judge.ties} ties of {judge.rows} rows; "
        f"{judge.split} split by position, {judge.unparsable} named no winner at least once; "
        f"{judge.first:.0%} of named winners stood first; its answers {health}."
    )


def tell_signal(signal: Signal) -> str:
    """One signal of the watch in words."""
    beside = "real-only student's" if signal.of == "student" else "real rows'"
    against = (
        f"{signal.ratio.value:.2f} of the {beside} [{signal.ratio.low:.2f}, "
        f"{signal.ratio.high:.2f}]"
        if signal.ratio
        else "no ratio can be formed"
    )
    limit = f", limit {signal.limit:g}" if signal.limit is not None else ""
    return f"{name_signal(signal.name, signal.of)}: {signal.value:.3f}, {against}{limit}"
