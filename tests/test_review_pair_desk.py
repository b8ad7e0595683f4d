"""Pairs at a desk: what is stored when it says so, in which order they come, what undo does."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.errors import UserError
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import Conflict
from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.review.pairs import Choice, Pair, contest_of, pairs_of
from tests.paired import CONTEST, ROWS, add_pairs, answers, choose, side_of, write_paired
from tests.reviewed import write_reviewable

OF = CONTEST.id


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_paired(tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def desk(run: Path) -> Iterator[PairDesk]:
    with Desk.open(run) as desk:
        yield desk.pairs


def shown(desk: PairDesk) -> Pair:
    pair = desk.next(OF)
    assert pair is not None
    return pair


def all_of(desk: PairDesk) -> list[Pair]:
    return desk.unjudged(OF)


def test_a_choice_is_there_after_the_desk_is_gone(run: Path) -> None:
    with Desk.open(run) as desk:
        pair = shown(desk.pairs)
        stored = choose(desk.pairs, pair, "left", "c1", ms=70).stored
    with Desk.open(run, write=False) as desk:
        assert desk.pairs.standing(pair.id) == stored
        assert stored is not None
        assert (stored.ms, stored.reviewer, stored.at > 0) == (70, "ann", True)
        assert shown(desk.pairs) != pair


def test_pairs_come_in_their_order_then_those_that_were_put_off(desk: PairDesk) -> None:
    pairs = all_of(desk)
    assert [desk.place(pair) for pair in pairs] == [*range(1, 26)]
    choose(desk, pairs[0], "skip", "c0")
    seen = []
    for number in range(24):
        seen.append(shown(desk))
        choose(desk, seen[-1], "equal", f"d{number}")
    assert seen == pairs[1:]
    assert shown(desk) == pairs[0]
    choose(desk, pairs[0], "bad", "last")
    assert desk.next(OF) is None


def test_the_same_id_twice_is_one_choice(desk: PairDesk) -> None:
    pair = shown(desk)
    first, again = (choose(desk, pair, "left", "c1") for _ in range(2))
    assert (first.duplicate, again.duplicate, again.stored) == (False, True, first.stored)
    assert len(desk.choices()) == 1
    with pytest.raises(UserError, match="id of another choice"):
        choose(desk, pair, "right", "c1")


def test_what_was_shown_otherwise_is_a_conflict_and_nothing_is_stored(desk: PairDesk) -> None:
    pair = shown(desk)
    found = desk.choose(Choice("c1", pair.id, "0" * 16, "left"))
    assert (found.conflict, found.stored) == (Conflict(pair.hash), None)
    with pytest.raises(UserError, match="no pair 'x' is in this review"):
        desk.choose(Choice("c1", "x", "0" * 16, "left"))
    with pytest.raises(UserError, match="a command of its own"):
        choose(desk, pair, "undo", "c1")
    assert desk.choices() == []


def test_undo_takes_back_ones_own_newest_of_the_contest_and_after_a_restart(run: Path) -> None:
    other = contest_of(("round-2", "base"), ("made three", "made two"))
    with Desk.open(run) as desk:
        add_pairs(desk.pairs, contest=other)
        pairs = all_of(desk.pairs)
        choose(desk.pairs, pairs[0], "left", "c1")
        choose(desk.pairs, pairs[0], "right", "c2")
        choose(desk.pairs, pairs[1], "left", "c3", reviewer="bob")
        elsewhere = desk.pairs.next(other.id)
        assert elsewhere is not None
        choose(desk.pairs, elsewhere, "left", "c4")
    with Desk.open(run) as desk:
        here = desk.pairs
        assert [here.undo(OF, "ann", f"u{n}") for n in (1, 1)] == [here.choice("c2")] * 2
        assert here.standing(pairs[0].id) == here.choice("c1")
        assert here.undo(OF, "ann", "u2") == here.choice("c1")
        assert shown(here) == pairs[0]
        assert here.undo(OF, "ann", "u3") is None
        assert here.standing(pairs[1].id) == here.choice("c3")
        assert here.standing(elsewhere.id) == here.choice("c4")
        assert [each.action for each in here.choices()][-2:] == ["undo", "undo"]
        with pytest.raises(UserError, match="id of another choice"):
            here.undo(OF, "ann", "c3")


def test_more_rows_add_pairs_and_leave_what_is_there(desk: PairDesk) -> None:
    before = all_of(desk)
    choose(desk, before[0], "left", "c1")
    more = replace(CONTEST, rows=36, first="another name")
    asked: list[tuple[int, int]] = []

    def make(known: int, start: int) -> list[Pair]:
        asked.append((known, start))
        rows = tuple(replace(row, input=f"{row.input} again") for row in ROWS[:6])
        return pairs_of(CONTEST, rows, answers(rows, "one"), answers(rows, "two"), 0, start)

    assert desk.extend(more, make) == replace(CONTEST, rows=36)
    assert desk.extend(more, make).rows == desk.extend(CONTEST, make).rows == 36
    assert asked == [(30, 25)]
    pairs = all_of(desk)
    assert pairs[:25] == before
    assert [pair.position for pair in pairs] == [*range(30)]
    assert desk.outcome(OF).done == 1


def test_an_answer_that_is_there_stays(desk: PairDesk) -> None:
    desk.keep("student", {"a": "one", "b": "two"})
    desk.keep("student", {"b": "other", "c": "three"})
    assert desk.answers("student", {"b", "c", "d"}) == {"b": "two", "c": "three"}
    assert desk.answers("nobody", {"b"}) == {}


def test_the_outcome_is_of_what_holds(desk: PairDesk) -> None:
    for number, pair in enumerate(all_of(desk)[:4]):
        choose(desk, pair, side_of(pair, first=number < 3), f"c{number}")
    desk.undo(OF, "ann", "u")
    desk.hear_judge({pair.id: "first" for pair in all_of(desk)[:2]})
    found = desk.outcome(OF)
    assert (found.first, found.second, found.done, found.pairs, found.alike) == (3, 0, 3, 25, 5)
    assert (found.judge.n, found.judge.share) == (2, 1.0)
    assert len(all_of(desk)) == 23
    with pytest.raises(UserError, match="no contest 'x'"):
        desk.outcome("x")


def test_a_review_of_pairs_alone_needs_no_candidates(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", {"fraction": 0})
    with Desk.open(tmp_path / "run", may_be_empty=True) as desk:
        add_pairs(desk.pairs)
    with Desk.open(tmp_path / "run") as desk:
        assert desk.pairs.contests() == [CONTEST]
