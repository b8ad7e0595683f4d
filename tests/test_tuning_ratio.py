import math

import numpy as np
import pytest

from selfinstruct.errors import UserError
from selfinstruct.tuning.ratio import Choice, by_label, choose


def arms(
    curve: dict[float, float], seeds: int = 3, rows: int = 60, noise: float = 0.1, seed: int = 0
) -> dict[float, dict[int, tuple[float, ...]]]:
    """NLL of students whose mean follows the curve: hard and easy rows, and noise of training."""
    rng = np.random.default_rng(seed)
    hard = rng.gamma(4.0, 0.5, rows)
    return {
        share: {
            one: tuple(hard + value + rng.normal(0, noise, rows) + rng.normal(0, noise / 5))
            for one in range(seeds)
        }
        for share, value in curve.items()
    }


def test_a_clear_best_is_chosen_with_its_numbers() -> None:
    choice = choose(arms({0.0: 0.0, 0.25: -0.3, 0.5: -0.6, 0.75: -0.2}), "nll")
    assert (choice.share, choice.best, choice.differs) == (0.5, 0.5, True)
    point = choice.points[2]
    assert point.gain.value == pytest.approx(0.6, abs=0.1)
    assert point.gain.low > 0.4
    assert point.adjusted < 0.001
    assert point.behind == 0
    assert "scores best" in choice.why


def test_of_shares_that_are_as_good_the_smallest_is_chosen() -> None:
    choice = choose(arms({0.0: 0.0, 0.25: -0.5, 0.5: -0.5, 0.75: -0.5}, noise=0.4), "nll")
    assert choice.differs
    assert choice.share == min(
        point.share
        for point in choice.points
        if point.share == choice.best or point.behind <= point.behind_error
    )
    assert choice.share > 0


def test_where_nothing_differs_real_rows_alone_are_chosen() -> None:
    choice = choose(arms({0.0: 0.0, 0.25: 0.0, 0.5: 0.0}), "nll")
    assert (choice.share, choice.differs) == (0.0, False)
    assert choice.why.startswith("No detectable difference")


def test_harm_is_a_difference_and_leaves_real_rows_alone() -> None:
    choice = choose(arms({0.0: 0.0, 0.5: 0.4}), "nll")
    assert (choice.share, choice.best, choice.differs) == (0.0, 0.0, True)
    assert choice.points[1].gain.high < 0
    assert choice.why.startswith("No share is detectably better than real rows alone, and worse")


def test_harm_at_one_share_is_no_reason_to_take_another() -> None:
    curve = {0.0: 0.0, 0.25: -0.02, 0.9: 1.0}
    choice = choose(arms(curve, rows=40, noise=0.4, seed=3), "nll")
    (told,) = [point for point in choice.points if point.adjusted <= 0.05]
    assert (told.share, choice.differs, choice.share) == (0.9, True, 0.0)
    assert "worse is 0.9" in choice.why


def test_the_direction_of_a_metric_is_known() -> None:
    scores = arms({0.0: 0.0, 0.5: -0.5})
    assert choose(scores, "nll").best == 0.5
    assert choose(scores, "rouge_l").best == 0.0
    assert choose(scores, "rouge_l").points[1].gain.value < 0


def test_only_seeds_that_every_share_has_are_compared() -> None:
    scores = arms({0.0: 0.0, 0.5: -0.5}, seeds=3)
    del scores[0.5][1]
    assert {point.seeds for point in choose(scores, "nll").points} == {(0, 2)}


@pytest.mark.parametrize(
    ("drop", "words"), [(0.0, "real rows alone"), (0.5, "no seed was trained at every share")]
)
def test_gaps_that_leave_nothing_to_compare_are_told(drop: float, words: str) -> None:
    scores = arms({0.0: 0.0, 0.5: -0.5}, seeds=2)
    if drop == 0.0:
        del scores[0.0]
    else:
        scores[0.0] = {0: scores[0.0][0]}
        scores[0.5] = {1: scores[0.5][1]}
    with pytest.raises(UserError, match=words):
        choose(scores, "nll")


def test_real_rows_alone_have_nothing_to_be_compared_with() -> None:
    choice = choose(arms({0.0: 0.0}), "nll")
    assert (choice.share, choice.differs, len(choice.points)) == (0.0, False, 1)


def test_one_seed_speaks_for_its_rows_only() -> None:
    choice = choose(arms({0.0: 0.0, 0.5: -0.5}, seeds=1), "nll")
    assert choice.differs
    assert math.isfinite(choice.points[0].behind_error)
    assert "1 seed, so another training may turn it round" in choice.why


def simulate(curve: dict[float, float], seed: int) -> Choice:
    return choose(arms(curve, noise=0.5, seed=seed), "nll")


def test_equal_shares_are_seldom_told_from_real_rows() -> None:
    told = sum(
        simulate({0.0: 0.0, 0.25: 0.0, 0.5: 0.0, 0.75: 0.0}, seed).differs for seed in range(60)
    )
    assert told / 60 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize(("rows", "told"), [(19, False), (20, True)])
def test_on_few_rows_real_rows_alone_are_chosen_unless_told_otherwise(
    rows: int, told: bool
) -> None:
    scores = arms({0.0: 0.0, 0.5: -0.5}, rows=rows, noise=0.05)
    choice = choose(scores, "nll")
    assert (choice.differs, choice.share) == ((True, 0.5) if told else (False, 0.0))
    assert choice.points[1].adjusted < 0.01
    assert bool(choice.warning) == (not told) == choice.why.endswith("fewer than 20.")
    forced = choose(scores, "nll", min_rows=2)
    assert (forced.differs, forced.share, bool(forced.warning)) == (True, 0.5, not told)


def test_the_smallest_difference_that_would_be_found_is_found_four_times_in_five() -> None:
    known = choose(arms({0.0: 0.0, 0.5: 0.0}, rows=200, noise=0.3, seeds=1), "nll").detectable
    assert known is not None
    found = sum(
        choose(arms({0.0: 0.0, 0.5: -known}, 1, 200, 0.3, seed), "nll").differs
        for seed in range(200)
    )
    # The noise of a training, a fifth of that of a row, is beyond what one seed can show.
    assert found / 200 == pytest.approx(0.8, abs=0.2)


@pytest.mark.parametrize(
    ("rows", "groups", "words"),
    [(0, None, "0 dev row"), (1, None, "1 dev row"), (3, ["a"] * 3, "near-duplicates count as on")],
)
def test_a_single_row_compares_nothing(rows: int, groups: list[str] | None, words: str) -> None:
    scores = {share: {0: (1.0,) * rows} for share in (0.0, 0.5)}
    with pytest.raises(UserError, match=words):
        choose(scores, "nll", groups, min_rows=1)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("metric", ["nll", "accuracy"])
def test_a_student_that_scores_no_number_never_wins(value: float, metric: str) -> None:
    scores = arms({0.0: 0.0, 0.5: 0.0})
    scores[0.5][1] = (value, *scores[0.5][1][1:])
    with pytest.raises(UserError, match=r"share 0\.5, seed 1"):
        choose(scores, metric)


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_ties_everywhere_leave_real_rows_alone(seeds: int, value: float) -> None:
    scores = {share: dict.fromkeys(range(seeds), (value,) * 30) for share in (0.0, 0.5, 0.9)}
    choice = choose(scores, "accuracy")
    assert (choice.share, choice.best, choice.differs, choice.detectable) == (0, 0, False, None)
    assert {point.adjusted for point in choice.points} == {1.0}
    assert "No detectable difference" in choice.why


def test_with_all_other_shares_gone_there_is_nothing_to_choose() -> None:
    choice = choose(arms({0.0: 0.0}), "nll")
    assert "nothing to choose from" in choice.why
    assert choice.detectable is None


def test_each_label_has_a_mean_at_each_share_over_the_common_seeds() -> None:
    scores = {0.0: {0: (1.0, 2.0, 3.0), 1: (3.0, 4.0, 5.0)}, 0.5: {1: (0.0, 8.0, 2.0)}}
    assert by_label(scores, ["fee", "refund", "fee"]) == {
        "fee": {0.0: 4.0, 0.5: 1.0},
        "refund": {0.0: 4.0, 0.5: 8.0},
    }
    assert by_label(scores, [None, "fee", None]) == {"fee": {0.0: 4.0, 0.5: 8.0}}
    assert by_label(scores, [None] * 3) == {}
