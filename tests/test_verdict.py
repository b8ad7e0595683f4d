from dataclasses import FrozenInstanceError

import pytest

from selfinstruct.types import Interval
from selfinstruct.verdict import Signal, Verdict


def test_the_nouns_of_judging_never_change() -> None:
    signal = Signal("distinct_2", "mixture", 0.5, 0.6)
    with pytest.raises(FrozenInstanceError):
        signal.alarm = True  # type: ignore[misc]


def test_a_verdict_stands_without_guards_alarms_or_judge() -> None:
    gain = Interval(0.1, 0.0, 0.2)
    verdict = Verdict("accept", "nll", 9, 0.5, 0.6, gain, 0.01, 0.05, 5, 4, 0.1, "because")
    assert (verdict.guards, verdict.alarms, verdict.judge, verdict.look) == ((), (), None, 1)
