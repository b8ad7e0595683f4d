"""What is said of two students, in lines and as an object."""

import io
import json
from dataclasses import replace

from rich.console import Console

from selfinstruct.cli.pairs_text import outcome_lines, print_pair, told
from selfinstruct.review.nouns import Agreement
from selfinstruct.review.pairs import Contest, Outcome, outcome, pairs_of
from selfinstruct.types import Message
from tests.paired import CONTEST, ROWS, answers

BAD = "\x1b]0;title\x07\x1b[2J\r\u202eevil [red]markup[/red]"


def found(first: int, second: int, equal: int = 0, bad: int = 0) -> Outcome:
    picks = ["left"] * first + ["right"] * second + ["equal"] * equal + ["bad"] * bad
    contest = Contest("c", "round-1", "base", 50)
    return outcome(contest, [(pick, True, None) for pick in (*picks, "skip")])


def test_every_number_is_told_in_words() -> None:
    lines = list(outcome_lines(replace(found(18, 4, 3, 2), judge=Agreement(9, 0.667, 0.5))))
    assert lines == [
        "round-1 against base: 28 of 50 dev rows were answered differently",
        "27 of 28 judged: round-1 better 18, base better 4, equal 3, both bad 2, 1 put off",
        "round-1 is preferred in 81.8 % [61.5, 92.7] of 22, exact sign test p = 0.004",
        "verdict: round-1 is better",
        "the judge agrees on 67% of 9 (kappa 0.50)",
    ]


def test_few_are_told_to_be_few_and_none_are_no_share() -> None:
    assert list(outcome_lines(found(9, 0)))[-1] == (
        "verdict: inconclusive (fewer than 20 are judged)"
    )
    assert list(outcome_lines(found(2, 28)))[-1] == "verdict: round-1 is worse"
    assert "preferred" not in " ".join(outcome_lines(found(0, 0, 30)))
    assert list(outcome_lines(found(0, 0, 30)))[-1] == "verdict: inconclusive"


def test_the_object_says_the_same() -> None:
    said = json.loads(json.dumps(told(found(18, 4, 3, 2))))
    assert said["students"] == {"first": "round-1", "second": "base"}
    assert said["better"] == {"first": 18, "second": 4}
    assert (said["rows"], said["pairs"], said["alike"], said["done"]) == (50, 28, 22, 27)
    assert (said["equal"], said["bad"], said["skipped"], said["verdict"]) == (3, 2, 1, "better")
    assert said["prefer_first"].keys() == {"value", "low", "high"}
    assert 0 < said["p_value"] < 0.01


def test_words_of_a_pair_cannot_act_on_the_terminal_and_name_nobody() -> None:
    row = replace(ROWS[1], input=BAD, turns=(Message("user", BAD),))
    first, second = answers((row, row), "x"), {row.id: BAD}
    [pair] = pairs_of(CONTEST, (row,), first, second, 0)
    out = io.StringIO()
    print_pair(Console(file=out, width=100), pair, "pair 1 of 3")
    shown = out.getvalue()
    assert not {"\x1b", "\x07", "\r", "\u202e"} & {*shown}
    assert shown.count("[red]markup[/red]") == 3
    assert "answer 1" in shown and "answer 2" in shown
    assert CONTEST.first not in shown and CONTEST.second not in shown
