"""A desk: what is stored when it says so, in which order items come, who may decide."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.disk.lock import lock
from selfinstruct.errors import StoreError, UserError
from selfinstruct.review.desk import LOCK, Desk
from selfinstruct.review.nouns import EVERYTHING, Conflict, Decision, Edited, Filters
from selfinstruct.store import Store
from tests.reviewed import decide, real_rows, screened, write_reviewable

OPEN = Filters()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def desk(run: Path) -> Iterator[Desk]:
    with Desk.open(run) as desk:
        yield desk


def positions(desk: Desk) -> list[int]:
    """The order in which a person who skips nothing is shown what is open."""
    found, after = [], -1
    while (item := desk.next(OPEN, after)) is not None:
        found.append(after := item.position)
    return found


def test_the_order_is_frozen_and_a_restart_shows_the_same(run: Path) -> None:
    with Desk.open(run) as desk:
        before = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)]
    with Desk.open(run, fraction=1.0) as desk:
        assert [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)] == before
        assert positions(desk) == list(range(14))


def test_a_decision_is_there_after_the_desk_is_gone(run: Path) -> None:
    with Desk.open(run) as desk:
        item = desk.next(OPEN)
        assert item is not None
        stored = decide(desk, item, "reject", "d1", reason="unclear", note="?", ms=70).stored
    with Desk.open(run, write=False) as desk:
        assert desk.standing(item.id) == stored
        assert stored is not None
        assert (stored.reason, stored.note, stored.ms, stored.at > 0) == ("unclear", "?", 70, True)
        assert desk.next(OPEN) != item
        assert desk.listed(Filters(state="decided"), 0, 9)[0].action == "reject"


def test_the_same_id_twice_is_one_decision(desk: Desk) -> None:
    item = desk.next(OPEN)
    assert item is not None
    first, again = (decide(desk, item, "accept", "d1") for _ in range(2))
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.stored == first.stored
    assert len(desk.decisions()) == 1
    with pytest.raises(UserError, match="id of another decision"):
        decide(desk, item, "reject", "d1")


def test_an_item_that_was_shown_otherwise_is_a_conflict_and_nothing_is_stored(desk: Desk) -> None:
    item = desk.next(OPEN)
    assert item is not None
    found = desk.decide(Decision("d1", item.id, "0" * 16, "accept"))
    assert (found.conflict, found.stored) == (Conflict(item.hash), None)
    assert desk.decisions() == []


def test_what_was_put_off_comes_after_all_that_is_fresh_in_that_order(desk: Desk) -> None:
    items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 3)]
    decide(desk, items[1], "skip", "d1")
    decide(desk, items[0], "flag", "d2")
    assert positions(desk) == [*range(2, 14), 1, 0]
    assert desk.next(OPEN, after=1) == items[0]  # what follows one that was put off
    assert [line.action for line in desk.listed(OPEN, 0, 3)] == ["flag", "skip", None]
    decide(desk, items[1], "accept", "d3")
    assert positions(desk) == [*range(2, 14), 0]


def test_undo_takes_back_ones_own_newest_as_far_as_wanted_and_after_a_restart(run: Path) -> None:
    with Desk.open(run) as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 3)]
        decide(desk, items[0], "skip", "d1")
        decide(desk, items[0], "accept", "d2")
        decide(desk, items[1], "reject", "d3", reviewer="bob")
    with Desk.open(run) as desk:
        assert [desk.undo("ann", f"u{n}") for n in (1, 1)] == [desk.decision("d2")] * 2
        standing = desk.standing(items[0].id)
        assert standing is not None
        assert standing.id == "d1"
        assert positions(desk)[-1] == 0
        assert desk.undo("ann", "u2") == desk.decision("d1")
        assert desk.undo("ann", "u3") is None
        assert positions(desk) == [0, *range(2, 14)]
        assert desk.standing(items[1].id) == desk.decision("d3")
        with pytest.raises(UserError, match="id of another decision"):
            desk.undo("ann", "d3")


def test_filters_choose_by_label_reason_round_text_and_state(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", rounds={1: screened(), 2: screened(index=2)})
    with Desk.open(tmp_path / "run") as desk:
        lines = desk.listed(EVERYTHING, 0, 99)
        assert [line.round for line in lines] == [1] * 14 + [2] * 14
        for filters, fits in (
            (Filters(label="fee", state="all"), lambda line: line.label == "fee"),
            (Filters(why="random", state="all"), lambda line: "random" in line.why),
            (Filters(round=2, state="all"), lambda line: line.round == 2),
            (Filters(text=lines[3].text[-9:].upper(), state="all"), lambda line: line == lines[3]),
        ):
            assert desk.listed(filters, 0, 99) == [line for line in lines if fits(line)]
            found = desk.next(filters)
            assert found is not None
            assert found.id == next(line.id for line in lines if fits(line))
        assert desk.listed(EVERYTHING, 5, 2) == lines[5:7]
        assert desk.next(Filters(text="nowhere to be found")) is None


def test_a_round_that_is_complete_later_is_queued_behind(run: Path) -> None:
    with Desk.open(run) as desk:
        with Store(run, write=True) as store:  # the run goes on meanwhile
            store.commit_wave(2, 0, screened(index=2))
            store.commit_stage(2, "generate", {}, 1.0)
        desk.refresh()
        desk.refresh()
        assert [line.round for line in desk.listed(EVERYTHING, 0, 99)] == [1] * 14 + [2] * 14


def test_one_process_decides_and_a_second_is_told_who(run: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from selfinstruct.review.desk import Desk\n"
        "with Desk.open(Path(sys.argv[1])): print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(run)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError, match=rf"\(reviews\) is in use by process {other.pid}"):
            Desk.open(run)
        with Desk.open(run, write=False) as desk:
            assert desk.next(OPEN) is not None
        other.communicate("")
    Desk.open(run).close()


def test_a_desk_that_fails_to_open_lets_go_of_the_lock(run: Path) -> None:
    (run / "reviews.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError):
        Desk.open(run)
    lock(run, LOCK).release()


def test_nothing_to_ask_is_told_with_what_to_do(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", {"fraction": 0})
    with pytest.raises(UserError, match=r"review.fraction is 0(.|\n)*--fraction 0.2"):
        Desk.open(tmp_path / "run")
    with pytest.raises(StoreError, match="has no reviews yet"):
        Desk.open(tmp_path / "run", write=False)
    with Desk.open(tmp_path / "run", fraction=0.2) as desk:
        assert len(desk.listed(EVERYTHING, 0, 99)) == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"action": "undo"}, "a command of its own"),
        ({"action": "edit"}, "an edit comes with the edited text"),
        ({"action": "accept", "edited": Edited("x")}, "an edit comes with the edited text"),
        ({"action": "accept", "item": "0" * 16}, "no row '0000000000000000' is in the queue"),
    ],
)
def test_a_decision_that_is_none_is_refused(
    desk: Desk, changes: dict[str, str], words: str
) -> None:
    item = desk.next(OPEN)
    assert item is not None
    with pytest.raises(UserError, match=words):
        desk.decide(Decision(**{"id": "d", "item": item.id, "item_hash": item.hash, **changes}))  # type: ignore[arg-type]
    assert desk.decisions() == []


def test_an_edit_that_a_filter_drops_is_refused_with_its_reason(desk: Desk) -> None:
    item = desk.next(OPEN)
    assert item is not None
    gate = real_rows(40, 1)[0]
    found = decide(
        desk, item, "edit", "d1", edited=Edited(gate.instruction, gate.input, "an answer", "fee")
    )
    assert found.refused is not None
    assert found.refused.reason == "contaminated"
    assert (found.stored, desk.decisions()) == (None, [])
    good = Edited("Name the intent.", "where is my wholly new parcel", "On its way.", "fee")
    assert decide(desk, item, "edit", "d2", edited=good).stored is not None
    standing = desk.standing(item.id)
    assert standing is not None
    assert standing.edited == good
