import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from selfinstruct.chat import Reply
from selfinstruct.metrics.macro_f1 import macro_f1
from selfinstruct.types import Example

Labels = Sequence[str | None]


def rows(labels: Labels) -> list[Example]:
    return [Example("q", label=label) for label in labels]


def influences(truth: Labels, said: Labels) -> tuple[float, ...]:
    return macro_f1(rows(truth), [Reply(label, "") for label in said])


def oracle(truth: Labels, said: Labels, labels: Sequence[str]) -> float:
    """Of other labels, none included, sklearn is told that they are wrong and have no F1."""
    known = [label or "?" for label in truth], [label or "?" for label in said]
    return float(f1_score(*known, labels=labels, average="macro", zero_division=0))


pairs = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([*"abcdxy", None])), min_size=1, max_size=30
)


@given(pairs)
def test_the_mean_is_that_of_sklearn(answered: list[tuple[str, str | None]]) -> None:
    truth, said = zip(*answered, strict=True)
    expected = oracle(truth, said, sorted(set(truth)))
    assert np.mean(influences(truth, said)) == pytest.approx(expected, abs=1e-12)


@given(pairs)
def test_each_row_has_its_jackknife_influence(answered: list[tuple[str, str | None]]) -> None:
    truth, said = zip(*answered, strict=True)
    labels, n = sorted(set(truth)), len(truth)
    score = oracle(truth, said, labels)
    if n > 1:
        without = np.array(
            [
                oracle(truth[:at] + truth[at + 1 :], said[:at] + said[at + 1 :], labels)
                for at in range(n)
            ]
        )
        expected = score + (n - 1) * (without.mean() - without)
        assert influences(truth, said) == pytest.approx(expected.tolist(), abs=1e-9)
    else:
        assert influences(truth, said) == (score,)


@pytest.mark.parametrize(
    ("truth", "said", "mean"),
    [
        ("aabb", "aabb", 1),
        ("aabb", "bbaa", 0),
        ("aabb", "xxxx", 0),
        ("aaaa", "aaab", 6 / 7),  # one label: b is none of them, and a has 2 x 3 / (4 + 3)
        ("aab", "aaa", 2 / 5),  # b is never said
        ("aab", "xxb", 1 / 2),  # x is no label of its own, or it would be 1/3
        ("a", "a", 1),
        ("a", "b", 0),
    ],
)
def test_every_set_has_a_score(truth: str, said: str, mean: float) -> None:
    values = influences(list(truth), list(said))
    assert np.mean(values) == pytest.approx(mean)
    assert np.isfinite(values).all()


def test_labels_are_compared_as_accuracy_compares_them() -> None:
    assert np.mean(influences(["Capital City", "b"], ["capital_city", "B."])) == 1


def test_rows_without_a_label_and_no_rows_have_no_f1() -> None:
    assert influences([None, None], ["a", None]) == (0, 0)
    assert influences([], []) == ()
    with_label = influences(["a", None], ["a", "a"])  # the unlabelled row makes one a too many
    assert np.mean(with_label) == pytest.approx(2 / 3)


def test_a_label_of_one_row_weighs_as_much_as_one_of_many() -> None:
    truth = ["a"] * 99 + ["b"]
    hit, miss = influences(truth, truth), influences(truth, [*truth[:99], "x"])
    gains = np.subtract(hit, miss)
    assert gains.mean() == pytest.approx(1 / 2)
    assert gains[99] > 0.98 * gains.sum()  # and nearly all of the gain is that row's


def test_the_spread_is_that_of_many_samples() -> None:
    rng = np.random.default_rng(5)
    n, labels = 150, np.array(list("abcde"))

    def sample() -> tuple[float, float]:
        truth = rng.choice(labels, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
        said = np.where(rng.random(n) < 0.7, truth, rng.choice(labels, n))
        values = influences(truth.tolist(), said.tolist())
        return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(n))

    means, errors = np.transpose([sample() for _ in range(400)])
    assert np.mean(errors) == pytest.approx(means.std(), rel=0.15)


def test_ten_thousand_rows_take_no_time() -> None:
    rng = np.random.default_rng(0)
    truth, said = (rng.integers(77, size=10_000).astype(str).tolist() for _ in range(2))
    began = time.perf_counter()
    influences(truth, said)
    assert time.perf_counter() - began < 1
