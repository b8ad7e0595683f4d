"""An item and a review's progress in words."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from selfinstruct.cli.review_text import print_item, print_progress, progress_lines
from selfinstruct.review.nouns import (
    Agreement,
    Constancy,
    Item,
    LabelCount,
    Measured,
    Neighbour,
    Progress,
)
from selfinstruct.types import Interval, Message, Score
from tests.reviewed import made

NOTHING = Progress(0, 9, 0, 0, 0, 0, 0, 0, None, Agreement(0, None, None))
SOME = Progress(
    *(5, 9, 3, 1, 1, 2, 0, 4),
    Interval(0.75, 0.3, 0.95),
    Agreement(5, 0.8, 0.6),
    (LabelCount(None, 1, 2), LabelCount("fee", 4, 7)),
    2.0,
    120.0,
    Constancy(5, 4, Interval(0.75, 0.3, 0.95), 0.5),
)


def test_progress_says_what_it_knows_and_no_more() -> None:
    assert list(progress_lines(NOTHING)) == [
        "0 of 9 decided",
        "no rows come again: a queue of less than 20 is too small for it, or review.reshow was 0"
        " when it was made",
    ]
    waiting = replace(NOTHING, constancy=Constancy(3))
    assert list(progress_lines(waiting))[1].startswith("3 rows come again later, without a mark")
    imported = replace(NOTHING, constancy=Constancy(0, 2, Interval(0.5, 0.1, 0.9)))
    assert "50.0 % [10.0, 90.0] of 2 rows" in list(progress_lines(imported))[1]
    alone = replace(NOTHING, constancy=Constancy(3, 1, Interval(1.0, 0.2, 1.0)))
    assert "100.0 % [20.0, 100.0] of 1 rows decided twice (kappa none)" in "".join(
        progress_lines(alone)
    )
    assert list(progress_lines(SOME)) == [
        "5 of 9 decided: 3 accepted, 1 edited, 1 rejected, 2 put off",
        "rows that stand as they are: 75.0 % [30.0, 95.0], by 4 drawn by chance",
        "the judge agrees on 80% of 5 (kappa 0.60)",
        "agreement with oneself: 75.0 % [30.0, 95.0] of 4 rows decided twice (kappa 0.50),"
        " 5 planned",
        "2.0 a minute, 2 min 0 s left",
        "  no label: 1 of 2",
        "  fee: 4 of 7",
    ]


@pytest.mark.parametrize(("done", "told"), [(0, "1 of 9"), (8, "9 of 9"), (9, "9 of 9")])
def test_nothing_marks_a_row_that_comes_again_at_the_end(done: int, told: str) -> None:
    out = io.StringIO()
    item = Item(made(1).id, 3, "h", 1, made(1), "accepted", None, ("random",), 0.5)
    print_item(Console(file=out, width=200), item, replace(NOTHING, done=done))
    assert f"{told} · round 1" in out.getvalue()


@pytest.mark.parametrize("progress", [NOTHING, SOME, replace(SOME, done=9, seconds_left=0.0)])
def test_an_item_is_shown_with_all_there_is_to_judge_it_by(progress: Progress) -> None:
    example = replace(made(1), turns=(Message("user", "hello there"),))
    measured, near = Measured(0.71, 0.7), Neighbour(made(2), 0.5)
    score = Score(example.id, "rubric", 3.0, "judge", "the judge")
    item = Item(
        *(example.id, 0, "h", 2, example, "too_similar", measured, ("near_threshold",), 0.9),
        scores=(score,),
        nearest_real=near,
    )
    out = io.StringIO()
    print_item(Console(file=out, width=200), item, progress)
    print_progress(Console(file=out, width=200), progress)
    for words in (
        *("round 2", "too_similar", "near threshold", "0.71 (limit 0.7)", "rubric 3 by a judge"),
        *("0.50 [lost card]", "hello there", example.input, example.response, example.label),
    ):
        assert str(words) in out.getvalue()
