import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from selfinstruct.stats.normal import probability_below, quantile


@given(st.floats(1e-6, 1 - 1e-6))
def test_quantiles_are_those_of_scipy(probability: float) -> None:
    assert quantile(probability) == pytest.approx(float(norm.ppf(probability)))


@given(st.floats(-30, 8))
def test_chances_are_those_of_scipy_however_small(z: float) -> None:
    assert probability_below(z) == pytest.approx(float(norm.cdf(z)), rel=1e-9)


def test_comparing_two_students_waits_for_no_scipy() -> None:
    code = "import sys, selfinstruct.cli.compare; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
