"""From a run's ledger to the queue of a round, put into `reviews.db` once."""

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence

from selfinstruct.config import Config, FiltersConfig, ReviewConfig, parse_config
from selfinstruct.errors import StoreError
from selfinstruct.review.again import Reshown, draw
from selfinstruct.review.nouns import Item
from selfinstruct.review.queue import Known, eligible, queue_of
from selfinstruct.review.tables import LONGEST_LINE, add_facts, shown
from selfinstruct.settled import settled
from selfinstruct.store import Store
from selfinstruct.store.database import transaction
from selfinstruct.text import whole_question, without_surrogates
from selfinstruct.types import Example, RealData, digest


def begun(store: Store) -> tuple[Config, RealData]:
    """The config that the run was last started with, and its frozen rows.

    Raises `StoreError` for one that has not begun.
    """
    data, config = store.real_data(), store.meta("config")
    if data is None or config is None:
        raise StoreError(
            f"{store.folder} has not begun", next_step="selfinstruct run CONFIG starts it"
        )
    return parse_config(config, where=f"the config of {store.folder}"), data


def generated(store: Store) -> list[int]:
    """The rounds whose candidates are complete."""
    return list(store.results("generate"))


def fill(db: sqlite3.Connection, store: Store, cfg: ReviewConfig) -> None:
    """The queue of every complete round that has none yet, in order; one that is there stays."""
    there = {row["round"] for row in db.execute("SELECT round FROM queues")}
    for index in generated(store):
        if index not in there:
            _fill_round(db, store, index, cfg)


def _fill_round(db: sqlite3.Connection, store: Store, index: int, cfg: ReviewConfig) -> None:
    run, data = begun(store)
    screened = store.screened(index)
    taken = frozenset(row["id"] for row in db.execute("SELECT id FROM items"))
    known = known_of(store, run.filters, data, index, taken)
    start = db.execute("SELECT count(*) AS n FROM items").fetchone()["n"]
    items = queue_of(screened, index, known, cfg, run.seed, start)
    count = len(eligible(screened, taken))
    again = draw(len(items), cfg.reshow, random.Random(f"{run.seed}/{index}/reshow"))
    write_queue(db, index, candidates_digest(store, index), count, items, cfg, again)


def candidates_digest(store: Store, index: int) -> str:
    """Changes when any candidate of the round, or its fate, is another."""
    screened = store.screened(index)
    dropped = [[item.what.id, item.reason] for item in screened.rejected]
    return digest([[row.id for row in screened.accepted], dropped])


def known_of(
    store: Store, filters: FiltersConfig, data: RealData, index: int, taken: frozenset[str]
) -> Known:
    """What the queue of a round is made with."""
    earlier = [row for before in range(1, index) for row in settled(store, before).accepted]
    synthetic: dict[str, Example] = {}
    for row in (*earlier, *store.screened(index).accepted):
        synthetic.setdefault(row.id, row)
    calibrated = store.stage(0, "calibrate rubric") or {"least": None}
    return Known(
        data.train,
        tuple(synthetic.values()),
        filters.novelty.threshold,
        dict(_limits(filters)),
        calibrated["least"],
        dict(_calls(store, index)),
        taken,
    )


def _limits(filters: FiltersConfig) -> Iterator[tuple[str, float]]:
    """The limits of scores that no other measure of hardness goes by."""
    quality = filters.quality
    if quality.self_consistency is not None:
        yield "self_consistency", quality.self_consistency.least
    if quality.round_trip is not None and quality.round_trip.least is not None:
        yield "round_trip", quality.round_trip.least
    if quality.likelihood is not None and quality.likelihood.ifd is not None:
        yield "ifd", quality.likelihood.ifd.most


def _calls(store: Store, index: int) -> Iterator[tuple[str, tuple[str, str]]]:
    """Call to its recipe and its prompt with version."""
    screened = store.screened(index)
    for row in (*screened.accepted, *(item.what for item in screened.rejected)):
        call = store.attempt(row.attempt) if row.attempt else None
        if call is not None and row.attempt is not None:
            prompt = f"{call['template']} {call['version']}"
            yield row.attempt, (row.source.removeprefix("recipe:"), prompt)


def write_queue(
    db: sqlite3.Connection,
    index: int,
    candidates: str,
    count: int,
    items: Sequence[Item],
    cfg: ReviewConfig,
    again: Sequence[Reshown] = (),
) -> None:
    """Store the queue of a round, made of `count` eligible candidates, all or nothing; `again` says
    which of its items come a second time.
    """
    with transaction(db, "queue"):
        db.execute(
            "INSERT INTO queues VALUES (?, ?, ?, ?, ?)",
            (index, candidates, count, cfg.fraction, cfg.random),
        )
        db.executemany(
            "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            map(_row_of, items),
        )
        db.executemany(
            "INSERT INTO reasons VALUES (?, ?)",
            [(why, item.position) for item in items for why in item.why],
        )
        db.execute(add_facts("items.round = :round"), {"round": index})
        db.executemany(
            "INSERT INTO reshown VALUES (?, ?, ?, NULL)",
            [(items[each.place].position, each.turn, each.gap) for each in again],
        )


def _row_of(item: Item) -> tuple[object, ...]:
    """Its body holds all of it; what lists and searches go by, no half of a character, which SQLite
    does not take.
    """
    example = item.example
    asked = " ".join(whole_question(example).split())
    turns = [turn.content for turn in example.turns]
    words = (item.id, example.instruction, example.input, *turns, example.response)
    label = None if example.label is None else without_surrogates(example.label)
    return (
        item.position,
        item.id,
        item.hash,
        item.round,
        label,
        item.fate,
        json.dumps(item.why),
        item.is_random,
        item.judge,
        without_surrogates(asked[:LONGEST_LINE]),
        without_surrogates("\n".join(words).casefold()),
        json.dumps(shown(item), allow_nan=False),
        item.position,
    )
