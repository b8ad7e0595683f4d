import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.quality.folds import Suspect, fold_of, suspects
from selfinstruct.types import Example


def rows(labels: str) -> list[Example]:
    return [Example("i", f"{n}", label=label) for n, label in enumerate(labels)]


@given(
    labels=st.text("abc", min_size=5, max_size=60),
    k=st.integers(2, 5),
    seed=st.integers(0, 99),
)
def test_every_label_is_spread_evenly_and_folds_are_of_like_size(
    labels: str, k: int, seed: int
) -> None:
    found = fold_of(rows(labels), range(len(labels)), k, random.Random(seed))
    assert set(found) == set(range(k))
    for label in set(labels):
        sizes = Counter(fold for fold, each in zip(found, labels, strict=True) if each == label)
        assert max(sizes.values()) - min(sizes[fold] for fold in range(k)) <= 1
    counts = Counter(found)
    assert max(counts.values()) - min(counts.values()) <= 3
    assert found == fold_of(rows(labels), range(len(labels)), k, random.Random(seed))


@given(st.lists(st.integers(0, 9), min_size=5, max_size=50), st.integers(0, 9))
def test_near_duplicates_share_a_fold(groups: list[int], seed: int) -> None:
    if len(set(groups)) < 2:
        return
    found = fold_of(rows("ab" * 25)[: len(groups)], groups, 2, random.Random(seed))
    assert len(set(zip(groups, found, strict=True))) == len(set(groups))


def test_too_few_rows_for_the_folds_are_an_error_with_a_way_out() -> None:
    with pytest.raises(UserError, match="5 folds need 5 rows") as caught:
        fold_of(rows("abcd"), range(4), 5, random.Random(0))
    assert "label_agreement.k" in caught.value.next_step


def test_rows_that_others_label_otherwise_are_suspects_the_surest_first() -> None:
    some = rows("abab")
    beliefs = [{"a": 0.9, "b": 0.1}, {"a": 0.6, "b": 0.4}, {"a": 0.2, "b": 0.8}, None]
    assert suspects(some, beliefs) == [
        Suspect(some[2].id, "a", "b", 0.2),
        Suspect(some[1].id, "b", "a", 0.4),
    ]
    assert suspects([Example("no label")], [{"a": 1.0}]) == []
