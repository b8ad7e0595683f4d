from typing import Any

import pytest

from selfinstruct import sentences
from selfinstruct.stats import wilson


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, ""),
        ({"incomplete": 3}, "3 incomplete left out"),
        ({"forbidden": 1, "duplicates": 2}, "2 duplicates, 1 forbidden left out"),
    ],
)
def test_real_rows_that_are_in_no_split_are_told_by_why(counts: dict[str, int], told: str) -> None:
    assert (
        sentences.left_out({**dict.fromkeys(sentences.LEFT_OUT, 0), "train": 9, **counts}) == told
    )


@pytest.mark.parametrize(
    ("ending", "words"),
    [("full", "full, 3 of 9"), ("candidates", "max_candidates"), ("stalled", "generate.stall")],
)
def test_why_a_round_ended_is_one_sentence(ending: str, words: str) -> None:
    told = sentences.tell_ending(ending, 3, 9)
    assert words in told
    assert "3 of 9 rows accepted" in told


def test_a_fork_tells_where_it_comes_from_and_what_was_seen_there() -> None:
    forked = {"run": "a", "changed": ["seed: 0 -> 1", "gate.alpha: 0.05 -> 0.1"], "reused": []}
    told = "forked from a (seed: 0 -> 1; gate.alpha: 0.05 -> 0.1), reusing nothing"
    assert sentences.origin(forked) == told
    assert sentences.opened({}) == "once, after the last verdict"
    seen = sentences.opened({"a": 5, "b": 2})
    assert seen.startswith("before this run began, in a (5 of these rows), b (2 of these rows)")


@pytest.mark.parametrize(
    ("rows", "remote", "hidden", "told"),
    [
        (0, True, True, "none found in 9 rows"),
        (2, True, True, "the judge, elsewhere, is shown placeholders for it"),
        (2, False, True, "the judge, on this machine, is shown placeholders for it"),
        (2, False, False, "the judge, on this machine, reads it"),
        (2, True, False, "it leaves this machine as it is, for the judge (privacy.redact: never)"),
    ],
)
def test_who_reads_personal_data_is_said(rows: int, remote: bool, hidden: bool, told: str) -> None:
    found = {"rows": rows, "total": 9, "kinds": {"national_id": 2, "ip": 1}, "remote": remote}
    text = sentences.personal_data({**found, "hidden": hidden}, "judge")
    assert text.endswith(told)
    assert not rows or text.startswith("in 2 of 9 rows (national id 2, ip 1); ")


def test_what_was_copied_is_told_beside_the_control() -> None:
    found = {"synthetic": {"quantiles": [3, 7, 12]}, "control": {"quantiles": []}}
    assert sentences.overlap(found) == (
        "3 / 7 / 12 words in a row from a real row (half, 95 %, all of them); held-out rows none"
    )


@pytest.mark.parametrize(
    ("tokens", "scores", "told"),
    [
        (None, {}, "r/q@7: 50.0 % [34.1, 65.9] of 34 kept"),
        (
            88.2,
            {
                "rubric": {"n": 9, "mean": 3.9, "low": 3.8, "high": 4.0},
                "ifd": {"n": 1, "mean": 0.5, "low": None, "high": None},
            },
            "r/q@7: 50.0 % [34.1, 65.9] of 34 kept, 88 tokens a row, rubric 3.90 [3.80, 4.00], "
            "ifd 0.50",
        ),
    ],
)
def test_a_prompt_that_shares_its_recipe_is_told_with_its_intervals(
    tokens: float | None, scores: dict[str, Any], told: str
) -> None:
    share = wilson(17, 34)
    ends = {"value": share.value, "low": share.low, "high": share.high}
    arm = {"arm": "r/q@7", "candidates": 34, "share": ends, "tokens": tokens, "scores": scores}
    assert sentences.tell_prompt_arm(arm) == told


def test_a_review_is_told_with_what_it_came_to() -> None:
    counts = {"kept": 3, "dropped": 1, "joined": 1, "edited": 0, "refused": 1}
    rate = {"value": 0.75, "low": 0.3, "high": 0.95, "n": 4}
    judge = {"n": 5, "share": 0.8, "kappa": None}
    found = {"waits": False, "asked": 9, "decided": 5, **counts, "acceptance": rate, "judge": judge}
    assert sentences.tell_review(found) == (
        "5 of 9 decided: 3 kept, 1 dropped, 1 taken though dropped, 1 refused by a filter; "
        "75.0 % [30.0, 95.0] of rows stand as they are, by 4 drawn by chance; "
        "the judge agrees on 80% of 5 (kappa none)"
    )
    assert sentences.tell_review({"waits": True}).startswith("waits for them")


def test_two_prompts_beside_each_other_are_told_with_their_difference() -> None:
    pair = {
        "arm": "r/q@8",
        "other": "r/q@7",
        "difference": {"value": 0.12, "low": 0.031, "high": 0.204},
        "p_value": 0.004,
        "adjusted": 0.012,
        "prompts": (24, 22),
        "verdict": "better",
    }
    assert sentences.tell_rivals(pair) == (
        "r/q@8 against r/q@7: better, +12.0 points [+3.1, +20.4] kept, p = 0.012 by 24 and 22 "
        "prompts"
    )


def labels(**found: Any) -> dict[str, Any]:
    ratio = {"value": 0.55, "low": 0.451, "high": 0.66}
    return {"signals": [{"value": 0.31, "real": 0.56, "ratio": ratio, **found}], "by_label": []}


def test_how_many_labels_are_right_is_told_roughly_and_the_doubtful_ones_are_named() -> None:
    doubted = [
        {"label": f"l{n}", "found": n, "rows": 9, "doubtful": n not in (1, 8)} for n in range(9)
    ]
    assert sentences.tell_labels({**labels(), "by_label": doubted}) == (
        "real-only finds the one asked for in 31% of the new rows, in 56% of dev rows, so roughly "
        "55 % [45, 66] are right; most in doubt: l0 0 of 9, l2 2 of 9, l3 3 of 9, l4 4 of 9, "
        "l5 5 of 9"
    )


@pytest.mark.parametrize(
    ("found", "end"),
    [
        (
            labels(ratio={"value": 1.1, "low": 0.9, "high": 1.3}),
            "roughly 100 % [90, 100] are right",
        ),
        (labels(ratio=None), "in 56% of dev rows"),
        (
            labels(ratio={"value": 0.0, "low": 0.0, "high": 1.4}),
            "in 56% of dev rows, which is too little to tell how many are right",
        ),
        ({"signals": [], "by_label": []}, "too few rows to tell how many are right"),
    ],
)
def test_no_more_than_all_labels_are_right_and_too_little_is_said_to_be(
    found: dict[str, Any], end: str
) -> None:
    assert sentences.tell_labels(found).endswith(end)
