"""The stage between candidates and mixture: it waits, it applies, it remembers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.disk.files import read_jsonl
from selfinstruct.errors import IncompleteError, StoreError
from selfinstruct.failpoints import arm
from selfinstruct.progress import silent
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING, Edited, Item
from selfinstruct.setting import Setting
from selfinstruct.settled import settled
from selfinstruct.stages.reviewing import review, take_scores
from selfinstruct.store import Store
from selfinstruct.task import settle
from selfinstruct.types import Checkpoint, Rejection, Screened
from tests.reviewed import config, decide, made, real_rows, screened, write_reviewable

CHAMPION = Checkpoint("real-only", "b", None, "c")
ALL = {"fraction": 1.0, "required": True}


def hear(
    run: Path, cfg: dict[str, Any], index: int = 1, round_: Screened | None = None
) -> Screened:
    """The stage as a run starts it, for the round that is in the ledger."""
    with Store(run, write=True) as store:
        data = store.real_data()
        assert data is not None
        of_run = config(run, cfg)
        here = Setting(of_run, store, data, (), settle(of_run, data), CHAMPION, silent)
        return review(here, index, (), CHAMPION, round_ or store.screened(index))


def items(run: Path) -> dict[str, Item]:
    with Desk.open(run) as desk:
        return {line.id: desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)}


def accept_the_others(run: Path) -> None:
    with Desk.open(run) as desk:
        for line in desk.listed(replace(EVERYTHING, state="open"), 0, 99):
            item = desk.item(line.id)
            decide(desk, item, "accept" if item.fate == "accepted" else "reject", f"rest-{item.id}")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "run", ALL)
    return tmp_path / "run"


def test_a_required_review_waits_until_all_of_its_queue_is_decided(run: Path) -> None:
    with pytest.raises(IncompleteError) as caught:
        hear(run, ALL)
    assert "27 of 27 candidates are undecided" in str(caught.value)
    assert f"selfinstruct review {run}" in str(caught.value)
    assert caught.value.exit_code == 3
    first = next(iter(items(run).values()))
    with Desk.open(run) as desk:
        decide(desk, first, "flag", "f")
    with pytest.raises(IncompleteError, match="27 of 27"):
        hear(run, ALL)
    accept_the_others(run)
    assert hear(run, ALL).accepted == screened().accepted
    with Store(run) as store:
        stage = store.stage(1, "review")
    assert (stage["asked"], stage["decided"], len(stage["kept"])) == (27, 27, 20)
    assert stage["acceptance"]["n"] == 3
    assert stage["judge"]["n"] == 26


def test_a_wait_can_be_given_up_and_takes_what_is_decided(run: Path) -> None:
    row = screened().accepted[4]
    item = items(run)[row.id]
    with Desk.open(run) as desk:
        decide(desk, item, "reject", "d", reason="unclear")
    found = hear(run, {"fraction": 1.0})
    assert row not in found.accepted
    assert Rejection(row, "dropped_by_person", "unclear") in found.rejected


def test_decisions_feed_the_round(run: Path) -> None:
    rows, near = screened().accepted, screened().rejected
    shown = items(run)
    edit = Edited("Name the intent.", "where is my wholly new parcel", "On its way.", "fee")
    with Desk.open(run) as desk:
        decide(desk, shown[rows[0].id], "reject", "d1")
        decide(desk, shown[near[2].what.id], "accept", "d2")
        decide(desk, shown[rows[5].id], "edit", "d3", edited=edit)
    accept_the_others(run)
    found = hear(run, ALL)
    edited = found.accepted[-1]
    assert (edited.input, edited.response, edited.label) == (edit.input, edit.response, "fee")
    assert (edited.parents, edited.depth, edited.attempt) == ((rows[5].id,), 1, "call-1")
    assert found.accepted[:-1] == (*rows[1:5], *rows[6:], near[2].what)
    with Store(run) as store:
        assert settled(store, 1) == found
    written = [row["id"] for _, row in read_jsonl(run / "rounds" / "1" / "reviewed.jsonl")]
    assert written == [row.id for row in found.accepted]


def test_an_edit_that_was_fine_at_the_desk_is_held_against_what_joined(run: Path) -> None:
    """The desk knows nothing of other decisions: here two edits say the same."""
    rows, shown = screened().accepted, items(run)
    edit = Edited("Name the intent.", "where is my wholly new parcel", "On its way.", "fee")
    with Desk.open(run) as desk:
        for number in (0, 1):
            found = decide(desk, shown[rows[number].id], "edit", f"d{number}", edited=edit)
            assert found.stored is not None
    accept_the_others(run)
    done = hear(run, ALL)
    assert sum(row.input == edit.input for row in done.accepted) == 1
    assert [item.reason for item in done.rejected if item.what.input == edit.input] == ["duplicate"]
    assert {rows[0].id, rows[1].id}.isdisjoint(row.id for row in done.accepted)


def test_no_person_brings_a_row_in_that_is_near_to_a_held_out_one(tmp_path: Path) -> None:
    gate = real_rows(40, 1)[0]
    leak = replace(made(1), instruction=gate.instruction, input=gate.input)
    round_ = Screened((made(2),), (Rejection(leak, "too_similar", 0.71, 0.7),))
    write_reviewable(tmp_path / "run", ALL, {1: round_})
    shown = items(tmp_path / "run")
    with Desk.open(tmp_path / "run") as desk:
        decide(desk, shown[leak.id], "accept", "d")
        decide(desk, shown[made(2).id], "accept", "e")
    found = hear(tmp_path / "run", ALL)
    assert found.accepted == (made(2),)
    assert [(item.what.id, item.reason) for item in found.rejected] == [(leak.id, "contaminated")]


def test_what_is_decided_later_changes_nothing_of_a_round_that_has_gone_on(run: Path) -> None:
    accept_the_others(run)
    done = hear(run, ALL)
    item = items(run)[screened().accepted[0].id]
    with Desk.open(run) as desk:
        decide(desk, item, "reject", "late")
    assert hear(run, ALL) == done
    with Store(run, write=True) as store:
        take_scores(store)
        scores = [
            (one.value, one.source) for one in store.scores_of(item.id) if one.name == "review"
        ]
        assert scores == [(1.0, "human"), (0.0, "human")]


def test_a_round_that_was_mixed_without_a_review_keeps_its_rows(run: Path) -> None:
    with Store(run, write=True) as store:
        store.commit_stage(1, "mix", {"digest": "x"}, 1.0)
    item = items(run)[screened().accepted[0].id]
    with Desk.open(run) as desk:
        decide(desk, item, "reject", "late")
    assert hear(run, ALL) == screened()


def test_without_a_review_nothing_is_remembered(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", {})
    assert hear(tmp_path / "run", {}) == screened()
    with Store(tmp_path / "run") as store:
        assert store.stage(1, "review") is None


def test_a_review_of_other_candidates_is_refused(run: Path) -> None:
    accept_the_others(run)
    with Store(run, write=True) as store:
        store.commit_wave(1, 1, Screened((made(500),)))
    with pytest.raises(StoreError, match="of other candidates than round 1 has"):
        hear(run, ALL)


def test_what_was_said_of_the_same_words_holds_in_another_round(tmp_path: Path) -> None:
    again = Screened((made(100), made(999)))
    write_reviewable(tmp_path / "run", {"fraction": 1.0}, {1: screened(), 2: again})
    shown = items(tmp_path / "run")
    with Desk.open(tmp_path / "run") as desk:
        decide(desk, shown[made(100).id], "reject", "d")
    assert made(100) not in hear(tmp_path / "run", {"fraction": 1.0}, 1).accepted
    assert hear(tmp_path / "run", {"fraction": 1.0}, 2).accepted == (made(999),)


def test_a_stage_that_met_a_full_disk_is_done_again_and_the_same(run: Path) -> None:
    accept_the_others(run)
    for place in ("human.uncommitted:1:full", "file.written:1:full", "stage.uncommitted:1:full"):
        arm(place)
        with pytest.raises(Exception, match="No space left"):
            hear(run, ALL)
        arm("")
    done = hear(run, ALL)
    with Store(run) as store:
        said = [
            one for row in done.accepted for one in store.scores_of(row.id) if one.source == "human"
        ]
    assert len(said) == 20
