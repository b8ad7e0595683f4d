import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import sem

from selfinstruct import stats

samples = st.lists(st.integers(-1000, 1000), min_size=2, max_size=30).map(
    lambda values: np.array(values) / 100
)


@given(samples)
def test_the_influences_of_a_mean_are_its_rows(values: stats.Sample) -> None:
    without = (values.sum() - values) / (values.size - 1)
    assert np.allclose(stats.influences(float(values.mean()), without), values)


@given(samples)
def test_influences_have_the_statistic_as_their_mean(values: stats.Sample) -> None:
    without = np.array([np.median(np.delete(values, at)) for at in range(values.size)])
    found = stats.influences(float(np.median(values)), without)
    assert np.isclose(found.mean(), np.median(values))


def test_their_spread_is_the_standard_error_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=50)
    without = (values.sum() - values) / 49
    assert np.isclose(sem(stats.influences(float(values.mean()), without)), sem(values))
