"""Any students of any runs, ready to be compared: what each scored, and how it came about.

A student is named `RUN` (the run's champion) or `RUN:STUDENT`, where the student is base, real-only
or round-N. Students compare where they were scored on the same rows, in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from selfinstruct.config import still_identity
from selfinstruct.errors import UserError
from selfinstruct.store import Store
from selfinstruct.summary import reports, summarise
from selfinstruct.trained import BASE, round_of
from selfinstruct.types import Example, Report

MORE_SCORES = "evaluate.metrics"
SCORED_BY = ("evaluate.", "task.")
"""Settings that change what a score means: decoding, system message, what the student writes."""


@dataclass(frozen=True)
class Contestant:
    """A student with its scores on gate, the rows behind them, and what went into it."""

    name: str
    run: Path
    report: Report
    rows: tuple[Example, ...]
    settings: Mapping[str, Any]
    mixture: Mapping[str, Any]
    spent: Mapping[str, int]
    seconds: float


def contestants(names: Sequence[str]) -> list[Contestant]:
    """The named students, or all of a run if one run alone is named.

    Raises `UserError` for a student that is not there or not scored yet, and for fewer than two.
    """
    if len(names) == 1 and not _student_of(names[0])[1]:
        found = everyone(Path(names[0]))
    else:
        found = [find(name) for name in names]
    if len(found) < 2:
        raise UserError(
            f"{names[0]} is {len(found)} scored student; it takes two to compare",
            next_step="name another: selfinstruct compare RUN:real-only RUN:round-1",
        )
    return found


def everyone(folder: Path) -> list[Contestant]:
    """Every scored student of a run, the control arm first: it is what all others are held to."""
    with Store(folder) as store, store.snapshot():
        names = sorted(reports(store, "gate"), key=lambda name: name != "real-only")
        return [_load(store, folder, name, name) for name in names]


def find(name: str) -> Contestant:
    """The student of `RUN` or `RUN:STUDENT`. Raises `UserError` where there is none."""
    folder, student = _student_of(name)
    with Store(folder) as store, store.snapshot():
        student = student or summarise(store)["champion"]
        known = reports(store, "gate")
        if student not in known:
            raise UserError(
                f"{folder} has no scored student {student or 'yet'}",
                why=f"it has {', '.join(known) or 'none'}",
                next_step=f"selfinstruct status {folder}",
            )
        return _load(store, folder, student, f"{folder.name}:{student}")


def unlike(one: Contestant, other: Contestant) -> list[str]:
    """Why two students' scores do not compare, one sentence each; empty if they do."""
    reasons = []
    if one.report.ids != other.report.ids:
        shared = len(set(one.report.ids) & set(other.report.ids))
        sizes = f"{len(one.report.ids)} and {len(other.report.ids)} rows"
        reasons.append(f"they were scored on different rows: {sizes}, {shared} in common")
    reasons += [
        f"{key} is {one.settings.get(key)!r} for {one.name} and {other.settings.get(key)!r} for "
        f"{other.name}"
        for key in sorted(one.settings.keys() | other.settings.keys())
        if key.startswith(SCORED_BY)
        and key != MORE_SCORES
        and one.settings.get(key) != other.settings.get(key)
    ]
    return reasons


def share_rows(one: Contestant, other: Contestant) -> tuple[Contestant, Contestant]:
    """Both on the rows they have in common, in the order of the second's.

    Raises `UserError` where there are none.
    """
    kept = set(one.report.ids) & set(other.report.ids)
    if not kept:
        raise UserError(f"{one.name} and {other.name} have no row in common")
    order = [row for row in other.report.ids if row in kept]
    return _on(one, order), _on(other, order)


def _student_of(name: str) -> tuple[Path, str]:
    """The folder and the student that a name means; a folder whose name has a colon stays whole."""
    if Path(name).exists():
        return Path(name), ""
    folder, _, student = name.rpartition(":")
    return (Path(folder), student) if folder else (Path(name), "")


def _load(store: Store, folder: Path, student: str, shown: str) -> Contestant:
    report, data = reports(store, "gate")[student], store.real_data()
    assert data is not None  # the splits are frozen before anything is scored
    by_id = {row.id: row for row in data.gate}
    index = 0 if student == BASE else round_of(student)
    stages = [stage for stage in store.stages() if stage["round"] == index]
    return Contestant(
        name=shown,
        run=folder,
        report=report,
        rows=tuple(by_id[row] for row in report.ids),
        settings=still_identity(store.meta("identity") or {}),
        mixture={} if student == BASE else store.stage(index, "mix") or {},
        spent=store.spent() if index else {},
        seconds=0.0 if student == BASE else sum(stage["seconds"] for stage in stages),
    )


def _on(one: Contestant, order: Sequence[str]) -> Contestant:
    at = {row: index for index, row in enumerate(one.report.ids)}
    places = [at[row] for row in order]
    report = replace(
        one.report,
        ids=tuple(order),
        scores={
            name: tuple(values[place] for place in places)
            for name, values in one.report.scores.items()
        },
        answers=tuple(one.report.answers[place] for place in places),
    )
    return replace(one, report=report, rows=tuple(one.rows[place] for place in places))
