import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct import stats
from selfinstruct.errors import UserError
from selfinstruct.pairs import fewest_wins, pair, weigh
from selfinstruct.types import Report, Split


def report(n: int = 4, split: Split = "gate", **scores: list[float]) -> Report:
    ids = tuple(f"row {index}" for index in range(n))
    return Report("d", split, ids, {k: tuple(v) for k, v in scores.items()}, ("",) * n)


@pytest.mark.parametrize(("metric", "wins", "losses"), [("accuracy", 2, 1), ("nll", 1, 2)])
def test_a_gain_is_for_the_better_whatever_the_metric(metric: str, wins: int, losses: int) -> None:
    ours = Report("d", "gate", ("a", "b", "c", "d"), {metric: (1, 1, 0, 0)}, ("",) * 4)
    theirs = replace(ours, scores={metric: (0, 0, 1, 0)})
    paired = pair(ours, theirs, metric)
    assert (paired.wins, paired.losses) == (wins, losses)
    assert sum(paired.gains) == (1 if metric == "accuracy" else -1)


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        (report(3, nll=[1.0, 1.0, 1.0]), "not scored on the same rows"),
        (report(split="dev", nll=[1.0] * 4), "not scored on the same rows"),
        (report(accuracy=[1.0] * 4), "0 nll scores for 4 rows"),
        (report(nll=[1.0, math.nan, 2.0, math.inf]), "on row row 1 is nan; 2 of 4 rows"),
    ],
)
def test_what_cannot_be_paired_is_refused_by_name(ours: Report, words: str) -> None:
    with pytest.raises(UserError, match=words):
        pair(ours, report(nll=[1.0] * 4), "nll", ("this", "that"))


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20))
def test_right_or_wrong_is_weighed_by_its_flips(wins: int, losses: int, ties: int) -> None:
    n = wins + losses + ties + 1
    ours = [1.0] * wins + [0.0] * losses + [1.0] * (ties + 1)
    theirs = [0.0] * wins + [1.0] * losses + [1.0] * (ties + 1)
    found = weigh(pair(report(n, accuracy=ours), report(n, accuracy=theirs), "accuracy"), "greater")
    assert found.exact
    assert found.p_value == stats.mcnemar(wins, losses, "greater")
    assert found.gain == stats.paired_binary_interval(wins, losses, n)


def test_groups_are_weighed_whole() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = list(rng.random(40)), list(rng.random(40))
    paired = pair(report(40, rouge_l=ours), report(40, rouge_l=theirs), "rouge_l")
    groups = [index // 4 for index in range(40)]
    found = weigh(paired, "two-sided", groups=groups)
    expected = stats.paired_test(paired.gains, groups=groups, alternative="two-sided")
    assert (found.gain, found.p_value) == (expected.gain, expected.p_value)
    assert found.sd == pytest.approx(stats.standard_error(paired.gains, groups) * math.sqrt(40))
    assert weigh(paired, "two-sided", groups=list(range(40))) == weigh(paired, "two-sided")


@pytest.mark.parametrize(("alpha", "wins"), [(0.05, 5), (0.025, 6), (0.5, 1), (0.01, 7)])
def test_fewest_wins_reach_alpha(alpha: float, wins: int) -> None:
    assert fewest_wins(alpha) == wins
    assert stats.mcnemar(wins, 0, "greater") <= alpha < stats.mcnemar(wins - 1, 0, "greater")
