"""Rows that come again: which, when, to whom, and that a second look settles nothing."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.review.again import GAP, SMALLEST, WIDEST, draw
from selfinstruct.review.desk import Desk
from selfinstruct.review.hearing import hear, said_since
from selfinstruct.review.nouns import EVERYTHING, Action, Asked, Constancy, Decision, Filters
from tests.reviewed import decide, screened, write_reviewable

OPEN = Filters()
ALWAYS: dict[bool, Action] = {False: "accept", True: "accept"}


@given(st.integers(0, 400), st.floats(0, 1), st.integers())
def test_what_is_drawn_lies_far_apart_and_fits_into_the_queue(
    count: int, share: float, seed: int
) -> None:
    drawn = draw(count, share, random.Random(seed))
    assert drawn == draw(count, share, random.Random(seed))
    expected = 0 if count < SMALLEST else min(int(count * share), count - GAP)
    assert len(drawn) == expected
    assert len({each.place for each in drawn}) == expected
    assert [each.turn for each in drawn] == list(range(expected))
    for each in drawn:
        assert 0 <= each.place < count - GAP
        assert GAP <= each.gap <= min(WIDEST, count - 1 - each.place)


def test_rows_are_drawn_alike_from_all_that_can_come_again() -> None:
    rng = random.Random(5)
    places = [each.place for _ in range(400) for each in draw(50, 0.1, rng)]
    assert min(places) == 0 and max(places) == 39
    assert 17 < sum(places) / len(places) < 22


def test_a_queue_that_is_too_small_has_none() -> None:
    assert draw(SMALLEST - 1, 1.0, random.Random(0)) == []
    assert len(draw(SMALLEST, 0.05, random.Random(0))) == 1
    assert draw(SMALLEST, 0.0, random.Random(0)) == []


def walk(desk: Desk, says: dict[bool, Action], reviewer: str = "ann") -> list[Asked]:
    """What a person is asked who goes through all, deciding so at first and so when asked again."""
    found: list[Asked] = []
    while len(found) < 99:
        asked = desk.again(reviewer, OPEN)
        if asked is None:
            item = desk.next(OPEN)
            if item is None:
                return found
            asked = Asked(item)
        found.append(asked)
        action = says[asked.again is not None]
        id_ = f"{reviewer}-{len(found)}"
        done = decide(desk, asked.item, action, id_, again=asked.again, reviewer=reviewer)
        assert done.stored is not None
    raise AssertionError("it never ends")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "run", {"fraction": 1.0, "reshow": 0.2})
    return tmp_path / "run"


def test_each_that_is_drawn_comes_once_more_after_enough_others(run: Path) -> None:
    with Desk.open(run) as desk:
        asked = walk(desk, {False: "accept", True: "reject"})
        total = len(desk.listed(EVERYTHING, 0, 99))
        held = [desk.standing(line.id) for line in desk.listed(EVERYTHING, 0, 99)]
        found = desk.progress(EVERYTHING)
    again = [at for at, each in enumerate(asked) if each.again is not None]
    assert (total, len(again)) == (27, 5)
    assert len({asked[at].item.id for at in again}) == 5
    for at in again:
        first = next(i for i, each in enumerate(asked) if each.item.id == asked[at].item.id)
        between = sum(each.again is None for each in asked[first + 1 : at])
        assert between >= GAP
    assert all(said is not None and said.action == "accept" for said in held)
    assert (found.done, found.accepted, found.rejected) == (27, 27, 0)
    assert found.constancy == Constancy(5, 5, stats.wilson(0, 5), 0.0)


def test_the_order_is_the_same_after_a_restart_and_in_another_run(
    run: Path, tmp_path: Path
) -> None:
    write_reviewable(tmp_path / "two" / "run", {"fraction": 1.0, "reshow": 0.2})
    with Desk.open(tmp_path / "two" / "run") as desk:
        whole = [(each.item.id, each.again) for each in walk(desk, ALWAYS)]
    pieces: list[tuple[str, str | None]] = []
    while len(pieces) < len(whole):
        with Desk.open(run) as desk:  # a restart after each decision
            asked = desk.again("ann", OPEN)
            if asked is None:
                item = desk.next(OPEN)
                assert item is not None
                asked = Asked(item)
            pieces.append((asked.item.id, asked.again))
            id_ = f"ann-{len(pieces)}"
            decide(desk, asked.item, "accept", id_, again=asked.again)
    assert pieces == whole


def test_who_decided_first_is_asked_again_and_nobody_else(run: Path) -> None:
    with Desk.open(run) as desk:
        for number, line in enumerate(desk.listed(EVERYTHING, 0, 26)):
            decide(desk, desk.item(line.id), "accept", f"d{number}", reviewer="bob")
        assert desk.again("ann", OPEN) is None
        assert desk.again("bob", OPEN) is not None
        assert desk.again("bob", Filters(text="nowhere to be found")) is None


def test_an_undo_takes_a_second_look_back_and_it_comes_again(run: Path) -> None:
    with Desk.open(run) as desk:
        asked = walk(desk, {False: "accept", True: "reject"})
        last = [each for each in asked if each.again is not None][-1]
        undone = [desk.undo("ann", f"u{n}") for n in range(len(asked))]
        seconds = [each for each in undone if each is not None and each.again is not None]
        assert seconds[0].again == last.again
        assert len(desk.listed(Filters(state="open"), 0, 99)) == 27
        assert desk.progress(EVERYTHING).constancy == Constancy(5, 0)
        assert [(each.item.id) for each in walk(desk, ALWAYS, "cleo")] == [
            each.item.id for each in asked
        ]


def test_what_one_changed_ones_mind_about_is_no_second_look_and_comes_no_more(run: Path) -> None:
    with Desk.open(run) as desk:
        asked = walk(desk, ALWAYS)
        twice = next(each for each in asked if each.again is not None)
        decide(desk, twice.item, "reject", "changed")
        assert desk.again("ann", OPEN) is None
        held = desk.standing(twice.item.id)
        assert held is not None and held.id == "changed"
        assert desk.progress(EVERYTHING).constancy.n == 5


def test_a_second_look_that_nobody_asked_for_is_refused(run: Path) -> None:
    with Desk.open(run) as desk:
        item = desk.next(OPEN)
        assert item is not None
        decide(desk, item, "accept", "d1")
        for again in ("d1", "nobody's"):
            with pytest.raises(UserError, match="is not asked about once more"):
                decide(desk, item, "accept", "d2", again=again)
        assert len(desk.decisions()) == 1


def test_a_skip_is_an_answer_that_counts_for_nothing(run: Path) -> None:
    with Desk.open(run) as desk:
        walk(desk, {False: "reject", True: "skip"})
        assert desk.progress(EVERYTHING).constancy == Constancy(5, 0)
        assert desk.listed(Filters(state="open"), 0, 9) == []


def test_a_run_hears_the_first_decision_and_keeps_the_second_as_a_score_of_its_own(
    run: Path,
) -> None:
    with Desk.open(run) as desk:
        walk(desk, {False: "accept", True: "reject"})
        undone: list[Decision] = []
        while not undone or undone[-1].again is None:  # until it is a second look
            one = desk.undo("ann", f"u{len(undone)}")
            assert one is not None
            undone.append(one)
    heard = hear(run, 1)
    assert heard is not None
    assert {each.action for each in heard.standing} == {"accept"}
    assert heard.left == len(undone) - 1
    names = [one.name for _, one in said_since(run, 0).scores]
    assert (names.count("review"), names.count("review_again")) == (27, 5)
    assert names[-1] == "review_undone_again"


def test_rounds_come_again_each_by_its_own_draw(tmp_path: Path) -> None:
    rounds = {1: screened(), 2: screened(index=2)}
    write_reviewable(tmp_path / "run", {"fraction": 1.0, "reshow": 0.1}, rounds)
    with Desk.open(tmp_path / "run") as desk:
        asked = walk(desk, ALWAYS)
        again = [each.item.round for each in asked if each.again is not None]
        assert sorted(again) == [1, 1, 2, 2]
        assert desk.progress(Filters(round=2)).constancy.planned == 2
