from dataclasses import replace

import pytest

from selfinstruct.refilter.fates import Fate, Moved, count, fit, moved
from selfinstruct.types import ROUND_FULL, Example, Rejection, Screened

ROW = Example("Name it.", "some text", "reply", label="a", attempt="answer-1")
BARE = replace(ROW, response="", attempt="question-1")
NEAR = Rejection(ROW, "too_similar", 0.8, 0.7, "n1")
EARLY = Rejection(BARE, "too_similar", 0.8, 0.7, "n1")


def kinds(before: Screened, after: Screened) -> list[str]:
    return [one.kind for one in moved((1, 0), before, after)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Screened((ROW,)), Screened((ROW,)), []),
        (Screened((), (NEAR,)), Screened((), (NEAR,)), []),
        (Screened((ROW,)), Screened((), (NEAR,)), ["dropped"]),
        (Screened((), (NEAR,)), Screened((ROW,)), ["kept"]),
        (Screened((ROW,)), Screened((), (EARLY,)), ["dropped"]),
        (Screened((), (EARLY,)), Screened((ROW,)), ["kept"]),
        (Screened((), (EARLY,)), Screened((), (replace(EARLY, reason="not_asked"),)), ["unknown"]),
        (Screened((), (NEAR,)), Screened((), (replace(NEAR, threshold=0.6),)), ["reason"]),
        (Screened((), (NEAR,)), Screened((), (Rejection(ROW, "echo"),)), ["reason"]),
        (Screened((ROW,)), Screened(), ["dropped"]),
        (Screened((), (NEAR,)), Screened(), ["reason"]),
        (Screened(), Screened((ROW,)), ["kept"]),
    ],
)
def test_a_candidate_whose_fate_changes_is_named_for_how(
    before: Screened, after: Screened, expected: list[str]
) -> None:
    assert kinds(before, after) == expected


def test_one_question_may_become_several_rows() -> None:
    task = Example("Sort these.", attempt="propose")
    instances = tuple(replace(task, input=word, response=word, attempt="i") for word in "xy")
    before = Screened((), (Rejection(task, "too_similar", 0.9, 0.7),))
    both = moved((1, 0), before, Screened(instances))
    assert [(one.kind, one.before and one.before.reason) for one in both] == [
        ("kept", "too_similar"),
        ("kept", "too_similar"),
    ]
    (back, other) = moved((1, 0), Screened(instances), before)
    assert {back.kind, other.kind} == {"dropped"}


def test_a_thousand_copies_of_one_row_are_paired_one_by_one() -> None:
    twin = Rejection(ROW, "duplicate", neighbour=ROW.id)
    many = Screened((ROW,), (twin,) * 999)
    assert kinds(many, many) == []
    assert kinds(many, Screened((), (twin,) * 1000)) == ["dropped"]


@pytest.mark.parametrize(
    "text",
    ["", "word " * 100_000, "😀😀", "\ud83d", "a\x00b", "\u202eright to left", "你好 привет"],
)
def test_any_text_is_paired_with_itself(text: str) -> None:
    row = replace(ROW, input=text)
    assert kinds(Screened((row,)), Screened((row,))) == []
    assert kinds(Screened((row,)), Screened((), (Rejection(row, "echo"),))) == ["dropped"]


def test_a_row_is_shown_as_it_is_when_it_is_kept() -> None:
    (one,) = moved((1, 0), Screened((ROW,)), Screened((), (EARLY,)))
    assert one.row == ROW
    assert Moved(1, 0, Fate(BARE, EARLY), Fate(ROW)).row == ROW
    assert Moved(1, 0, Fate(BARE, EARLY), Fate(ROW, NEAR)).row == ROW


def test_what_passes_every_filter_is_counted_whether_there_was_room_or_not() -> None:
    late = Rejection(replace(ROW, input="late"), ROUND_FULL)
    waves = [Screened((ROW,), (NEAR, late)), Screened((), (late,))]
    assert fit(waves) == 3
    assert count(waves) == {"too_similar": 1, ROUND_FULL: 2}
