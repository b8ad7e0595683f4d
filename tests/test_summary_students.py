import pytest

from selfinstruct.summary import estimate, gain
from selfinstruct.types import Report
from tests.finished import report


def test_an_accuracy_has_a_wilson_interval() -> None:
    found = estimate(report("d", 20), "accuracy")
    assert found.value == 0.5
    assert found.low == pytest.approx(0.352, abs=1e-3)
    assert found.high == pytest.approx(0.648, abs=1e-3)


def test_gain_is_a_test_on_its_own() -> None:
    verdict = gain(report("d", 26), report("c", 20), "accuracy")
    assert (verdict.wins, verdict.losses, verdict.alpha) == (6, 0, 0.05)
    assert verdict.outcome == "accept"


def test_every_metric_of_a_report_has_an_interval() -> None:
    answers = ("",) * 40
    scores = {
        "accuracy": tuple(float(n % 4 == 0) for n in range(40)),
        "nll": tuple(1.0 + n / 40 for n in range(40)),
    }
    made = Report("d", "dev", tuple(map(str, range(40))), scores, answers)
    found = {metric: estimate(made, metric) for metric in made.scores}
    assert found.keys() == scores.keys()
    assert found["accuracy"].value == 0.25
    assert found["accuracy"].low == pytest.approx(0.1419, abs=5e-5)  # Wilson, 10 of 40
    assert found["accuracy"].high == pytest.approx(0.4019, abs=5e-5)
    assert found["nll"].value == pytest.approx(1.4875)
    assert found["nll"].low < 1.4875 < found["nll"].high
