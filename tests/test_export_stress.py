from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.apart import stress_rows
from selfinstruct.errors import StoreError, UserError
from selfinstruct.export.stress import choose, take_apart
from selfinstruct.fork import Settings, fork
from selfinstruct.settled import STAGE
from selfinstruct.store import Store
from selfinstruct.types import Example, Screened
from tests.exported import DATA, MIXED, PROMPT, config, made, write_exported
from tests.reviewed import review_stage


def row(n: int, label: str | None = None, request: str = "") -> Example:
    return Example(f"row {n}", response="r", label=label, request=request, origin="synthetic")


def test_reviewed_rows_come_first_then_requests_then_rare_labels_in_turns() -> None:
    train = [row(n, "common") for n in range(5)] + [row(9, "rare")]
    rows = [row(10 + n, "common") for n in range(4)] + [row(20 + n, "rare") for n in range(2)]
    asked, seen, new = row(30, "common", "in anger"), row(31, "common"), row(32, "new")
    found = choose([*rows, asked, seen, new], train, 9, reviewed={seen.id})
    assert found[:2] == (seen, asked)
    assert [each.label for each in found[2:]] == [
        *("new", "rare", "common", "rare", "common", "common", "common")
    ]


@given(st.integers(0, 12), st.permutations(range(8)))
def test_the_order_of_the_rows_and_more_of_them_change_nothing_before(
    limit: int, order: list[int]
) -> None:
    rows = [row(n, "ab"[n % 2], "x" * (n % 3 == 0)) for n in range(8)]
    whole = choose(rows, [], 8)
    found = choose([rows[n] for n in order], [], limit)
    assert found == whole[:limit]
    more = choose(rows, [], 8, first=found)
    assert more[: len(found)] == found
    assert {each.id for each in more} == {each.id for each in whole}


def test_a_stress_set_is_of_rows_that_no_champion_learned_from(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    found = take_apart(run, 100)
    learned = {each.id for each in made(1)[:MIXED]}  # round 1 was accepted, round 2 was not
    assert {each.id for each in found} == {each.id for each in (*made(1), *made(2))} - learned
    assert found[0].request
    with Store(run) as store:
        assert stress_rows(store) == found


def test_a_round_that_is_not_judged_yet_may_still_be_champion(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t", ("reject", None))
    found = {each.id for each in take_apart(run, 100)}
    assert not found & {each.id for each in made(2)[:MIXED]}
    assert {each.id for each in made(1)} < found


def test_the_set_stays_as_it_is_and_only_grows(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    few = take_apart(run, 3)
    assert len(few) == 3
    (wanted,) = [row for row in made(2)[:1] if row not in few] or made(2)[1:2]
    say(run, kept=[wanted.id])
    more = take_apart(run, 5)
    assert more[:4] == (*few, wanted)
    assert take_apart(run, 3) == few
    with Store(run, write=True) as store:  # what is there is read, whoever writes
        assert take_apart(run, 5) == more
        assert len(stress_rows(store)) == 5
        with pytest.raises(StoreError):
            take_apart(run, 6)


def say(run: Path, kept: Sequence[str] = (), dropped: Sequence[str] = ()) -> None:
    """What a review of round 2 let through, and left out."""
    out = [{"id": id_, "reason": "unclear"} for id_ in dropped]
    with Store(run, write=True) as store:
        store.commit_stage(2, STAGE, review_stage(kept=[*kept], dropped=out), 1.0)


def test_what_people_let_through_comes_first_and_what_they_left_out_never(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t", ("accept", None))
    first, out = made(2)[4], made(2)[3]
    say(run, [first.id], [out.id])
    found = take_apart(run, 100)
    assert found[0] == first
    assert out not in found


def test_a_round_that_is_half_asked_for_is_waited_for(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    with Store(run, write=True) as store:
        store.begin_attempts(3, 0, "openai:big", [("call-3", PROMPT, 0)])
    with pytest.raises(UserError, match="in the middle of asking for round 3"):
        take_apart(run, 5)
    with Store(run, write=True) as store:
        store.commit_wave(3, 0, Screened())
        store.commit_stage(3, "generate", {"accepted": 0}, 1.0)
    assert len(take_apart(run, 5)) == 5


def test_a_fork_is_not_in_the_middle_of_a_round_that_it_left_out(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    asked = config(tmp_path, mixture={"synthetic_share": 0.2}, name="u")
    fork(run, "u", Settings(asked, {}))
    with Store(tmp_path / "u", write=True) as store:
        assert (store.waves(), store.rounds_asked()) == ([(1, 0)], [1, 2])
        store.begin_attempts(2, 0, "openai:big", [("call-2b", PROMPT, 1)])
    with pytest.raises(UserError, match="in the middle of asking for round 2"):
        take_apart(tmp_path / "u", 3)
    (tmp_path / "u").rename(tmp_path / "begun")
    fork(run, "u", Settings(asked, {}))
    assert len(take_apart(tmp_path / "u", 3)) == 3


def test_where_a_champion_learned_from_every_row_there_is_no_set(tmp_path: Path) -> None:
    run = tmp_path / "t"
    write_exported(run, ())
    with pytest.raises(UserError, match="no row for a stress set"):
        take_apart(run, 5)
    assert Counter(each.origin for each in DATA.train) == {"real": 6}
    assert replace(made(1)[0], round=2).id == made(1)[0].id
