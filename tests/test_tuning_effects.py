from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as oracle

from selfinstruct.errors import UserError
from selfinstruct.tuning.arms import Arm
from selfinstruct.tuning.effects import effects
from selfinstruct.tuning.sweep import Outcome
from selfinstruct.types import Report


def outcomes(*scores: Sequence[float], metric: str = "nll") -> list[Outcome]:
    """One seed for each row of scores."""
    found = []
    for seed, values in enumerate(scores):
        ids = tuple(str(i) for i in range(len(values)))
        report = Report("d", "dev", ids, {metric: tuple(values)}, ids)
        found.append(Outcome(Arm("fixed-real", 0.5, seed), {}, report))
    return found


def drawn(mean: float, rows: int = 30, seed: int = 0) -> list[float]:
    return [float(x) for x in np.random.default_rng(seed).normal(mean, 0.3, rows)]


def test_of_one_seed_it_is_the_paired_t_test_with_holm_s_correction() -> None:
    base, near, far = drawn(2.0), drawn(2.05, seed=1), drawn(2.4, seed=2)
    found = effects({None: outcomes(base), "near": outcomes(near), "far": outcomes(far)}, "nll")
    rows = len(base)
    wide = (rows / (rows - 1)) ** 0.5  # scipy divides by n - 1, Miller's standard error by n
    p_values = {
        name: 2 * oracle.t.sf(abs(oracle.ttest_rel(other, base).statistic) * wide, rows - 1)
        for name, other in (("near", near), ("far", far))
    }
    low, high = sorted(p_values, key=lambda name: float(p_values[name]))
    expected = {low: 2 * p_values[low]}
    expected[high] = max(expected[low], p_values[high])
    for name, adjusted in expected.items():
        assert found[name].adjusted == pytest.approx(min(1.0, adjusted))
    for name, other in (("near", near), ("far", far)):
        ends = oracle.ttest_rel(other, base).confidence_interval(0.95)
        gain = found[name].gain
        assert gain.value == pytest.approx((ends.low + ends.high) / 2)
        assert gain.high - gain.low == pytest.approx((ends.high - ends.low) / wide)
    assert (found["far"].verdict, found["near"].verdict) == ("better", "inconclusive")


@pytest.mark.parametrize(
    ("metric", "without", "verdict"),
    [("nll", 3.0, "better"), ("nll", 1.0, "worse"), ("f1", 3.0, "worse"), ("f1", 1.0, "better")],
)
def test_a_filter_is_better_where_students_lose_without_it(
    metric: str, without: float, verdict: str
) -> None:
    sides = {None: drawn(2.0), "filters.x": drawn(without, seed=1)}
    found = effects({k: outcomes(v, v, metric=metric) for k, v in sides.items()}, metric)
    one = found["filters.x"]
    assert one.verdict == verdict
    assert (one.gain.value > 0) == (verdict == "better")
    assert one.value == pytest.approx(np.mean(sides[None]))
    assert one.without == pytest.approx(np.mean(sides["filters.x"]))


def test_few_rows_are_never_better_or_worse() -> None:
    sides = {None: outcomes(drawn(2.0, 19)), "a": outcomes(drawn(9.0, 19))}
    assert effects(sides, "nll")["a"].verdict == "inconclusive"
    assert effects(sides, "nll", min_rows=19)["a"].verdict == "better"


def test_only_seeds_that_both_have_are_compared_and_a_gap_alone_says_nothing() -> None:
    one, two = drawn(2.0), drawn(2.2, seed=3)
    gap = Outcome(Arm("fixed-real", 0.5, 0), {}, None, "diverged")
    second = replace(outcomes(two)[0], arm=Arm("fixed-real", 0.5, 1))
    found = effects({None: outcomes(one, one), "a": [gap, second], "b": [gap]}, "nll")
    assert list(found) == ["a"]
    assert found["a"].without == pytest.approx(np.mean(two))


def test_a_score_that_is_no_number_is_told() -> None:
    broken = [*drawn(2.0)[:-1], float("nan")]
    with pytest.raises(UserError, match="no number"):
        effects({None: outcomes(drawn(2.0)), "a": outcomes(broken)}, "nll")


def test_where_nothing_was_trained_nothing_is_said() -> None:
    assert effects({None: []}, "nll") == {}
