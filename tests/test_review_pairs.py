"""Two students' answers without their names, and what choices between them say."""

from collections import Counter
from dataclasses import replace

import pytest

from selfinstruct import stats
from selfinstruct.review.pairs import (
    Contest,
    Pick,
    Word,
    contest_of,
    drawn,
    outcome,
    pairs_of,
    word,
)
from tests.paired import CONTEST, answers
from tests.reviewed import real_rows

ROWS = real_rows(100, 200)
ONE, TWO = answers(ROWS, "one"), answers(ROWS, "two")


def test_a_contest_is_the_same_whoever_is_named_first_and_another_for_another_manner() -> None:
    there, back = contest_of(("a", "b"), ("1", "2")), contest_of(("b", "a"), ("2", "1"))
    assert (there.id, there.first, there.second) == (back.id, back.second, back.first)
    assert contest_of(("a", "b"), ("1", "3")).id != there.id


def test_rows_are_drawn_by_chance_and_more_of_them_begin_with_the_same() -> None:
    few, many = drawn(ROWS, 20, 1), drawn(ROWS, 50, 1)
    assert many[:20] == few
    assert few != list(ROWS[:20])
    assert drawn(tuple(reversed(ROWS)), 20, 1) == few
    assert drawn(ROWS, 20, 2) != few
    assert Counter(row.id for row in drawn(ROWS, 999, 1)) == Counter(row.id for row in ROWS)


def test_sides_go_by_a_seeded_coin_of_each_pair() -> None:
    pairs = pairs_of(CONTEST, ROWS, ONE, TWO, 0)
    assert pairs_of(CONTEST, ROWS, ONE, TWO, 0) == pairs
    assert 60 < sum(pair.first_left for pair in pairs) < 106
    assert all(pair.left.startswith("one") == pair.first_left for pair in pairs)
    assert all(pair.answers == (ONE[pair.example.id], TWO[pair.example.id]) for pair in pairs)
    other = pairs_of(CONTEST, ROWS, ONE, TWO, 1)
    assert [pair.first_left for pair in other] != [pair.first_left for pair in pairs]
    part = pairs_of(CONTEST, ROWS[50:], ONE, TWO, 0, 41)
    assert part == [pair for pair in pairs if pair.example in ROWS[50:]]


def test_rows_that_are_answered_alike_are_no_pairs() -> None:
    found = pairs_of(CONTEST, ROWS, ONE, ONE, 0)
    assert found == []
    spaced = {id_: f" {answer}\n" for id_, answer in ONE.items()}
    assert pairs_of(CONTEST, ROWS, ONE, spaced, 0) == []
    assert len(pairs_of(CONTEST, ROWS, ONE, TWO, 0)) == len(ROWS) - len(ROWS[::6])


def test_a_hash_is_of_all_that_is_shown_and_of_nothing_else() -> None:
    pair = pairs_of(CONTEST, ROWS, ONE, TWO, 0)[0]
    for change in ({"left": "?"}, {"right": "?"}, {"example": ROWS[9]}):
        assert replace(pair, **change).hash != pair.hash
    assert replace(pair, first_left=not pair.first_left, position=7).hash == pair.hash


@pytest.mark.parametrize(
    ("action", "first_left", "said"),
    [
        ("left", True, "first"),
        ("left", False, "second"),
        ("right", True, "second"),
        ("right", False, "first"),
        ("equal", True, "equal"),
        ("bad", False, "equal"),
    ],
)
def test_a_choice_is_of_the_student_and_not_of_the_side(
    action: str, first_left: bool, said: str
) -> None:
    assert word(action, first_left=first_left) == said


def chosen(
    first: int, second: int, *others: Pick | None
) -> list[tuple[str | None, bool, Word | None]]:
    """So many choices for either, on alternating sides, and others."""
    sides = [bool(at % 2) for at in range(first + second)]
    wins = [at < first for at in range(first + second)]
    picks = [
        ("left" if side == win else "right", side, None)
        for side, win in zip(sides, wins, strict=True)
    ]
    return [*picks, *((other, True, None) for other in others)]


@pytest.mark.parametrize(
    ("first", "second", "others", "verdict"),
    [
        (18, 4, (), "better"),
        (4, 18, (), "worse"),
        (12, 10, (), "inconclusive"),
        (0, 0, ("equal",) * 30, "inconclusive"),
        (12, 0, (), "inconclusive"),  # surely preferred, on fewer than 20
        (12, 0, ("bad",) * 8, "better"),
        (12, 0, ("bad",) * 7 + ("skip", None), "inconclusive"),
    ],
)
def test_the_verdict_is_the_exact_two_sided_sign_test(
    first: int, second: int, others: tuple[Pick | None, ...], verdict: str
) -> None:
    found = outcome(CONTEST, chosen(first, second, *others))
    assert (found.first, found.second, found.verdict) == (first, second, verdict)
    assert found.p_value == stats.mcnemar(first, second)
    settled = sum(other in ("equal", "bad") for other in others)
    assert (found.done, found.pairs) == (first + second + settled, first + second + len(others))
    if first + second:
        assert found.prefer_first == stats.wilson(first, first + second)
    else:
        assert found.prefer_first is None


def test_counts_are_of_their_kind() -> None:
    found = outcome(
        Contest("c", "one", "two", 10), chosen(2, 1, "equal", "bad", "bad", "skip", None)
    )
    counts = (found.first, found.second, found.equal, found.bad, found.skipped)
    assert (counts, found.alike) == ((2, 1, 1, 2, 1), 2)


def test_the_judge_agrees_where_it_says_the_same_of_a_judged_pair() -> None:
    said: list[tuple[str | None, bool, Word | None]] = [
        ("left", True, "first"),
        ("left", False, "first"),
        ("bad", True, "equal"),
        ("right", True, "second"),
        ("right", True, None),
        (None, True, "first"),
        ("skip", True, "first"),
    ]
    judge = outcome(CONTEST, said).judge
    pairs = [("first", "first"), ("first", "second"), ("equal", "equal"), ("second", "second")]
    assert (judge.n, judge.share, judge.kappa) == (4, 0.75, stats.cohen_kappa(pairs))
    assert outcome(CONTEST, [("left", True, None)]).judge.share is None
