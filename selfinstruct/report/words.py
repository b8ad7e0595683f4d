"""Verdicts, guards and alarms in sentences for people, the numbers first; plain text, no markup."""

from collections.abc import Iterator, Mapping
from typing import Any

from selfinstruct.pairs import LOWER_IS_BETTER, NAMES
from selfinstruct.verdict import Guard, JudgeHealth, Signal, Verdict

OUTCOMES = {"accept": "accepted", "reject": "rejected", "inconclusive": "inconclusive"}
PERCENT = frozenset({"accuracy", "exact_match", "json_schema"})
"""Metrics that are shares of rows."""
HELD = {
    "held": "a loss that large is ruled out",
    "broken": "a loss that large is sure",
    "unsure": "too few rows to rule such a loss out",
}


def name_metric(metric: str) -> str:
    """A metric's name and which way is better, for an axis or a column."""
    better = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
    return f"{NAMES.get(metric, metric)} ({better})"


def score(metric: str, value: float) -> str:
    """One value of a metric, such as `62.5 %` or `1.234`."""
    return f"{100 * value:.1f} %" if metric in PERCENT else f"{value:.3f}"


def interval(metric: str, found: Mapping[str, float]) -> str:
    """A value with the ends of its interval, such as `62.5 % [51.1, 72.6]`."""
    value, low, high = found["value"], found["low"], found["high"]
    if metric in PERCENT:
        return f"{100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def amount(metric: str, value: float) -> str:
    """The size of a difference, such as `5.7 points`."""
    return f"{100 * value:.1f} points" if metric in PERCENT else f"{value:.3f}"


def gain(metric: str, found: Mapping[str, float]) -> str:
    """A signed gain with the ends of its interval; shares in percentage points."""
    value, low, high = found["value"], found["low"], found["high"]
    if metric in PERCENT:
        return f"{100 * value:+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"


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
    of = "synthetic rows" if signal.of == "synthetic" else signal.of
    return f"{signal.name} of the {of}: {signal.value:.3f}, {against}{limit}"
