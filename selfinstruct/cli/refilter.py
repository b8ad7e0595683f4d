"""`refilter`: a run's stored answers under other filters, its thresholds as curves, or a check that
reading and filtering still give the stored fates.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from selfinstruct import rows
from selfinstruct.account import price_of
from selfinstruct.config import BudgetConfig, Config
from selfinstruct.errors import UserError
from selfinstruct.estimate import estimate, evidence_of
from selfinstruct.fork import Settings, check_name, fork
from selfinstruct.refilter import (
    KINDS,
    RULES,
    Fate,
    Moved,
    Record,
    Rule,
    WhatIf,
    changed_filters,
    count,
    curve,
    fit,
    number,
    numbers,
    read_record,
    what_if,
)
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION

NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")
ALL = "all"
"""In place of a setting: every threshold of a filter that is on."""


def refilter_command(
    folder: Path,
    overrides: Sequence[str],
    curves: Sequence[str] = (),
    sample: int = 3,
    name: str | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> dict[str, Any]:
    """What the settings would change, the curves asked for, and the fork `name` if one is, as one
    object. `sample` is how many rows of each kind of move are listed.

    Nothing is asked of any model. Raises `UserError` for a setting that is no filter, `StoreError`
    for a run that cannot be read or forked.
    """
    if name is not None:
        check_name(name, folder)
    with Store(folder) as store:
        record = read_record(store)
        found = what_if(record, overrides, rules)
        if name is not None and not found.changes:
            raise UserError(
                "nothing changes, so there is nothing to fork for",
                next_step="give the settings that are to differ, such as "
                "filters.novelty.threshold=0.6",
            )
        asked, _ = changed_filters(record.cfg, overrides, rules)
        told = {
            "schema_version": SCHEMA_VERSION,
            "run": str(folder),
            "changed": [str(change) for change in found.changes],
            "waves": len(found.after),
            **_told(record, found, sample),
            "curves": list(_curves(record, asked, curves, rules)),
            "fork": None,
        }
        if name is not None:
            told["fork"] = _pay(record, found)
            held = store.meta("contents") or {}
    if name is not None:
        cfg = asked.model_copy(update={"name": name})
        about = fork(folder, name, Settings(cfg, held))
        told["fork"] |= {"run": str(folder.parent / name), "again": about["again"]}
        told["fork"]["settings"] = [f"name={name}", *overrides]
    return told


def _told(record: Record, found: WhatIf, sample: int) -> dict[str, Any]:
    before, after = count(found.before), count(found.after)
    kinds = [one.kind for one in found.moved]
    return {
        "reproduces": not found.drift,
        "drift": {
            "count": len(found.drift),
            "rows": list(map(_row, found.drift[:sample])),
            "program": record.cfg.generate.program if "program" in record.task.recipes else None,
        },
        "kept": {
            "before": sum(len(wave.accepted) for wave in found.before),
            "after": sum(len(wave.accepted) for wave in found.after),
        },
        "fit": {"before": fit(found.before), "after": fit(found.after)},
        "reasons": {
            reason: {"before": before[reason], "after": after[reason]}
            for reason, _ in (before | after).most_common()
        },
        "calls_not_made": found.unasked,
        "moves": {kind: kinds.count(kind) for kind in KINDS},
        "rows": {
            kind: [_row(one) for one in found.moved if one.kind == kind][:sample] for kind in KINDS
        },
    }


def _row(one: Moved) -> dict[str, Any]:
    return {
        "id": one.row.id,
        "round": one.round,
        "wave": one.wave,
        "before": _fate(one.before),
        "after": _fate(one.after),
        "row": rows.from_example(one.row),
    }


def _fate(fate: Fate | None) -> dict[str, Any] | None:
    """None for a candidate that is not there on this side."""
    if fate is None:
        return None
    if fate.why is None:
        return {"kept": True}
    why = rows.from_rejection(fate.why)
    return {"kept": False, **{key: value for key, value in why.items() if key != "what"}}


def _curves(
    record: Record, cfg: Config, wanted: Sequence[str], rules: Mapping[str, Rule]
) -> Iterator[dict[str, Any]]:
    known = numbers(cfg.filters)
    for each in wanted:
        name, _, text = each.partition("=")
        on = [path for path, one in known.items() if one.value is not None]
        values = [_value(name, part) for part in text.split(",") if part]
        for path in on if name == ALL else [name]:
            found = curve(record, cfg, number(cfg, path), values, rules)
            points = [{**asdict(point), "most": point.most} for point in found.points]
            yield {"path": found.path, "present": found.present, "points": points}


def _value(name: str, text: str) -> float | None:
    if text in ("off", "null"):
        return None
    if not NUMBER.fullmatch(text):
        raise UserError(
            f"{text!r} is no value of {name}", next_step=f"write --curve {name}=0.5,0.6,off"
        )
    return float(text) if "." in text else int(text)


def _pay(record: Record, found: WhatIf) -> dict[str, Any]:
    """What a round of the fork will take, from what the run's own calls came to.

    All of it, as if no answer came along: an answer is found again where the same question stands
    at the same place of a wave, and how often that is nobody knows before.
    """
    cfg, seen = record.cfg, evidence_of(record.store)
    budget = BudgetConfig.model_validate(record.store.meta("budget") or {})
    price = price_of(budget, f"{cfg.teacher.backend}:{cfg.teacher.name}")
    made = None
    if seen is not None:
        kept = min(fit(found.after), seen.candidates)
        made = estimate(replace(seen, kept=kept), cfg.generate, price)
    return {
        "a_round": None if made is None else asdict(made),
        "rounds": cfg.rounds.max,
        "currency": budget.currency,
    }
