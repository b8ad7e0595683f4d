import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.near.groups import near_duplicate_groups
from selfinstruct.progress import TOLD_EVERY, Progress
from selfinstruct.text import exceeds, lcs, words

TEXTS = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(" ".join)
THRESHOLDS = st.one_of(st.integers(0, 100).map(lambda share: share / 100), st.just(1 / 3))


def every_pair(texts: Sequence[str], threshold: float) -> list[int]:
    """The connected components, by the LCS of every pair."""
    split = [words(text) for text in texts]
    groups = list(range(len(texts)))
    for i, a in enumerate(split):
        for j, b in enumerate(split[:i]):
            if a and b and exceeds(lcs(a, b), len(a), len(b), threshold):
                joined = {groups[i], groups[j]}
                groups = [min(joined) if group in joined else group for group in groups]
    return [sorted(set(groups)).index(group) for group in groups]


@given(st.lists(TEXTS, max_size=10), THRESHOLDS)
def test_groups_are_the_connected_components(texts: list[str], threshold: float) -> None:
    assert near_duplicate_groups(texts, threshold) == every_pair(texts, threshold)


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.7])
def test_large_groups_that_grow_together_are_the_connected_components(threshold: float) -> None:
    rng = random.Random("large")
    kinds = ["abcd", "efgh", "ijklmnopqr"]
    texts = [" ".join(rng.choices(rng.choice(kinds), k=rng.randint(4, 9))) for _ in range(300)]
    groups = near_duplicate_groups(texts, threshold)
    assert groups == every_pair(texts, threshold)
    assert max(map(groups.count, groups)) > 40
    assert len(set(groups)) > 2


@pytest.mark.parametrize(
    ("texts", "threshold", "groups"),
    [
        ([], 0.7, []),
        (["a b c d", "e f g h", "A B C D!"], 0.7, [0, 1, 0]),
        (["a b c d", "a b c d"], 1.0, [0, 1]),
        (["a b c d", "a b c d"], None, [0, 1]),
        (["", "", "!"], 0.0, [0, 1, 2]),
        (["a b c d e", "x", "b c d e f", "c d e f g"], 0.7, [0, 1, 0, 0]),
    ],
)
def test_groups(texts: list[str], threshold: float | None, groups: list[int]) -> None:
    assert near_duplicate_groups(texts, threshold) == groups


def test_it_is_told_how_many_of_many_texts_are_grouped() -> None:
    steps: list[Progress] = []
    near_duplicate_groups([f"t{n}" for n in range(2 * TOLD_EVERY + 1)], 0.7, steps.append)
    assert [(step.done, step.total) for step in steps] == [
        (TOLD_EVERY, 2 * TOLD_EVERY + 1),
        (2 * TOLD_EVERY, 2 * TOLD_EVERY + 1),
    ]
