"""What became of one round: its candidates by arm and reason, people's say, the verdict."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from itertools import count, takewhile

import numpy as np

from selfinstruct import stats
from selfinstruct.aiming.yields import Bill, Place, bills, by_prompt, yields
from selfinstruct.errors import StoreError
from selfinstruct.licenses import count_licenses
from selfinstruct.registry import Wording
from selfinstruct.store import Store
from selfinstruct.summary.rivals import rivals
from selfinstruct.summary.students import Summary, gain
from selfinstruct.types import Report, Score, Screened


def rounds_of(store: Store) -> Sequence[int]:
    """The rounds that have begun, the control arm not among them."""
    return sorted({stage["round"] for stage in store.stages() if stage["round"] > 0})


def round_facts(
    store: Store, index: int, calls: Sequence[Summary], wording: Wording, base: Report | None
) -> Summary:
    """What became of a round so far; `calls` are the run's, `base` is the base's report on gate."""
    generated = store.stage(index, "generate")
    gate = store.stage(index, "gate")
    verdict = gate["verdict"] if gate else _without_student(store, index)
    screened = store.screened(index)
    asked = _asked(store, index, calls, wording)
    labels = store.stage(index, "labels")
    looked = [labels, store.stage(index, "watch")]
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
        "labels": labels,
        "signals": [signal for each in looked if each for signal in each["signals"]],
        "gate": gate["verdict"] if gate else None,
        "metrics": _metrics(store, gate, base) if gate else {},
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


def _without_student(store: Store, index: int) -> Summary:
    """What stands for a verdict: nothing yet, or that the student is no numbers."""
    diverged = store.stage(index, "diverged")
    if diverged is None:
        return {"outcome": None, "why": None}
    return {"outcome": "reject", "why": f"Rejected, and not judged: {diverged['why']}."}


def _metrics(store: Store, gate: Summary, base: Report | None) -> Summary:
    candidate = store.report(gate["candidate"], "gate")
    champion = store.report(gate["champion"], "gate")
    if base is None or candidate is None or champion is None:
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
