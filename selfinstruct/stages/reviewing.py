"""The stage of a round in which people have their say, between its candidates and its mixture.

What they say after a round has gone on changes nothing of it; it is kept as scores all the same.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from selfinstruct import rows
from selfinstruct.config import QualityConfig
from selfinstruct.disk.files import write_jsonl
from selfinstruct.errors import IncompleteError, StoreError
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.personal import scan
from selfinstruct.filters.screen import Verify, screen, unverified
from selfinstruct.models import open_model
from selfinstruct.review.edits import edited_row
from selfinstruct.review.filling import candidates_digest
from selfinstruct.review.hearing import Heard, hear, said_since
from selfinstruct.review.nouns import ACCEPTED, Decision, Progress
from selfinstruct.review.queue import Candidate, eligible, size_of
from selfinstruct.review.tables import NAME, from_decision
from selfinstruct.round import Pool
from selfinstruct.setting import Setting
from selfinstruct.settled import STAGE, settle
from selfinstruct.store import Store
from selfinstruct.types import Checkpoint, Drafts, Example, Rejection, Score, Screened, digest
from selfinstruct.verifying import verifying


def review(
    here: Setting, index: int, pool: Pool, champion: Checkpoint, screened: Screened
) -> Screened:
    """The candidates of a round as people leave them, decided once.

    Raises `IncompleteError` where `review.required` and some of the queue are undecided.
    """
    store = here.store
    stored = store.stage(index, STAGE)
    if stored is not None:
        return settle(screened, stored)
    if store.stage(index, "mix") is not None:  # it went on without, and cannot be changed
        return screened
    heard = hear(store.folder, index)
    if here.cfg.review.required:
        _require_decided(here, index, heard, screened)
    if heard is None:
        return screened
    if heard.candidates not in (None, candidates_digest(store, index)):
        raise StoreError(
            f"{store.folder / NAME} has the review of other candidates than round {index} has",
            next_step=f"move {NAME} away, and review the round anew: selfinstruct review"
            f" {store.folder}",
        )
    take_scores(store)
    began = time.monotonic()
    decided = _fitting(heard.standing, screened)
    if heard.candidates is None and not decided:
        return screened
    changed = _change(here, index, (pool, champion), screened, decided)
    result = {**changed.result, **_counts(heard.progress, decided)}
    done = settle(screened, result)
    path = here.folder(index) / "reviewed.jsonl"
    write_jsonl(path, map(rows.from_example, done.accepted))
    here.commit(index, STAGE, result, began, scores=changed.scores)
    return done


def take_scores(store: Store) -> None:
    """Append to the ledger, as scores of people, all decisions that it has not yet."""
    said = said_since(store.folder, store.meta("review_read") or 0)
    if said.scores:
        store.commit_human_scores(said.scores, said.last)


@dataclass(frozen=True)
class _Changed:
    """What a stage remembers of its changes, and what models measured of edited rows."""

    result: dict[str, Any]
    scores: tuple[Score, ...]


Decided = Sequence[tuple[Candidate, Decision]]


def _require_decided(here: Setting, index: int, heard: Heard | None, screened: Screened) -> None:
    if heard is None or heard.candidates is None:
        left = asked = size_of(len(eligible(screened)), here.cfg.review)
    else:
        left, asked = heard.left, heard.progress.total
    if left:
        folder = here.store.folder
        raise IncompleteError(
            f"round {index} waits for people: {left} of {asked} candidates are undecided",
            why="review.required is true; nothing was mixed or trained",
            next_step=f"selfinstruct review {folder}, then the same command again.\n"
            "        Or go on with what is decided: review.required=false",
        )


def _fitting(standing: Sequence[Decision], screened: Screened) -> Decided:
    """The decisions that are of this round's words, each with its candidate."""
    candidates = {each.example.id: each for each in eligible(screened)}
    return [(candidates[each.item], each) for each in standing if each.item in candidates]


def _change(
    here: Setting,
    index: int,
    before: tuple[Pool, Checkpoint],
    screened: Screened,
    decided: Decided,
) -> _Changed:
    """What the decisions come to, once near-misses and edits are held against the filters."""
    pool, champion = before
    data, cfg = here.data, here.cfg
    of_accepted = [(one, said) for one, said in decided if one.fate == ACCEPTED]
    leaving = {one.example.id for one, said in of_accepted if said.action != "accept"}
    staying = [row for row in screened.accepted if row.id not in leaving]
    held_out = (*data.dev, *data.gate, *data.final)
    indexes = Indexes.build(data.train, (*pool, *staying), held_out, cfg.filters)
    missed = [
        one.example for one, said in decided if one.fate != ACCEPTED and said.action == "accept"
    ]
    joined, refused = _join(missed, indexes)
    edits = [
        (one.example, edited_row(one.example, said.edited))
        for one, said in decided
        if said.edited is not None
    ]
    drafts = scan(Drafts(tuple(row for _, row in edits)), cfg.privacy)
    with _verifying(here, index, champion, bool(edits)) as verify:
        passed = screen(drafts, indexes, cfg.filters, verify)
    stands = {row.parents[0]: row for row in passed.accepted}
    result = {
        "kept": [one.example.id for one, said in of_accepted if said.action == "accept"],
        "dropped": [
            {"id": one.example.id, "reason": said.reason}
            for one, said in of_accepted
            if said.action == "reject"
        ],
        "joined": [row.id for row in joined],
        "edited": [
            {"id": parent.id, "row": rows.from_example(stands[parent.id])}
            for parent, _ in edits
            if parent.id in stands
        ],
        "unedited": [{"id": parent.id} for parent, _ in edits if parent.id not in stands],
        "refused": [rows.from_rejection(each) for each in (*refused, *passed.rejected)],
    }
    return _Changed(result, passed.scores)


def _join(missed: Sequence[Example], indexes: Indexes) -> tuple[list[Example], list[Rejection]]:
    """Near-misses that a person wants, less those that no person may set aside: known rows, another
    label for the same text, rows near to held-out ones, code that fails.
    """
    joined: list[Example] = []
    refused: list[Rejection] = []
    for row in missed:
        fault = (
            indexes.duplicate(row)
            or indexes.answers.contradiction(row)
            or indexes.held_out.leak(row)
            or indexes.executables.fault(row)
        )
        if fault is not None:
            refused.append(fault)
            continue
        joined.append(row)
        indexes.add([row])
    return joined, refused


@contextmanager
def _verifying(here: Setting, index: int, champion: Checkpoint, wanted: bool) -> Iterator[Verify]:
    """The filters that ask models, for edited rows; nothing is opened where none is to be asked."""
    cfg = here.cfg
    if not wanted or cfg.filters.quality == QualityConfig():
        yield unverified
        return
    wave = sum(place[0] == index for place in here.store.waves())
    with (
        closing(open_model(cfg.teacher, partial(here.note, index, STAGE))) as model,
        verifying(here, index, champion, here.asks(model, cfg.teacher)) as verify_in_wave,
    ):
        yield verify_in_wave(wave)


def _counts(progress: Progress, decided: Decided) -> dict[str, Any]:
    """What `status` tells, and the digest of the decisions that were used."""
    rate = progress.accept_rate
    return {
        "asked": progress.total,
        "decided": progress.done,
        "digest": digest([from_decision(said) for _, said in decided]),
        "acceptance": None if rate is None else {**asdict(rate), "n": progress.random_done},
        "judge": asdict(progress.judge),
    }
