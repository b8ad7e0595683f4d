"""What a run amounts to so far, as one JSON-able object read from the ledger.

`status --json` prints it, the tables are drawn from it. `gain` is signed so that more is better,
and `low`, `high` are the ends of its 95 % interval over the paired gate rows.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from selfinstruct import stats
from selfinstruct.account import account
from selfinstruct.config import BudgetConfig, GateConfig
from selfinstruct.errors import StoreError
from selfinstruct.gate import decide
from selfinstruct.licenses import count_licenses
from selfinstruct.registry import Used, Wording, of_rows
from selfinstruct.rivals import rivals
from selfinstruct.store import Store
from selfinstruct.types import SPLITS, Interval, RealData, Report, Score, Screened, Split
from selfinstruct.verdict import Verdict
from selfinstruct.yields import Bill, Place, bills, by_prompt, yields

SCHEMA_VERSION = 1
CONTROL = "real-only"

Summary = dict[str, Any]


def summarise(store: Store) -> Summary:
    """A run's data, spending, rounds and students; works on a run that is still going."""
    data = store.real_data()
    if data is None:
        raise StoreError(
            f"{store.folder} has not begun", next_step="selfinstruct run CONFIG starts it"
        )
    stages = store.stages()
    calls = store.calls()
    wording = of_rows(store.meta("prompts"))
    finish = store.stage(0, "finish")
    return {
        "schema_version": SCHEMA_VERSION,
        "run": str(store.folder),
        "state": "finished" if finish else "incomplete",
        "champion": finish["name"] if finish else _champion(store),
        "data": {
            **{split: len(data.split(split)) for split in SPLITS},
            "labels": len(data.labels),
            "duplicates": data.duplicates,
            "skipped": data.skipped,
            "unused": data.unused,
            "forbidden": data.forbidden,
            "digest": data.digest,
            "licenses": count_licenses(data.train),
        },
        "spent": store.spent(),
        "account": _account(store),
        "served": store.served(),
        "seconds": round(sum(stage["seconds"] for stage in stages), 1),
        "students": [_student(name, report) for name, report in reports(store, "gate").items()],
        "rounds": [_round(store, index, calls, wording) for index in _rounds(store)],
        "prompts": [prompt_facts(used) for used in wording.used],
        "looks": looks(store),
        "final": [_student(name, report) for name, report in reports(store, "final").items()],
        "final_gain": _final_gain(store, finish["name"]) if finish else {},
        "final_seen": _final_seen(store, data),
        "forked_from": _origin(store),
        "quality": _quality(stages),
    }


def _account(store: Store) -> Summary:
    """What limits are held to: as `spent`, and with it what was lost to failures and kills.

    `cost` is None where no model has a price.
    """
    budget = BudgetConfig.model_validate(store.meta("budget") or {})
    books = store.books()
    total = account(budget, books.spent, store.worked())
    return {
        "calls": total.calls,
        "tokens": total.tokens,
        "cost": float(total.cost) if budget.prices else None,
        "currency": budget.currency,
        "hours": total.hours,
        "lost_calls": sum(counts["calls"] for counts in books.lost.values()),
    }


def read_summary(folder: Path) -> Summary:
    """The summary of a run's folder. Raises `StoreError` if there is none."""
    with Store(folder) as store:
        return summarise(store)


def looks(store: Store) -> int:
    """How often a verdict has looked at the gate rows, in runs this one was forked from too."""
    before = int((store.meta("forked_from") or {"looks": 0})["looks"])
    return before + len([stage for stage in store.stages() if stage["stage"] == "gate"])


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


def _final_gain(store: Store, champion: str) -> Summary:
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


def _origin(store: Store) -> Summary | None:
    """Of a fork: the run it was begun from, what was changed, and what of it was reused."""
    forked = store.meta("forked_from")
    told = ("run", "fingerprint", "changed", "reused", "again")
    return forked and {name: forked[name] for name in told}


def _final_seen(store: Store, data: RealData) -> dict[str, int]:
    """Run to the number of our final rows that were opened there, before this run was begun."""
    seen = (store.meta("forked_from") or {"final_seen": {}})["final_seen"]
    return dict(Counter(seen[row.id] for row in data.final if row.id in seen))


def _student(name: str, report: Report) -> Summary:
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


def _rounds(store: Store) -> Sequence[int]:
    return sorted({stage["round"] for stage in store.stages() if stage["round"] > 0})


def prompt_facts(used: Used) -> Summary:
    """A prompt that a run asks with, without its words."""
    chosen = used.chosen
    return {
        "name": chosen.ref.short,
        "told": used.told,
        "origin": chosen.origin,
        "number": chosen.number,
        "label": chosen.ref.at if chosen.ref.kind == "label" else None,
        "version": chosen.template.version,
        "weight": used.weight,
    }


def _round(store: Store, index: int, calls: Sequence[Summary], wording: Wording) -> Summary:
    generated = store.stage(index, "generate")
    gate = store.stage(index, "gate")
    verdict = gate["verdict"] if gate else _without_student(store, index)
    screened = store.screened(index)
    asked = _asked(store, index, calls, wording)
    return {
        "index": index,
        "verdict": verdict["outcome"],
        "why": verdict["why"],
        "complete": generated is not None,
        "ending": (generated or {}).get("ending"),
        "target": (generated or {}).get("target"),
        "personal_data": (generated or {}).get("personal_data"),
        "overlap": (generated or {}).get("overlap"),
        "licenses": count_licenses(screened.accepted),
        "unmet": (generated or {}).get("unmet", []),
        "accepted": len(screened.accepted),
        "rejected": store.reasons(index),
        "arms": [asdict(arm) for arm in yields(asked)],
        "prompt_arms": _prompt_arms(asked, wording),
        "rivals": [asdict(pair) for pair in rivals([wave for wave, _ in asked])],
        "scores": _scores(screened.scores),
        "review": _review(store, index),
        "mixture": store.stage(index, "mix"),
        "signals": (store.stage(index, "watch") or {"signals": []})["signals"],
        "gate": gate["verdict"] if gate else None,
        "metrics": _metrics(store, gate) if gate else {},
        "seconds": {
            stage["stage"]: round(stage["seconds"], 1)
            for stage in store.stages()
            if stage["round"] == index
        },
    }


def _asked(
    store: Store, index: int, calls: Sequence[Summary], wording: Wording
) -> list[tuple[Screened, dict[Place, Bill]]]:
    """The waves of a round, each with what its calls took."""
    by_wave: defaultdict[int, list[Summary]] = defaultdict(list)
    for call in calls:
        if call["round"] == index:
            by_wave[call["wave"]].append(call)
    waves = takewhile(lambda wave: wave is not None, (store.wave(index, n) for n in count()))
    return [
        (wave, bills(by_wave[n], wording.arms)) for n, wave in enumerate(waves) if wave is not None
    ]


def _prompt_arms(
    asked: Sequence[tuple[Screened, dict[Place, Bill]]], wording: Wording
) -> list[Summary]:
    """What came of each prompt that shares its recipe with others, in the order of their names:
    rows kept, what they cost, and the means of the scores that its rows were given.
    """
    weights = {used.chosen.name: used.weight for used in wording.used if used.weight is not None}
    found = [
        {
            **asdict(arm),
            "weight": weights[arm.arm],
            "scores": _score_intervals([wave for wave, _ in asked], arm.arm),
        }
        for arm in yields(asked, by_prompt)
        if arm.arm in weights
    ]
    return sorted(found, key=lambda arm: str(arm["arm"]))


def _score_intervals(waves: Sequence[Screened], arm: str) -> Summary:
    """By name of a score: how many rows of an arm have it, and their mean with its 95 % interval,
    None at either end where a single row tells of none.
    """
    values: defaultdict[str, list[float]] = defaultdict(list)
    for wave in waves:
        rows = (*wave.accepted, *(item.what for item in wave.rejected))
        own = {row.id for row in rows if row.arm == arm}
        for one in wave.scores:
            if one.id in own:
                values[one.name].append(one.value)
    found: Summary = {}
    for name, each in sorted(values.items()):
        mean = stats.mean_interval(np.array(each, dtype=np.float64))
        ends = (None, None) if len(each) == 1 else (mean.low, mean.high)
        found[name] = {"n": len(each), "mean": mean.value, "low": ends[0], "high": ends[1]}
    return found


def _scores(scores: Sequence[Score]) -> Summary:
    """By name, how many candidates were scored, and the mean of their scores."""
    by_name: dict[str, list[float]] = {}
    for one in scores:
        by_name.setdefault(one.name, []).append(one.value)
    return {
        name: {"n": len(values), "mean": sum(values) / len(values)}
        for name, values in by_name.items()
    }


def _review(store: Store, index: int) -> Summary | None:
    """What people made of a round's candidates, in counts; None where they had no say.

    `waits` is whether the round waits for them; then there are no counts yet.
    """
    stage = store.stage(index, "review")
    if stage is None:
        required = (store.meta("config") or {}).get("review", {}).get("required", False)
        done = store.stage(index, "generate") is not None
        waits = required and done and store.stage(index, "mix") is None
        return {"waits": True} if waits else None
    lists = ("kept", "dropped", "joined", "edited", "unedited", "refused")
    told = ("asked", "decided", "digest", "acceptance", "judge")
    return {
        "waits": False,
        **{name: stage[name] for name in told},
        **{name: len(stage[name]) for name in lists},
        "why_dropped": dict(Counter(each["reason"] for each in stage["dropped"]).most_common()),
        "why_refused": dict(Counter(each["reason"] for each in stage["refused"]).most_common()),
    }


def _quality(stages: Sequence[Summary]) -> Summary:
    """What the filters that ask models know of the real rows: how well the judge tells them from
    spoilt ones, between which NLLs they lie, and to which of them students that have not seen them
    give another label.
    """
    found: Summary = {"rubric": None, "likelihood": None, "suspects": None}
    for stage in stages:
        match stage["stage"].split(" "):
            case ["calibrate", what]:
                found[what] = stage["result"]
            case ["suspects", *_]:
                found["suspects"] = stage["result"]
    return found


def _without_student(store: Store, index: int) -> Summary:
    """What stands for a verdict: nothing yet, or that the student is no numbers."""
    diverged = store.stage(index, "diverged")
    if diverged is None:
        return {"outcome": None, "why": None}
    return {"outcome": "reject", "why": f"Rejected, and not judged: {diverged['why']}."}


def _metrics(store: Store, gate: Summary) -> Summary:
    base = reports(store, "gate")["base"]
    candidate = store.report(gate["candidate"], "gate")
    champion = store.report(gate["champion"], "gate")
    if candidate is None or champion is None:
        raise StoreError(f"{store.folder}: the reports behind a verdict are missing")
    return {
        metric: {
            "base": base.mean(metric),
            "champion": champion.mean(metric),
            "candidate": candidate.mean(metric),
            "gain": found.value,
            "low": found.low,
            "high": found.high,
        }
        for metric in candidate.scores
        if (found := gain(candidate, champion, metric).gain)
    }


def _champion(store: Store) -> str | None:
    accepted = [
        index
        for index in _rounds(store)
        if (gate := store.stage(index, "gate")) and gate["verdict"]["outcome"] == "accept"
    ]
    if accepted:
        return f"round-{accepted[-1]}"
    return CONTROL if store.stage(0, "train") else None
