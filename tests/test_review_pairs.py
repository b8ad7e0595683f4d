"""Two students' answers without their names."""

from collections import Counter

import pytest

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.review.pairs import Pair, pairs_of, preference
from selfinstruct.types import Report, Split
from tests.reviewed import real_rows

ROWS = real_rows(100, 200)


def report(name: str, split: Split = "dev", same: int = 0) -> Report:
    ids = tuple(row.id for row in ROWS)
    answers = tuple("same" if at < same else f"{name} {at}" for at in range(len(ids)))
    return Report(name, split, ids, {}, answers)


def test_sides_tell_nothing_and_are_the_same_whoever_is_named_first() -> None:
    pairs, swapped = (
        pairs_of(report(a), report(b), ROWS) for a, b in (("one", "two"), ("two", "one"))
    )
    assert [(p.id, p.a, p.b) for p in pairs] == [(p.id, p.a, p.b) for p in swapped]
    assert [p.first_is_a for p in pairs] == [not p.first_is_a for p in swapped]
    assert all(p.a.startswith("one") == p.first_is_a for p in pairs)
    assert 60 < sum(p.first_is_a for p in pairs) < 140
    assert [p.id for p in pairs] != [row.id for row in ROWS]
    assert Counter(p.id for p in pairs) == Counter(row.id for row in ROWS)


def test_equal_answers_are_no_pair() -> None:
    assert len(pairs_of(report("a", same=150), report("b", same=150), ROWS)) == 50


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (report("a", "gate"), report("b", "gate"), "dev rows alone"),
        (report("a"), report("a"), "of one student"),
        (
            Report("a", "dev", (ROWS[0].id,), {}, ("",)),
            Report("b", "dev", (ROWS[0].id,), {}, ("",)),
            "no answers to compare",
        ),
    ],
)
def test_what_cannot_be_compared_is_told(first: Report, second: Report, words: str) -> None:
    with pytest.raises(UserError, match=words):
        pairs_of(first, second, ROWS)


def test_a_preference_is_of_the_student_and_not_of_the_side() -> None:
    def pair(*, first_is_a: bool) -> Pair:
        return Pair("i", 0, ROWS[0], "x", "y", first_is_a)

    found = preference(
        [
            *((pair(first_is_a=True), "a") for _ in range(3)),
            *((pair(first_is_a=False), "b") for _ in range(2)),
            (pair(first_is_a=True), "b"),
            (pair(first_is_a=True), "equal"),
        ]
    )
    assert (found.first, found.second, found.equal) == (5, 1, 1)
    assert (found.share, found.p) == (stats.wilson(5, 6), stats.mcnemar(5, 1))
    assert preference([(pair(first_is_a=True), "equal")]).share is None
