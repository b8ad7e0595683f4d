"""Pairs of answers as text: one to be judged, and what was said of two students."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from selfinstruct.cli.text import escape
from selfinstruct.judging.comparison import MIN_ROWS
from selfinstruct.review.pairs import Outcome, Pair
from selfinstruct.telling import interval


def print_pair(console: Console, pair: Pair, where: str) -> None:
    """A row and both answers, without a word on whose they are."""
    console.rule(style="dim")
    console.print(Text(where, style="bold"))
    for name, value in _fields(pair):
        console.print(Text.assemble((f"{name:<12} ", "cyan"), escape(value)))


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """What people say of two students, line by line."""
    first, second = escape(outcome.contest.first), escape(outcome.contest.second)
    yield (
        f"{first} against {second}: {outcome.pairs} of {outcome.contest.rows} dev rows were "
        "answered differently"
    )
    skipped = f", {outcome.skipped} put off" if outcome.skipped else ""
    yield (
        f"{outcome.done} of {outcome.pairs} judged: {first} better {outcome.first}, {second} "
        f"better {outcome.second}, equal {outcome.equal}, both bad {outcome.bad}{skipped}"
    )
    if outcome.prefer_first is not None:
        found = outcome.prefer_first
        share = {"value": found.value, "low": found.low, "high": found.high}
        yield (
            f"{first} is preferred in {interval('exact_match', share)} of "
            f"{outcome.first + outcome.second}, exact sign test p = {outcome.p_value:.3f}"
        )
    few = f" (fewer than {MIN_ROWS} are judged)" if outcome.done < MIN_ROWS else ""
    sure = outcome.verdict != "inconclusive"
    yield f"verdict: {f'{first} is ' if sure else ''}{outcome.verdict}{few}"
    judge = outcome.judge
    if judge.share is not None:
        kappa = "none" if judge.kappa is None else f"{judge.kappa:.2f}"
        yield f"the judge agrees on {judge.share:.0%} of {judge.n} (kappa {kappa})"


def told(outcome: Outcome) -> dict[str, Any]:
    """The same as a JSON object."""
    plain = asdict(outcome)
    contest = plain.pop("contest")
    names = {"first": contest["first"], "second": contest["second"]}
    wins = {"first": plain.pop("first"), "second": plain.pop("second")}
    return {
        "id": contest["id"],
        "students": names,
        "rows": contest["rows"],
        "alike": outcome.alike,
        "better": wins,
        **plain,
    }


def _fields(pair: Pair) -> Iterator[tuple[str, str]]:
    example = pair.example
    for turn in example.turns:
        yield f"[{turn.role}]", turn.content
    yield "instruction", example.instruction
    if example.input:
        yield "input", example.input
    yield "answer 1", pair.left
    yield "answer 2", pair.right
