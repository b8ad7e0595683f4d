"""Cohen's kappa against the worked example and scikit-learn."""

from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from selfinstruct.stats import cohen_kappa

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1)


@pytest.mark.parametrize(
    ("pairs", "kappa"),
    [
        ([], None),
        ([(True, True)] * 3, None),  # both always say the same word: chance agrees as well
        ([(True, True), (False, False)], 1.0),
        ([(True, False), (False, True)], -1.0),
        ([(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15, 0.4),  # a textbook's table
    ],
)
def test_known_tables(pairs: list[tuple[Hashable, Hashable]], kappa: float | None) -> None:
    assert cohen_kappa(pairs) == (None if kappa is None else pytest.approx(kappa))


@given(PAIRS)
def test_it_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    found = cohen_kappa(pairs)
    if len({word for pair in pairs for word in pair}) == 1:
        assert found is None
    else:
        expected = cohen_kappa_score([a for a, _ in pairs], [b for _, b in pairs])
        assert found == pytest.approx(float(expected))
