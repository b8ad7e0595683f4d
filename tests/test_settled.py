"""A round's candidates after its review: who leaves, who joins, and that none vanishes."""

from pathlib import Path
from typing import Any

from selfinstruct.rows import from_example, from_rejection
from selfinstruct.settled import DROPPED, EDITED, pool_before, settle, settled
from selfinstruct.store import Store
from selfinstruct.types import Rejection
from tests.reviewed import made, screened, write_reviewable

NONE: dict[str, Any] = {
    name: [] for name in ("kept", "dropped", "joined", "edited", "unedited", "refused")
}


def changes() -> dict[str, Any]:
    round_ = screened()
    rows, near = round_.accepted, [item.what for item in round_.rejected]
    return {
        **NONE,
        "dropped": [{"id": rows[0].id, "reason": "unclear"}],
        "joined": [near[1].id, near[0].id],
        "edited": [{"id": rows[1].id, "row": from_example(made(900))}],
        "unedited": [{"id": rows[2].id}],
        "refused": [
            from_rejection(Rejection(made(901), "contaminated", 0.6, 0.5)),
            from_rejection(Rejection(near[2], "contradiction")),
        ],
    }


def test_every_change_is_made_and_every_candidate_is_still_there() -> None:
    before = screened()
    found = settle(before, changes())
    near = [item.what for item in before.rejected]
    assert found.accepted == (*before.accepted[3:], near[1], near[0], made(900))
    reasons = {item.what.id: item for item in found.rejected}
    assert reasons[before.accepted[0].id] == Rejection(before.accepted[0], DROPPED, "unclear")
    assert reasons[before.accepted[1].id] == Rejection(
        before.accepted[1], EDITED, neighbour=made(900).id
    )
    assert reasons[before.accepted[2].id] == Rejection(before.accepted[2], EDITED)
    assert reasons[near[2].id].reason == "contradiction"
    of_before = len(before.accepted) + len(before.rejected)
    assert len(found.accepted) + len(found.rejected) == of_before + 2  # the two edited texts


def test_no_change_is_none() -> None:
    assert settle(screened(), NONE) == screened()


def test_a_change_to_a_row_that_is_not_there_is_left_aside() -> None:
    elsewhere = {**NONE, "joined": ["0" * 16], "dropped": [{"id": "1" * 16, "reason": ""}]}
    assert settle(screened(), elsewhere) == screened()


def test_the_pool_is_of_the_rounds_whose_student_was_accepted(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", rounds={1: screened(), 2: screened(index=2)})
    with Store(tmp_path / "run", write=True) as store:
        store.commit_stage(1, "review", changes(), 1.0)
        assert settled(store, 1) == settle(screened(), changes())
        assert settled(store, 2) == screened(index=2)
        assert pool_before(store, 2) == ()
        store.commit_stage(1, "gate", {"verdict": {"outcome": "accept"}}, 1.0)
        store.commit_stage(2, "gate", {"verdict": {"outcome": "reject"}}, 1.0)
        assert pool_before(store, 3) == settle(screened(), changes()).accepted
        assert pool_before(store, 1) == ()
