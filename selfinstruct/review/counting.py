"""Counts over a review: how much is done, what stands, how far judge and person agree."""

import sqlite3
from dataclasses import replace
from itertools import pairwise
from typing import Any

from selfinstruct import stats
from selfinstruct.review.again import constancy
from selfinstruct.review.filtering import condition
from selfinstruct.review.nouns import SETTLING, Agreement, Filters, LabelCount, Progress

LATEST = 100
"""Decisions that the pace goes by."""
PAUSE = 300.0
"""Seconds between two decisions beyond which somebody was away."""


def progress(db: sqlite3.Connection, filters: Filters) -> Progress:
    """How far the review is, over the items that fit whatever their state."""
    where, values = condition(db, replace(filters, state="all"))
    rows = list(
        db.execute(
            "SELECT label, action, random, judge, fate = 'accepted' AS passed, count(*) AS n"
            f" FROM items WHERE {where} GROUP BY label, action, random, judge, passed",
            values,
        )
    )
    counts = {action: _count(rows, action) for action in (*SETTLING, "skip", "flag")}
    done = sum(counts[action] for action in SETTLING)
    total = sum(row["n"] for row in rows)
    drawn = [row for row in rows if row["random"] and row["action"] in SETTLING]
    of_drawn = sum(row["n"] for row in drawn)
    stand = sum(row["n"] for row in drawn if row["action"] == "accept")
    pace = per_minute(db)
    return Progress(
        done=done,
        total=total,
        accepted=counts["accept"],
        edited=counts["edit"],
        rejected=counts["reject"],
        skipped=counts["skip"],
        flagged=counts["flag"],
        random_done=of_drawn,
        accept_rate=stats.wilson(stand, of_drawn) if of_drawn else None,
        judge=agreement(rows),
        by_label=_by_label(rows),
        per_minute=pace,
        seconds_left=None if pace is None else 60 * (total - done) / pace,
        constancy=constancy(db, (where, values)),
    )


def agreement(rows: list[dict[str, Any]]) -> Agreement:
    """Whether the judge's grade lets pass what a person accepts as it stands.

    An edited row was not fit as it stood, whatever became of it.
    """
    pairs = [
        (bool(row["judge"]), row["action"] == "accept")
        for row in rows
        if row["judge"] is not None and row["action"] in SETTLING
        for _ in range(row["n"])
    ]
    share = sum(one == other for one, other in pairs) / len(pairs) if pairs else None
    return Agreement(len(pairs), share, stats.cohen_kappa(pairs))


def per_minute(db: sqlite3.Connection) -> float | None:
    """Decisions in a minute of work, by the latest ones of anybody; None before there are two."""
    rows = db.execute(
        "SELECT at FROM decisions WHERE action != 'undo' ORDER BY seq DESC LIMIT ?", (LATEST,)
    )
    times = [row["at"] for row in rows]
    gaps = [later - earlier for later, earlier in pairwise(times) if 0 < later - earlier <= PAUSE]
    return 60 * len(gaps) / sum(gaps) if gaps else None


def _count(rows: list[dict[str, Any]], action: str) -> int:
    return sum(row["n"] for row in rows if row["action"] == action)


def _by_label(rows: list[dict[str, Any]]) -> tuple[LabelCount, ...]:
    """The labels in their order; rows without one come first."""
    totals: dict[str | None, list[int]] = {}
    for row in rows:
        counts = totals.setdefault(row["label"], [0, 0])
        counts[0] += row["n"] * (row["action"] in SETTLING)
        counts[1] += row["n"]
    return tuple(
        LabelCount(label, *totals[label]) for label in sorted(totals, key=lambda each: each or "")
    )
