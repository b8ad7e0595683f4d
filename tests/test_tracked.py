from dataclasses import replace

import pytest

from selfinstruct.config import GateConfig
from selfinstruct.judging.gate import decide
from selfinstruct.tracked import numbers_of, words_of
from selfinstruct.types import Checkpoint, Interval, Mixture
from selfinstruct.verdict import Exams, FailedRound, Guard, Round
from tests.finished import KEPT, real_data, report

MIXTURE = Mixture((*real_data().train, KEPT), 0.5, 0.5)
GUARD = Guard("general", "nll", 9, 1.0, 1.1, Interval(-0.1, -0.2, 0.0), 0.1, 0.5, "unsure")


def judged(right: int) -> Round:
    candidate = report("d", right)
    verdict = decide(candidate, report("c", 20), GateConfig(metric="accuracy"), 0.05)
    verdict = replace(verdict, guards=(GUARD,))
    student = Checkpoint("round-1", "b", None, "d")
    return Round(
        1, (KEPT,), {"too_similar": 2, "echo": 1}, MIXTURE, student, Exams(candidate), (), verdict
    )


@pytest.mark.parametrize(("right", "accepted"), [(38, 1.0), (20, 0.0)])
def test_a_judged_round_has_verdict_scores_and_intervals(right: int, accepted: float) -> None:
    done = judged(right)
    found = numbers_of(done)
    assert found["gate/accept"] == accepted
    assert found["candidates/acceptance"] == 0.25
    assert found["mixture/rows"] == 2
    assert found["gate/accuracy"] == right / 40
    assert found["gate/accuracy_low"] < right / 40 < found["gate/accuracy_high"]
    gain = done.verdict.gain
    told = (found["gate/gain"], found["gate/gain_low"], found["gate/gain_high"])
    assert told == (gain.value, gain.low, gain.high)
    assert found["guard/general_gain"] == -0.1
    assert words_of(done) == f"{done.verdict.outcome}: {done.verdict.why}"
    assert all(isinstance(value, float) for value in found.values())


def test_a_round_without_a_student_is_a_rejection() -> None:
    done = FailedRound(2, (), {}, MIXTURE, "no numbers")
    found = numbers_of(done)
    assert (found["gate/accept"], found["candidates/acceptance"]) == (0.0, 0.0)
    assert "gate/gain" not in found
    assert words_of(done) == "reject: no numbers"
