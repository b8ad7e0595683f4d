"""Who is asked about, in which order, and what is drawn by chance."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import ReviewConfig
from selfinstruct.review.queue import Known, eligible, queue_of, size_of
from selfinstruct.review.tables import hash_of
from selfinstruct.types import Rejection, Score, Screened
from tests.reviewed import made, real_rows, screened

HALF = ReviewConfig(fraction=0.5, random=0.2)
KNOWN = Known(
    real_rows(0, 12), screened().accepted, 0.7, {}, 4, {"call-1": ("label_first", "q v1")}
)


@pytest.mark.parametrize(
    ("reason", "value", "threshold", "asked"),
    [
        ("too_similar", 0.71, 0.7, True),
        ("too_similar", 0.88, 0.7, False),
        ("low_grade", 3.0, 4.0, True),
        ("low_grade", 1.0, 4.0, False),
        ("personal_data", "email", None, True),
        ("memorised", 40, 13, True),
        ("contaminated", 0.51, 0.5, False),
        ("too_many_children", 10, 10, False),
        ("fails_when_run", "error", "m:f", False),
        ("duplicate", None, None, False),
        ("round_full", None, None, False),
        ("unreadable", None, None, False),
        ("foreign_language", "de", "en", False),
    ],
)
def test_near_misses_are_those_that_a_person_may_set_aside(
    reason: str, value: float | str | None, threshold: float | str | None, asked: bool
) -> None:
    item = Rejection(made(1), reason, value, threshold)
    found = eligible(Screened((made(2),), (item,)))
    assert [each.fate for each in found] == ["accepted", *([reason] if asked else [])]


def test_each_row_is_asked_about_once_and_never_again() -> None:
    twin = Rejection(made(1), "too_similar", 0.72, 0.7)
    found = eligible(Screened((made(2),), (twin, replace(twin, value=0.73))))
    assert len(found) == 2
    assert eligible(Screened((made(2),), (twin,)), frozenset({made(2).id, made(1).id})) == []


@given(st.floats(0.01, 1), st.floats(0, 1), st.integers(0, 9))
def test_a_queue_is_as_long_as_asked_and_its_slice_is_of_accepted_rows(
    fraction: float, drawn: float, seed: int
) -> None:
    cfg, round_ = ReviewConfig(fraction=fraction, random=drawn), screened()
    items = queue_of(round_, 1, KNOWN, cfg, seed, start=7)
    count = len(eligible(round_))
    assert len(items) == size_of(count, cfg)
    assert len({item.id for item in items}) == len(items)
    assert [item.position for item in items] == list(range(7, 7 + len(items)))
    by_chance = [item for item in items if item.is_random]
    assert all(item.fate == "accepted" for item in by_chance)
    assert len(by_chance) == min(len(round_.accepted), -(-len(items) * drawn // 1))
    rest = [item.hardness for item in items if not item.is_random]
    assert rest == sorted(rest, reverse=True)
    assert items == queue_of(round_, 1, KNOWN, cfg, seed, start=7)
    assert all(item.hash == hash_of(item) and item.why for item in items)


def test_the_slice_is_uniform_over_the_accepted_rows_however_hard() -> None:
    round_ = screened(accepted=10, near=2)
    seen: Counter[str] = Counter()
    for seed in range(2000):
        cfg = ReviewConfig(fraction=0.5, random=0.3)
        seen.update(i.id for i in queue_of(round_, 1, KNOWN, cfg, seed) if i.is_random)
    assert set(seen) == {row.id for row in round_.accepted}
    share = seen.total() / 10
    assert all(abs(count - share) < 5 * share**0.5 for count in seen.values())


def test_the_slice_is_at_places_drawn_by_chance() -> None:
    places: Counter[int] = Counter()
    for seed in range(400):
        items = queue_of(screened(), 1, KNOWN, HALF, seed)
        places.update(item.position for item in items if item.is_random)
    assert set(places) == set(range(14))


def test_an_item_says_why_it_is_there_and_what_is_known_of_it() -> None:
    round_ = screened()
    items = {i.id: i for i in queue_of(round_, 1, KNOWN, ReviewConfig(fraction=1), 0)}
    disagreed = items[round_.accepted[0].id]
    assert "disagreement" in disagreed.why
    assert (disagreed.recipe, disagreed.prompt, disagreed.judge) == ("label_first", "q v1", False)
    assert [score.name for score in disagreed.scores] == ["label_agreement", "rubric"]
    assert items[round_.accepted[3].id].judge is True
    rare = [item for item in items.values() if item.example.label == "lost card"]
    assert all("rare_label" in item.why for item in rare)
    hit = next(item for item in items.values() if item.fate == "personal_data")
    assert "personal_data" in hit.why
    assert hit.judge is None
    near = next(item for item in items.values() if item.fate == "too_similar")
    assert "near_threshold" in near.why
    assert near.measured is not None
    assert near.measured.threshold == 0.7
    assert near.nearest_synthetic is not None


def test_a_grade_at_the_line_is_more_doubtful_than_one_far_from_it() -> None:
    rows = tuple(made(at, label="fee") for at in range(4))
    grades = tuple(
        Score(row.id, "rubric", grade, "judge")
        for row, grade in zip(rows, (1.0, 3.0, 4.0, 5.0), strict=True)
    )
    items = queue_of(
        Screened(rows, (), grades),
        1,
        replace(KNOWN, novelty=None),
        ReviewConfig(fraction=1, random=0),
        0,
    )
    doubted = [item.id for item in items if "judge_doubt" in item.why]
    assert set(doubted) == {rows[1].id, rows[2].id}


def test_the_latest_score_of_a_name_counts() -> None:
    row = made(1)
    scores = (Score(row.id, "rubric", 1.0, "judge"), Score(row.id, "rubric", 5.0, "judge"))
    item = queue_of(Screened((row,), (), scores), 1, KNOWN, ReviewConfig(fraction=1), 0)[0]
    assert item.judge is True
    assert item.why == ("random",)


def test_what_nothing_speaks_of_was_asked_for() -> None:
    rows = tuple(made(at, label="fee") for at in range(3))
    bare = replace(KNOWN, novelty=None)
    items = queue_of(Screened(rows), 1, bare, ReviewConfig(fraction=1, random=0), 0)
    assert [item.why for item in items] == [("asked",)] * 3
