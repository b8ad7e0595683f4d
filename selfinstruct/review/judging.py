"""The rubric judge held to people: which lowest grade would agree best with what they decided.

The judge is calibrated on real rows and spoilt ones before anybody reads a candidate. Decisions of
people are a better yardstick, of fewer rows, and of the hardest ones: most of a queue is there
because it is doubtful. So the threshold is offered and never changed.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from selfinstruct import stats
from selfinstruct.quality.rubric import GRADES, NAME
from selfinstruct.review.nouns import SETTLING
from selfinstruct.review.tables import NAME as DATABASE
from selfinstruct.review.tables import REVIEWS
from selfinstruct.store import Store
from selfinstruct.store.database import connect
from selfinstruct.types import Interval

ENOUGH = 20
"""Graded rows that people decided, below which nothing is said of thresholds."""
SETTING = "filters.quality.rubric.least"

Graded = tuple[float, bool]
"""The grade of a row, and whether a person let it stand as it was."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a lowest grade that passes comes to: Cohen's kappa with people, None where it has no
    value; of the rows they did not let stand the share that it lets pass, and of those they did the
    share that it does not (95 %, Wilson), None where there are no such rows.
    """

    least: int
    agree: float
    kappa: float | None
    false_accepts: Interval | None
    false_rejects: Interval | None


@dataclass(frozen=True, slots=True)
class JudgeByPeople:
    """What `n` decisions of people say of a judge's grades, of which they let `stood` rows stand.

    `auc` is the chance that a row they let stand has the higher grade, None where they were of one
    mind about all. `current` is the threshold in use, None for a judge that has no say; `best` the
    one of the highest kappa. Of the rows that the two part, `for_best` are as people have it by the
    best one and `for_current` by the current one; `p` is McNemar's, exact and two-sided.
    """

    n: int
    stood: int
    auc: Interval | None
    current: Threshold | None
    best: Threshold | None
    for_best: int = 0
    for_current: int = 0
    p: float | None = None

    @property
    def setting(self) -> str | None:
        """What applies the best threshold, None where it is the one in use or none is best."""
        if self.best is None or (self.current and self.current.least == self.best.least):
            return None
        return f"{SETTING}={self.best.least}"


def judge_by_people(folder: Path) -> JudgeByPeople | None:
    """What the decisions of a run say of its judge; None without a judge or a review.

    Raises `StoreError` for a database that cannot be read.
    """
    path = folder / DATABASE
    with Store(folder) as store:
        calibrated = store.stage(0, "calibrate rubric")
    if calibrated is None or not path.exists():
        return None
    with closing(connect(path, write=False, schema=REVIEWS)) as db:
        return hold(graded(db), None if calibrated.get("doubt") else calibrated["least"])


def to_row(found: JudgeByPeople) -> dict[str, Any]:
    """As a JSON object, with the setting that applies the best threshold."""
    return {**asdict(found), "setting": found.setting}


def graded(db: sqlite3.Connection) -> list[Graded]:
    """Every row that people decided and the judge graded; one written anew did not stand."""
    settling = ", ".join(f"'{action}'" for action in SETTLING)
    rows = db.execute(
        "SELECT value, action FROM items JOIN facts USING (position)"
        f" WHERE name = ? AND action IN ({settling}) ORDER BY position",
        (NAME,),
    )
    return [(row["value"], row["action"] == "accept") for row in rows]


def hold(rows: Sequence[Graded], least: int | None) -> JudgeByPeople:
    """What these decisions say of a judge whose threshold is `least`."""
    stood = [grade for grade, fit in rows if fit]
    fell = [grade for grade, fit in rows if not fit]
    found = stats.auc(np.array(stood), np.array(fell)) if stood and fell else None
    current = None if least is None else threshold(rows, least) if rows else None
    best = _best(rows, least) if len(rows) >= ENOUGH else None
    told = JudgeByPeople(len(rows), len(stood), found, current, best)
    if told.setting is None or best is None or current is None:
        return told
    better = [_right(row, best.least) for row in rows if _parted(row, best, current)]
    wins = sum(better)
    p = stats.mcnemar(wins, len(better) - wins)
    return replace(told, for_best=wins, for_current=len(better) - wins, p=p)


def threshold(rows: Sequence[Graded], least: int) -> Threshold:
    """How a lowest grade does on these rows, of which there is at least one."""
    passes = [(grade >= least, fit) for grade, fit in rows]
    fell = [passed for passed, fit in passes if not fit]
    stood = [not passed for passed, fit in passes if fit]
    return Threshold(
        least,
        sum(passed == fit for passed, fit in passes) / len(passes),
        stats.cohen_kappa(passes),
        stats.wilson(sum(fell), len(fell)) if fell else None,
        stats.wilson(sum(stood), len(stood)) if stood else None,
    )


def _best(rows: Sequence[Graded], least: int | None) -> Threshold | None:
    """The threshold of the highest kappa above 0, what is in use before others, then the lowest."""
    found = [threshold(rows, each) for each in sorted(GRADES)]
    telling = [each for each in found if each.kappa is not None and each.kappa > 0]
    return max(telling, key=lambda each: (each.kappa or 0.0, each.least == least), default=None)


def _parted(row: Graded, one: Threshold, other: Threshold) -> bool:
    return _right(row, one.least) != _right(row, other.least)


def _right(row: Graded, least: int) -> bool:
    grade, fit = row
    return (grade >= least) == fit
