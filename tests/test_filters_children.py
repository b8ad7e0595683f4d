import random
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.children import Children
from selfinstruct.types import Example


def child(number: int, *parents: str) -> Example:
    return Example(f"task {number}", origin="synthetic", parents=parents)


@pytest.mark.parametrize(
    ("before", "draft", "had", "fullest"),
    [
        ([child(1, "a"), child(2, "a")], child(3, "a"), 2.0, "a"),
        ([child(n, "a", "b") for n in range(4)], child(9, "a", "b"), 2.0, "a"),
        ([child(1, "a"), child(2, "a")], child(3, "b", "a"), 2.0, "a"),
        ([child(1, "a"), child(2, "a", "b")], child(3, "a"), 1.5, "a"),
    ],
)
def test_a_parent_that_has_had_its_share_is_named(
    before: list[Example], draft: Example, had: float, fullest: str
) -> None:
    children = Children(2)
    children.add(before)
    fault = children.fault(draft)
    assert fault is not None
    assert fault.reason == "too_many_children"
    assert (fault.value, fault.threshold, fault.neighbour) == (had, 2, fullest)


@pytest.mark.parametrize(
    ("before", "draft"),
    [
        ([], child(1, "a")),
        ([child(1, "a")], child(2, "a")),  # the last one that fits
        ([child(1, "a"), child(2, "a")], child(3, "b")),
        ([child(n, "a", "b", "c") for n in range(5)], child(9, "a", "b", "c")),
        ([child(n) for n in range(99)], child(100)),  # real rows have no parents
        ([child(1, "a", "a")], child(2, "a", "a")),  # shown twice is one parent
    ],
)
def test_until_then_a_child_passes(before: list[Example], draft: Example) -> None:
    children = Children(2)
    children.add(before)
    assert children.fault(draft) is None


@pytest.mark.parametrize(
    ("parents", "full"),
    [(1, {"a", "b"}), (2, {"a", "b"}), (3, {"a", "b"}), (4, {"a"}), (6, {"a"}), (7, {"a"})],
)
def test_a_row_is_full_for_children_of_so_many_parents(parents: int, full: set[str]) -> None:
    children = Children(1)
    rows = [child(1, "a"), *(child(n, "b", "x", "y", "z") for n in range(3))]  # 1 and 3/4
    children.add(rows)
    assert children.full(parents, rows) & {"a", "b"} == full
    assert children.full(parents, rows[:1]) == {"a"}  # of the parents of these alone
    draft = child(9, "b", *(f"new {n}" for n in range(parents - 1)))
    assert (children.fault(draft) is not None) == ("b" in full)


def test_none_is_off() -> None:
    children = Children(None)
    rows = [child(n, "a") for n in range(999)]
    children.add(rows)
    assert children.full(1, rows) == frozenset()
    assert children.fault(child(1000, "a")) is None


def test_the_default_does_not_starve_ten_labels_of_six_rows() -> None:
    """Four rounds of 120, drawn as `label_first` does: six real rows of a label, two of its own."""
    rng = random.Random(0)
    children = Children(FiltersConfig().max_children)
    pool: dict[int, list[str]] = {label: [] for label in range(10)}
    kept = 0
    for number in range(480):
        label = number % 10
        own = rng.sample(pool[label], min(2, len(pool[label])))
        draft = child(number, *(f"{label}/{row}" for row in range(6)), *own)
        if children.fault(draft) is None:
            children.add([draft])
            pool[label].append(draft.id)
            kept += 1
    assert kept == 480


@given(st.lists(st.sets(st.sampled_from("abcde"), min_size=1), max_size=80), st.integers(1, 4))
def test_no_parent_ever_has_more_than_the_cap_and_the_sum_is_bounded(
    drawn: list[set[str]], cap: int
) -> None:
    children = Children(cap)
    shares: Counter[str] = Counter()
    kept = 0
    for number, parents in enumerate(drawn):
        draft = child(number, *sorted(parents))
        if children.fault(draft) is None:
            children.add([draft])
            kept += 1
            for parent in parents:
                shares[parent] += Fraction(1, len(parents))  # type: ignore[assignment]
    assert all(share <= cap for share in shares.values())
    assert kept == sum(shares.values()) <= cap * 5
