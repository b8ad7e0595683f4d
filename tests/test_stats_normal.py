import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from selfinstruct.stats.normal import quantile


@given(st.floats(1e-6, 1 - 1e-6))
def test_quantiles_are_those_of_scipy(probability: float) -> None:
    assert quantile(probability) == pytest.approx(float(norm.ppf(probability)))
