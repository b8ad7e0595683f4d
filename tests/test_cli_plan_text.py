"""What of a plan people read; how one comes about is `test_cli_plan`'s."""

from pathlib import Path
from typing import Any

import pytest

from selfinstruct.cli.plan import plan_run
from selfinstruct.cli.plan_text import print_plan

CONFIGS = Path(__file__).parents[1] / "configs"
SEEN = {"calls": 4, "kept": 6, "candidates": 8, "prompt_tokens": 90, "completion_tokens": 30}
NO_GUARD = {"rows": 0, "of": "", "target": "response", "tasks": [], "margin": 0.1}
PILOT = {"source": "pilot", "reused": True, "seen": SEEN}


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A plan looks at the run of its name: there is none here."""
    monkeypatch.chdir(tmp_path)
    return plan_run(CONFIGS / "quickstart.yaml", [])


def shown(plan: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    print_plan(plan)
    return " ".join(capsys.readouterr().out.split())


def span(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        (NO_GUARD, "guards none"),
        ({**NO_GUARD, "target": "label"}, "guards none: the student writes labels alone"),
        (
            {**NO_GUARD, "rows": 40, "of": "general", "tasks": ["piqa", "arc_easy"]},
            "guards 40 rows of general, piqa, arc_easy: a loss of 10% against the base must be",
        ),
    ],
)
def test_what_guards_is_told(
    plan: dict[str, Any], guard: dict[str, Any], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in shown({**plan, "guard": guard}, capsys)


@pytest.mark.parametrize(
    ("rounds", "cost", "low", "told"),
    [
        (1, None, 90, "about 20 (18 to 24) calls, 600 (540 to 720) tokens, 1 min 0 s of the"),
        (1, span(0.5, 0.4, 0.6), 90, "tokens, 0.5 (0.4 to 0.6) EUR, 1 min 0 s of the teacher's"),
        (3, None, 90, "3 rounds at most 60 (54 to 72) calls, 1800 (1620 to 2160) tokens, 3 min"),
        (1, None, 80, "for 90 accepted rows (down to 80: candidates may run out)"),
    ],
)
def test_an_estimate_is_told_with_its_ranges(
    plan: dict[str, Any],
    rounds: int,
    cost: dict[str, float] | None,
    low: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    each = {
        "share": span(0.75, 0.4, 0.9),
        "accepted": span(90, low, 95),
        "calls": span(20, 18, 24),
        "tokens": span(600, 540, 720),
        "cost": cost,
        "seconds": span(60, 54, 72),
    }
    found = {**PILOT, "a_round": each, "rounds": rounds, "currency": "EUR"}
    text = shown({**plan, "accept": 90, "estimate": found}, capsys)
    assert "estimate pilot: 4 calls, 6 of 8 kept: 75% (40% to 90%), 30 tokens a call" in text
    assert told in text
    assert ("may run out" in text) == (low < 90)
    assert ("rounds at most" in text) == (rounds > 1)


def test_a_pilot_too_small_to_tell_says_so(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = {**PILOT, "a_round": None, "rounds": 1}
    told = shown({**plan, "estimate": found}, capsys)
    assert "too few to tell, take more with --pilot" in told


@pytest.mark.parametrize("reused", [True, False])
def test_calls_that_the_round_will_not_have_are_said_to_be_beside_it(
    reused: bool, plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    found = {**PILOT, "a_round": None, "rounds": 1, "reused": reused}
    told = shown({**plan, "estimate": found}, capsys)
    assert ("beside it the pilot's own calls" in told) == (not reused)


def test_words_of_a_prompt_cannot_move_the_cursor(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    first = {**plan["first_prompt"], "messages": [["user", "\x1b[2J [bold]"]]}
    told = shown({**plan, "first_prompt": first}, capsys)
    assert "\x1b" not in told
    assert "[bold]" in told
