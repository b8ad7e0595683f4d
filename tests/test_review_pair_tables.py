"""Pairs as rows of `reviews.db`, and a file from before there were any."""

import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from selfinstruct.errors import StoreError
from selfinstruct.review.desk import Desk
from selfinstruct.review.hearing import hear
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.review.pair_tables import from_choice, from_pair, to_choice, to_pair
from selfinstruct.review.pairs import Choice, pairs_of
from selfinstruct.review.tables import ITEMS, NAME, REVIEWS
from selfinstruct.store.database import connect
from selfinstruct.store.tables import Schema
from tests.paired import CONTEST, ROWS, add_pairs, answers
from tests.reviewed import decide, write_reviewable

COLUMNS = ("position", "id", "hash", "contest", "body", "first_left", "judge", "action", "turn")


def test_a_pair_and_a_choice_come_back_as_they_were() -> None:
    for pair in pairs_of(CONTEST, ROWS, answers(ROWS, "one"), answers(ROWS, "two"), 0, 7):
        assert to_pair(dict(zip(COLUMNS, from_pair(pair), strict=True))) == pair
    choice = Choice("c", "p", "h", "left", "ann", 70, 1.5)
    assert from_choice(choice).keys() == {field.name for field in fields(Choice)} - {"undoes"}
    assert to_choice({**from_choice(choice), "undoes": None, "seq": 3}) == choice


def write_without_pairs(run: Path) -> None:
    """A review with one decision in a file of version 1."""
    write_reviewable(run)
    with Desk.open(run) as desk:
        decide(desk, desk.item(desk.listed(EVERYTHING, 0, 1)[0].id), "accept", "d1")
    now = run / NAME
    now.rename(run / "now.db")
    connect(now, write=True, schema=Schema(ITEMS)).close()
    with closing(sqlite3.connect(now, isolation_level=None)) as db:
        db.execute("ATTACH ? AS now", (str(run / "now.db"),))
        for table in ("queues", "items", "reasons", "decisions"):
            known = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO {table} SELECT {known} FROM now.{table}")


def test_a_file_from_before_pairs_is_brought_up_to_date_with_all_that_is_in_it(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    write_without_pairs(run)
    with pytest.raises(StoreError, match=r"version 1(.|\n)*start selfinstruct review \S+run; it"):
        hear(run, 1)
    with Desk.open(run) as desk:
        assert [each.action for each in desk.decisions()] == ["accept"]
        add_pairs(desk.pairs)
    assert (run / f"{NAME}.v1.bak").exists()
    heard = hear(run, 1)
    assert heard is not None and heard.progress.accepted == 1
    fresh, mended = (_tables(path) for path in (_new(tmp_path / "new.db"), run / NAME))
    assert fresh == mended


def _new(path: Path) -> Path:
    connect(path, write=True, schema=REVIEWS).close()
    return path


def _tables(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        return set(db.execute("SELECT name, sql FROM sqlite_schema"))
