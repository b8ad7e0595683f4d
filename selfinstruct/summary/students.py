"""The students of a run, by their reports: scores with intervals, what one gained on another."""

from typing import Any

import numpy as np

from selfinstruct import stats
from selfinstruct.config import GateConfig
from selfinstruct.judging.gate import decide
from selfinstruct.store import Store
from selfinstruct.types import Interval, Report, Split
from selfinstruct.verdict import Verdict

CONTROL = "real-only"

Summary = dict[str, Any]


def reports(store: Store, split: Split) -> dict[str, Report]:
    """Every student's report on a split by name, in the order they were trained: base, real-only,
    round-1 ...
    """
    names = {}
    for stage in store.stages():
        kind, _, rest = stage["stage"].partition(" ")
        if kind == "evaluate" and rest.endswith(f" on {split}"):
            names[rest.removesuffix(f" on {split}")] = stage["result"]["checkpoint"]
    found = {name: store.report(digest, split) for name, digest in names.items()}
    return {name: report for name, report in found.items() if report is not None}


def looks(store: Store) -> int:
    """How often a verdict has looked at the gate rows, in runs this one was forked from too."""
    before = int((store.meta("forked_from") or {"looks": 0})["looks"])
    return before + len(store.results("gate"))


def gain(candidate: Report, champion: Report, metric: str) -> Verdict:
    """The paired comparison of two reports in one metric, as a test on its own at the 5 % level."""
    cfg = GateConfig.model_validate({"metric": metric, "min_gain": 0.0})
    return decide(candidate, champion, cfg, cfg.alpha)


def estimate(report: Report, metric: str) -> Interval:
    """A metric's mean with its 95 % interval: Wilson for 0/1 scores, bootstrap otherwise."""
    values = np.asarray(report.scores[metric], dtype=np.float64)
    if np.isin(values, (0, 1)).all():
        return stats.wilson(round(values.sum()), len(values))
    return stats.mean_interval(values)


def student_facts(name: str, report: Report) -> Summary:
    """A student by its report: how many rows it answered, and each metric with its interval."""
    intervals = {metric: estimate(report, metric) for metric in report.scores}
    return {
        "name": name,
        "checkpoint": report.checkpoint,
        "n": len(report.ids),
        "metrics": {
            metric: {"value": found.value, "low": found.low, "high": found.high}
            for metric, found in intervals.items()
        },
    }


def final_gain(store: Store, champion: str) -> Summary:
    """How the champion does against the control on `final`, metric by metric.

    Rows that no verdict has seen: what a champion gained on gate, chosen for it, flatters.
    """
    found = reports(store, "final")
    if champion == CONTROL or not {champion, CONTROL} <= found.keys():
        return {}
    ours, theirs = found[champion], found[CONTROL]
    return {
        metric: {"value": each.value, "low": each.low, "high": each.high}
        for metric in ours.scores
        if metric in theirs.scores
        for each in [gain(ours, theirs, metric).gain]
    }
