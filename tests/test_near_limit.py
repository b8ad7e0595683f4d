from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.near.limit import AtLeast, Limit

LIMITS = st.builds(
    Limit,
    st.one_of(st.integers(0, 100).map(lambda share: share / 100), st.just(0.1 + 0.2)),
    st.booleans(),
)


def passes(limit: Limit, length: int, m: int, n: int) -> bool:
    score, threshold = Fraction(2 * length, m + n), Fraction(str(limit.threshold))
    return score >= threshold if limit.inclusive else score > threshold


@given(LIMITS, st.integers(1, 30), st.integers(1, 30))
def test_the_least_lcs_is_the_first_that_passes(limit: Limit, m: int, n: int) -> None:
    least = next(length for length in range(m + n + 1) if passes(limit, length, m, n))
    assert limit.least(m + n) == least
    assert limit.least_of(np.array([m + n, 1])).tolist() == [least, limit.least(1)]


@given(LIMITS, st.integers(1, 30), st.integers(1, 90))
def test_the_window_holds_the_lengths_at_which_some_lcs_passes(
    limit: Limit, m: int, n: int
) -> None:
    fewest, most = limit.window(m)
    within = fewest <= n and (most is None or n <= most)
    assert within is passes(limit, min(m, n), m, n)


@pytest.mark.parametrize(
    ("threshold", "inclusive", "m", "window", "prefix"),
    [
        (0.7, False, 16, (9, 29), 8),
        (0.7, True, 13, (7, 24), 7),
        (1.0, False, 5, (6, 4), 0),
        (1.0, True, 5, (5, 5), 1),
        (0.0, False, 5, (1, None), 5),
        (0.0, True, 5, (1, None), 6),
    ],
)
def test_windows_and_prefixes(
    threshold: float, inclusive: bool, m: int, window: tuple[int, int | None], prefix: int
) -> None:
    limit = Limit(threshold, inclusive)
    assert limit.window(m) == window
    assert limit.prefix(m, window[0]) == prefix


def test_a_table_grows_with_what_is_asked() -> None:
    limit = Limit(0.7)
    assert limit.least_of(np.array([3])).tolist() == [2]
    assert limit.least_of(np.array([200_000, 20])).tolist() == [70_001, 8]


@given(st.integers(0, 15), st.integers(1, 60))
def test_at_least_as_much_as_another_text_has(lcs: int, total: int) -> None:
    bar = AtLeast(lcs, 30)
    least = next(length for length in range(61) if Fraction(length, total) >= Fraction(lcs, 30))
    assert bar.least(total) == least
    assert bar.least_of(np.array([total, 30])).tolist() == [least, lcs]


def test_a_threshold_outside_the_range_is_an_error() -> None:
    with pytest.raises(UserError, match="threshold"):
        Limit(1.5)
