"""What is said of the judge, sentence by sentence."""

from pathlib import Path

import pytest

from selfinstruct.review.judging import Graded, hold
from selfinstruct.review.words import judge_lines, tell_judge
from tests.reviewed import write_reviewable
from tests.test_review_judging import CLEAR


def test_a_better_threshold_is_told_with_what_applies_it() -> None:
    assert tell_judge(hold(CLEAR, 4)) == [
        "judge by people: 40 graded rows decided, 20 left as they were: AUC 0.88 [0.72, 0.95]",
        "grade 4 is in use: it agrees on 62%, kappa 0.25; lets 15% [5%, 36%] pass of what people"
        " did not let stand, drops 60% [39%, 78%] of what they did",
        "grade 3 agrees best: it agrees on 85%, kappa 0.70; lets 20% [8%, 42%] pass of what people"
        " did not let stand, drops 10% [3%, 30%] of what they did",
        "of the rows that the two part, 10 speak for grade 3 and 1 against it (p = 0.012); most of"
        " a queue is there because it is doubtful, so that over all rows both may do better",
        "it is yours to apply: selfinstruct run CONFIG filters.quality.rubric.least=3 --fork NAME",
    ]


@pytest.mark.parametrize(
    ("rows", "least", "told"),
    [
        (CLEAR[:7], 4, ["judge by people: 7 graded rows decided; from 20 on"]),
        (CLEAR, 3, ["AUC", "grade 3 is in use, no other grade agrees better: it agrees on 85%"]),
        (CLEAR, None, ["AUC", "no threshold is in use", "grade 3 agrees best", "yours to apply"]),
        (
            [(5.0, True)] * 30,
            4,
            ["were of one mind", "grade 4 is in use: it agrees on 100%"],
        ),
        (
            [(5.0, False)] * 15 + [(1.0, True)] * 15,
            4,
            ["AUC 0.00", "agrees on 0%", "no grade agrees with people better than chance"],
        ),
    ],
)
def test_what_cannot_be_told_is_said(
    rows: list[Graded], least: int | None, told: list[str]
) -> None:
    found = tell_judge(hold(rows, least))
    assert len(found) == len(told)
    for line, words in zip(found, told, strict=True):
        assert words in line


def test_a_run_without_a_review_has_no_lines_and_one_of_another_version_says_so(
    tmp_path: Path,
) -> None:
    write_reviewable(tmp_path / "run")
    assert judge_lines(tmp_path / "run") == []
    (tmp_path / "run" / "reviews.db").write_bytes(b"")
    (line,) = judge_lines(tmp_path / "run")
    assert "not known, as" in line and "reviews.db is empty" in line
