"""Are the labels of synthetic rows right? What a student that errs on real rows can tell of it."""

import random

import pytest

from selfinstruct.types import Example
from selfinstruct.watch import by_label, watch_labels
from selfinstruct.watch.labels import NAME, LabelFound


def rows_of(count: int, label: str = "fee", per_prompt: int = 1) -> list[Example]:
    return [
        Example(f"{label} {n}", label=label, origin="synthetic", parents=(f"{n // per_prompt}",))
        for n in range(count)
    ]


def yes(hits: int, of: int) -> list[bool]:
    return [n < hits for n in range(of)]


def test_half_as_many_labels_found_as_in_real_rows_sets_off_the_alarm() -> None:
    (signal,) = watch_labels(rows_of(200), yes(60, 200), yes(120, 200), 0.1)
    assert (signal.name, signal.of, signal.value, signal.real) == (NAME, "synthetic", 0.3, 0.6)
    assert (signal.limit, signal.alarm) == (0.9, True)
    assert signal.ratio is not None
    assert signal.ratio.value == pytest.approx(0.5)
    assert 0.38 < signal.ratio.low < 0.42 < 0.6 < signal.ratio.high < 0.64


@pytest.mark.parametrize(
    ("found", "alarm"), [(yes(120, 200), False), (yes(104, 200), False), (yes(85, 200), True)]
)
def test_as_many_found_as_in_real_rows_is_no_alarm(found: list[bool], alarm: bool) -> None:
    (signal,) = watch_labels(rows_of(200), found, yes(120, 200), 0.1)
    assert signal.alarm == alarm


def test_rows_of_one_prompt_tell_less_than_as_many_of_their_own() -> None:
    found = [n % 40 < 20 for n in range(200)]  # prompt by prompt all or none
    (single,) = watch_labels(rows_of(200), found, yes(150, 200), 0.1)
    (shared,) = watch_labels(rows_of(200, per_prompt=20), found, yes(150, 200), 0.1)
    assert single.ratio is not None
    assert shared.ratio is not None
    assert single.ratio.value == shared.ratio.value
    assert shared.ratio.low < single.ratio.low - 0.1


@pytest.mark.parametrize(("made", "real"), [(9, 50), (50, 9), (0, 0)])
def test_a_few_rows_give_no_signal(made: int, real: int) -> None:
    assert watch_labels(rows_of(made), yes(made, made), yes(real, real), 0.1) == ()


def test_a_student_that_finds_no_label_of_real_rows_tells_nothing() -> None:
    (signal,) = watch_labels(rows_of(20), yes(5, 20), yes(0, 20), 0.1)
    assert (signal.ratio, signal.alarm) == (None, False)


@pytest.mark.parametrize(("right", "skill"), [(0.5, 0.6), (0.8, 0.85), (1.0, 0.4)])
def test_the_ratio_is_the_share_of_right_labels(right: float, skill: float) -> None:
    """A student that errs as often on any row, and never agrees with a wrong label."""
    rng = random.Random(1)
    made = [rng.random() < right and rng.random() < skill for _ in range(4000)]
    real = [rng.random() < skill for _ in range(4000)]
    (signal,) = watch_labels(rows_of(4000), made, real, 0.1)
    assert signal.ratio is not None
    assert signal.ratio.value == pytest.approx(right, abs=0.05)


def test_labels_that_are_found_least_come_first_and_doubt_is_beyond_chance() -> None:
    made = [*rows_of(20, "fee"), *rows_of(20, "refund"), *rows_of(3, "card"), *rows_of(5, "pin")]
    found = [*yes(2, 20), *yes(19, 20), *yes(0, 3), *yes(3, 5)]
    assert by_label(made, found) == [
        LabelFound("card", 0, 3, doubtful=False),  # none of three is no news
        LabelFound("fee", 2, 20, doubtful=True),
        LabelFound("pin", 3, 5, doubtful=False),
        LabelFound("refund", 19, 20, doubtful=False),
    ]
    assert by_label([], []) == []
