from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.report import words
from selfinstruct.report.gather import gather
from selfinstruct.types import Interval
from selfinstruct.verdict import Guard, Held, JudgeHealth, Signal
from tests.reported import Plan, write_reported_run


def test_a_verdict_has_its_numbers_first_and_then_alarms_and_the_judge(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    facts = gather(tmp_path)
    verdict = facts.rounds[1].verdict
    assert verdict is not None
    head = "accepted: +5.0 points [-2.0, +12.0] label accuracy on 40 gate rows"
    assert words.headline(verdict) == head
    look, alarm, judge = words.details(verdict)
    assert look.startswith("Look 1 at these rows; p <= 0.01 is needed")
    assert "20.0 points" in look
    assert alarm == "Collapse alarm: distinct-1."
    assert "18 wins, 9 losses, 13 ties of 40 rows" in judge
    bare = replace(verdict, alarms=(), judge=None)
    assert len(list(words.details(bare))) == 1


def test_the_champion_is_named_with_the_base_beside_it(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    told = words.tell_champion(gather(tmp_path).summary)
    assert told.startswith("Champion, so far: round-1, with ")
    assert "(base " in told
    nobody: dict[str, Any] = {"champion": None, "students": [], "state": "incomplete"}
    assert words.tell_champion(nobody).startswith("No champion yet")
    assert words.tell_champion({**nobody, "champion": "real-only"}).endswith("not scored yet.")


@pytest.mark.parametrize("held", ["held", "broken", "unsure"])
def test_a_guard_says_what_it_ruled_out(held: Held) -> None:
    guard = Guard("general", "nll", 9, 2.0, 2.1, Interval(-0.1, -0.2, 0.0), 0.1, 0.5, held)
    assert words.tell_guard(guard).startswith(f"{held}: ")


def test_a_sick_judge_and_a_signal_without_a_ratio_say_so() -> None:
    sick = JudgeHealth(4, 1, 1, 2, 2, 3, 0.9, 0.0, healthy=False)
    assert "not fit to decide by" in words.tell_judge(sick)
    assert "no ratio" in words.tell_signal(Signal("js", "synthetic", 0.1, 0.0))


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ("student", "of the student: 2.000, 0.50 of the real-only student's [0.40, 0.60]"),
        ("synthetic", "of the synthetic rows: 2.000, 0.50 of the real rows' [0.40, 0.60]"),
    ],
)
def test_a_signal_says_what_it_is_held_to(of: Any, told: str) -> None:
    signal = Signal("nll_p95", of, 2.0, 4.0, Interval(0.5, 0.4, 0.6), 1.1)
    assert told in words.tell_signal(signal)
