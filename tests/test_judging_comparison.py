import math

import numpy as np
import pytest

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.judging.comparison import (
    compare,
    compare_slices,
    dimensions_of,
    flips,
    is_worse_than,
)
from selfinstruct.types import Example, Report


def report(values: list[float], metric: str = "accuracy", words: str = "ours") -> Report:
    ids = tuple(f"row {index}" for index in range(len(values)))
    answers = tuple(f"{words} {index}" for index in range(len(values)))
    return Report("d", "gate", ids, {metric: tuple(values)}, answers)


def flipped(wins: int, losses: int, n: int) -> tuple[Report, Report]:
    ties = [1.0] * (n - wins - losses)
    return (
        report([1.0] * wins + [0.0] * losses + ties),
        report([0.0] * wins + [1.0] * losses + ties, words="theirs"),
    )


@pytest.mark.parametrize(
    ("wins", "losses", "n", "verdict"),
    [
        (6, 0, 60, "better"),  # two-sided: 2 * 2^-6
        (5, 0, 60, "inconclusive"),
        (0, 6, 60, "worse"),
        (10, 10, 60, "inconclusive"),
        (0, 0, 60, "inconclusive"),
        (15, 0, 19, "inconclusive"),  # under 20 rows nothing is decided
    ],
)
def test_the_verdict_is_two_sided(wins: int, losses: int, n: int, verdict: str) -> None:
    found = compare(*flipped(wins, losses, n), "accuracy")
    assert found.verdict == verdict
    assert found.p_value == stats.mcnemar(wins, losses)
    assert (found.wins, found.losses, found.n) == (wins, losses, n)


def test_changing_places_turns_the_verdict_round() -> None:
    ours, theirs = flipped(12, 2, 80)
    there, back = compare(ours, theirs, "accuracy"), compare(theirs, ours, "accuracy")
    assert (there.verdict, back.verdict) == ("better", "worse")
    assert there.gain.low == pytest.approx(-back.gain.high)
    assert there.p_value == back.p_value


def test_less_nll_is_better() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.gamma(2.0, 1.0, 60)
    ours = theirs - 0.3 + rng.normal(0, 0.1, 60)
    found = compare(report(list(ours), "nll"), report(list(theirs), "nll"), "nll")
    assert found.verdict == "better"
    assert found.gain.value > 0 > found.value - found.reference


@pytest.mark.parametrize("metric", ["accuracy", "nll"])
def test_equal_students_are_seldom_told_apart(metric: str) -> None:
    rng, told = np.random.default_rng(4), 0
    for trial in range(200):
        skill = rng.beta(2.0, 2.0, 100)
        scores = [
            (rng.random(100) < skill).astype(float)
            if metric == "accuracy"
            else skill + rng.normal(0, 0.2, 100)
            for _ in range(2)
        ]
        pair = [report(list(values), metric) for values in scores]
        told += compare(pair[0], pair[1], metric, seed=trial).verdict != "inconclusive"
    assert told / 200 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 200)


def test_slices_are_corrected_and_the_worst_comes_first() -> None:
    ours, theirs = flipped(0, 7, 60)
    label = ["lost"] * 7 + ["kept"] * 50 + ["rare"] * 3
    slices = compare_slices(ours, theirs, "accuracy", {"label": label, "source": ["one"] * 60})
    assert [(each.value, each.n) for each in slices] == [("lost", 7), ("kept", 50), ("rare", 3)]
    lost, kept, rare = slices
    assert lost.comparison is not None
    assert kept.comparison is not None
    assert lost.comparison.p_value == pytest.approx(2 * 2**-7)
    assert lost.adjusted == pytest.approx(4 * 2**-7)  # of two tested slices
    assert (lost.comparison.verdict, kept.comparison.verdict) == ("worse", "inconclusive")
    assert (rare.comparison, rare.adjusted) == (None, 1.0)


def test_many_slices_of_equal_students_are_seldom_told_apart() -> None:
    rng, told = np.random.default_rng(9), 0
    labels = [f"label {index % 10}" for index in range(200)]
    for _ in range(100):
        pair = [report(list((rng.random(200) < 0.6).astype(float))) for _ in range(2)]
        found = compare_slices(pair[0], pair[1], "accuracy", {"label": labels})
        told += any(each.comparison and each.comparison.verdict != "inconclusive" for each in found)
    assert told / 100 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 100)


def test_dimensions_are_label_length_and_source() -> None:
    rows = [
        Example("Name it.", "word " * n, label="a" if n % 2 else None, source=f"f.jsonl:{n}")
        for n in range(1, 10)
    ]
    found = dimensions_of(rows)
    assert set(found) == {"label", "length", "source"}
    assert found["label"][:2] == ["a", "no label"]
    assert set(found["source"]) == {"f.jsonl"}
    assert [value.partition(":")[0] for value in found["length"]] == [
        *["short"] * 3,
        *["middle"] * 3,
        *["long"] * 3,
    ]
    assert dimensions_of([])["label"] == []


def test_flips_are_the_rows_that_differ_the_largest_gain_first() -> None:
    found = flips(report([1, 0, 1, 1]), report([0, 1, 1, 0], words="theirs"), "accuracy")
    assert [(flip.id, flip.gain) for flip in found] == [("row 0", 1), ("row 3", 1), ("row 1", -1)]
    assert (found[0].ours, found[0].theirs) == ("ours 0", "theirs 0")


@pytest.mark.parametrize(("margin", "worse"), [(0.0, True), (0.05, True), (0.3, False)])
def test_worse_than_a_margin_needs_the_whole_interval(margin: float, worse: bool) -> None:
    found = compare(*flipped(0, 30, 100), "accuracy")
    assert found.gain.high == pytest.approx(-0.2, abs=0.03)
    assert is_worse_than(found, margin) == worse


def test_other_rows_are_refused() -> None:
    with pytest.raises(UserError, match="same rows"):
        compare(report([1.0, 0.0]), report([1.0, 0.0, 1.0]), "accuracy")
