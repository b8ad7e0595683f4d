"""A review with pairs of answers that no model had to write, and choices to be made of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from selfinstruct.review.desk import Desk
from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.review.pairs import Choice, Chosen, Contest, Pair, Pick, contest_of, pairs_of
from selfinstruct.types import Example
from tests.reviewed import real_rows, write_reviewable

ROWS = real_rows(20, 30)
CONTEST = replace(contest_of(("round-1", "base"), ("made one", "made two")), rows=30)
ALIKE = 6
"""Of every so many rows one is answered alike."""


def answers(rows: tuple[Example, ...], who: str) -> dict[str, str]:
    """Row to answer; every sixth is the same whoever is asked."""
    return {
        row.id: "the same" if at % ALIKE == 0 else f"{who} says {at}" for at, row in enumerate(rows)
    }


def add_pairs(desk: PairDesk, rows: tuple[Example, ...] = ROWS, **more: Any) -> Contest:
    """Pairs for these rows, answered by `more["first"]` and `more["second"]` where given."""
    first = more.get("first") or answers(rows, "one")
    second = more.get("second") or answers(rows, "two")
    contest = replace(more.get("contest", CONTEST), rows=len(rows))

    def make(before: int, start: int) -> list[Pair]:
        return pairs_of(contest, rows[before:], first, second, 0, start)

    return desk.extend(contest, make)


def write_paired(folder: Path, rows: tuple[Example, ...] = ROWS, **more: Any) -> Contest:
    """A run with a review of candidates and a contest of two students: 25 pairs of 30 rows."""
    write_reviewable(folder)
    with Desk.open(folder) as desk:
        return add_pairs(desk.pairs, rows, **more)


def choose(desk: PairDesk, pair: Pair, action: Pick, id_: str, **more: Any) -> Chosen:
    """What becomes of a choice of a pair as it was shown."""
    return desk.choose(replace(Choice(id_, pair.id, pair.hash, action, "ann"), **more))


def side_of(pair: Pair, *, first: bool) -> Pick:
    """The side on which a student's answer stands."""
    return "left" if pair.first_left == first else "right"
