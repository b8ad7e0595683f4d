"""A run's data, spending, prompts, rounds and students, as one object read from its ledger."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from selfinstruct.account import account
from selfinstruct.config import BudgetConfig
from selfinstruct.errors import StoreError
from selfinstruct.licenses import count_licenses
from selfinstruct.registry import Used, of_rows
from selfinstruct.store import Store
from selfinstruct.summary.rounds import round_facts, rounds_of
from selfinstruct.summary.students import (
    CONTROL,
    Summary,
    final_gain,
    looks,
    reports,
    student_facts,
)
from selfinstruct.tracking import FAULTS
from selfinstruct.types import SPLITS, RealData

SCHEMA_VERSION = 1


def read_summary(folder: Path) -> Summary:
    """The summary of a run's folder. Raises `StoreError` if there is none."""
    with Store(folder) as store, store.snapshot():
        return summarise(store)


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
    on_gate = reports(store, "gate")
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
            "incomplete": data.incomplete,
            "digest": data.digest,
            "licenses": count_licenses(data.train),
        },
        "spent": store.spent(),
        "account": _account(store),
        "served": store.served(),
        "seconds": round(sum(stage["seconds"] for stage in stages), 1),
        "students": [student_facts(name, report) for name, report in on_gate.items()],
        "rounds": [
            round_facts(store, index, calls, wording, on_gate.get("base"))
            for index in rounds_of(store)
        ],
        "prompts": [prompt_facts(used) for used in wording.used],
        "looks": looks(store),
        "final": [student_facts(name, report) for name, report in reports(store, "final").items()],
        "final_gain": final_gain(store, finish["name"]) if finish else {},
        "final_seen": _final_seen(store, data),
        "forked_from": _origin(store),
        "quality": _quality(stages),
        "tracker_faults": store.meta(FAULTS) or [],
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


def _origin(store: Store) -> Summary | None:
    """Of a fork: the run it was begun from, what was changed, and what of it was reused."""
    forked = store.meta("forked_from")
    told = ("run", "fingerprint", "changed", "reused", "again")
    return forked and {name: forked[name] for name in told}


def _final_seen(store: Store, data: RealData) -> dict[str, int]:
    """Run to the number of our final rows that were opened there, before this run was begun."""
    seen = (store.meta("forked_from") or {"final_seen": {}})["final_seen"]
    return dict(Counter(seen[row.id] for row in data.final if row.id in seen))


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


def _champion(store: Store) -> str | None:
    accepted = [
        index
        for index in rounds_of(store)
        if (gate := store.stage(index, "gate")) and gate["verdict"]["outcome"] == "accept"
    ]
    if accepted:
        return f"round-{accepted[-1]}"
    return CONTROL if store.stage(0, "train") else None
