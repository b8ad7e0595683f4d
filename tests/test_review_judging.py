"""The judge held to people: counts by hand, laws, and what stands in the databases."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct import stats
from selfinstruct.review.desk import Desk
from selfinstruct.review.judging import ENOUGH, SETTING, Graded, hold, judge_by_people, to_row
from selfinstruct.review.nouns import EVERYTHING, Action
from selfinstruct.store import Store
from selfinstruct.types import Interval
from tests.reviewed import decide, write_reviewable

# Of 40 rows people let 20 stand. At grade 3 the judge is right on 34 of them, at grade 4 on 27.
CLEAR: list[Graded] = [
    *[(5.0, True)] * 8,
    *[(3.0, True)] * 10,
    *[(2.0, True)] * 2,
    *[(1.0, False)] * 11,
    *[(2.0, False)] * 5,
    *[(3.0, False)] * 1,
    *[(4.0, False)] * 3,
]


def test_the_threshold_that_agrees_best_is_found_and_the_one_in_use_is_measured() -> None:
    found = hold(CLEAR, 4)
    assert (found.n, found.stood) == (40, 20)
    assert found.current is not None and found.best is not None
    assert (found.current.least, found.best.least) == (4, 3)
    assert found.current.agree == pytest.approx((8 + 17) / 40)
    assert found.current.kappa == pytest.approx(_kappa(8, 12, 3, 17))
    assert found.current.false_accepts == stats.wilson(3, 20)
    assert found.current.false_rejects == stats.wilson(12, 20)
    assert found.best.agree == pytest.approx((18 + 16) / 40)
    assert found.best.false_accepts == stats.wilson(4, 20)
    assert found.best.false_rejects == stats.wilson(2, 20)
    # Grade 3 parts the two: 10 rows that people let stand, 1 that they did not.
    assert (found.for_best, found.for_current) == (10, 1)
    assert found.p == pytest.approx(stats.mcnemar(10, 1))
    assert found.setting == "filters.quality.rubric.least=3"
    assert to_row(found)["setting"] == found.setting


def _kappa(hits: int, misses: int, false: int, right: int) -> float:
    n = hits + misses + false + right
    seen = (hits + right) / n
    passes = (hits + false) / n * (hits + misses) / n
    chance = passes + (1 - (hits + false) / n) * (1 - (hits + misses) / n)
    return (seen - chance) / (1 - chance)


def test_the_auc_counts_pairs() -> None:
    pairs = [(up, down) for up, fit in CLEAR if fit for down, other in CLEAR if not other]
    by_hand = sum(1.0 if up > down else 0.5 if up == down else 0.0 for up, down in pairs) / 400
    found = hold(CLEAR, 4).auc
    assert isinstance(found, Interval)
    assert found.value == pytest.approx(by_hand)
    assert found.low < by_hand < found.high


@pytest.mark.parametrize(
    ("rows", "least", "setting"),
    [
        (CLEAR, 3, None),  # the best one is in use
        (CLEAR, None, f"{SETTING}=3"),  # a judge that cannot tell has none in use
        (CLEAR[: ENOUGH - 1], 4, None),  # too few
        ([(5.0, True)] * 30, 4, None),  # people are of one mind
        ([(5.0, False)] * 15 + [(1.0, True)] * 15, 4, None),  # worse than chance
        ([(3.0, True), (3.0, False)] * 15, 4, None),  # no grade parts them
        ([], 4, None),
    ],
)
def test_a_threshold_is_offered_only_where_it_would_change_something_for_the_better(
    rows: list[Graded], least: int | None, setting: str | None
) -> None:
    found = hold(rows, least)
    assert found.setting == setting
    assert (found.p is None) == (setting is None or least is None)


def test_of_two_that_agree_alike_the_one_in_use_stays() -> None:
    rows: list[Graded] = [(5.0, True)] * 15 + [(1.0, False)] * 15
    for least in (2, 3, 4, 5):
        found = hold(rows, least).best
        assert found is not None and found.least == least


@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]), st.booleans()), min_size=20))
def test_no_grade_has_a_higher_kappa_than_the_best(rows: list[Graded]) -> None:
    found = hold(rows, 4)
    kappas = []
    for least in range(1, 6):
        cells = np.zeros((2, 2), dtype=int)
        for grade, fit in rows:
            cells[int(grade >= least), int(fit)] += 1
        seen = np.trace(cells) / len(rows)
        chance = float((cells.sum(0) / len(rows)) @ (cells.sum(1) / len(rows)))
        if not math.isclose(chance, 1):
            kappas.append((seen - chance) / (1 - chance))
    if found.best is None:
        assert all(kappa <= 1e-12 for kappa in kappas)
    else:
        assert found.best.kappa == pytest.approx(max(kappas))


def test_a_run_tells_what_its_databases_hold(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_reviewable(run, {"fraction": 1.0})
    assert judge_by_people(run) is None  # nobody has begun
    with Desk.open(run) as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)]
        for number, item in enumerate(items):
            grade = next((one.value for one in item.scores if one.name == "rubric"), None)
            action: Action = "accept" if grade is not None and grade >= 2 else "reject"
            decide(desk, item, action if number else "skip", f"d{number}")
        desk.undo("ann", "u")
    graded = [item for item in items[1:-1] if any(one.name == "rubric" for one in item.scores)]
    found = judge_by_people(run)
    assert found is not None
    assert found.n == len(graded)
    assert found.current is not None and found.best is not None
    assert (found.current.least, found.best.least, found.best.kappa) == (4, 2, 1.0)


def test_without_a_judge_or_with_one_that_cannot_tell(tmp_path: Path) -> None:
    for name, stage in (("none", None), ("doubtful", {"least": 4, "doubt": "tosses a coin"})):
        run = tmp_path / name
        write_reviewable(run, {"fraction": 1.0})
        with Store(run, write=True) as store, store.transaction("test") as db:
            db.execute("DELETE FROM stages WHERE stage = 'calibrate rubric'")
        if stage is not None:
            with Store(run, write=True) as store:
                store.commit_stage(0, "calibrate rubric", stage, 1.0)
        with Desk.open(run) as desk:
            decide(desk, desk.item(desk.listed(EVERYTHING, 0, 1)[0].id), "accept", "d")
        found = judge_by_people(run)
        assert found is None if stage is None else found is not None and found.current is None
