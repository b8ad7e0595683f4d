import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from selfinstruct.cli.tables import print_summary
from selfinstruct.stats import wilson
from selfinstruct.store import Store
from selfinstruct.summary import read_summary
from tests.finished import report, write_run
from tests.reported import Plan, write_reported_run


def printed(folder: Path) -> str:
    out = io.StringIO()
    print_summary(Console(file=out, width=140), read_summary(folder))
    return out.getvalue()


def test_the_students_the_verdict_and_why_are_told(tmp_path: Path) -> None:
    write_run(tmp_path)
    text = printed(tmp_path)
    for words in (
        "real rows train 1, dev 0, gate 40, final 4 (2 duplicates left out)",
        "base",
        "5.0 % [1.4, 16.5]",
        "real-only",
        "50.0 % [35.2, 64.8]",
        "round 1: ACCEPT",
        "kept 1 of 2 candidates (50%)",
        "dropped: too_similar 1",
        "mean scores: label_agreement 0.75 on 1",
        "1 real + 1 synthetic rows, synthetic share 50% (asked 50%)",
        "why: ",
        "on final",
        "champion: round-1",
    ):
        assert words in text


def test_a_round_tells_of_its_guards_and_of_what_the_watch_heard(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1))
    text = printed(tmp_path)
    assert "guard: " in text
    assert "of the base" in text
    assert "watch: " in text
    assert "look at gate" in text


def test_the_gain_on_final_is_told_against_real_rows_alone(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert "gain over real rows alone" not in printed(tmp_path)
    with Store(tmp_path, write=True) as store:
        store.commit_report(report("c", 1, "final"))
        store.commit_stage(0, "evaluate real-only on final", {"checkpoint": "c"}, 1.0)
    assert "gain over real rows alone on final, more is better: label accuracy +0.5" in printed(
        tmp_path
    )


@pytest.mark.parametrize(("of", "told"), [("synthetic", True), ("mixture", False)])
def test_an_alarm_that_blocks_nothing_says_so(of: str, told: bool, tmp_path: Path) -> None:
    write_run(tmp_path)
    summary = read_summary(tmp_path)
    ratio = {"value": 0.64, "low": 0.5, "high": 0.8}
    signal = {"name": "rare_words", "of": of, "ratio": ratio, "alarm": True}
    summary["rounds"][0]["signals"] = [signal]
    out = io.StringIO()
    print_summary(Console(file=out, width=200), summary)
    assert "ALARM rare_words of the" in out.getvalue()
    assert "0.64 of the real rows" in out.getvalue()
    assert ("blocks nothing" in out.getvalue()) == told


def test_rows_that_came_too_late_are_no_failure_and_why_a_round_ended_is_said(
    tmp_path: Path,
) -> None:
    write_run(tmp_path)
    summary = read_summary(tmp_path)
    (entry,) = summary["rounds"]
    assert "ended" not in printed(tmp_path)  # a run of an older version does not know
    entry |= {"rejected": {"too_similar": 1, "round_full": 3}, "ending": "full", "target": 1}
    summary["account"] |= {"cost": 0.5, "currency": "EUR", "lost_calls": 2}
    out = io.StringIO()
    print_summary(Console(file=out, width=140), summary)
    text = out.getvalue()
    assert "kept 1 of 5 candidates (20%); 3 more would have been, but the round was full" in text
    assert "ended: full, 1 of 1 rows accepted" in text
    assert "dropped: too_similar 1\n" in text
    assert "70 tokens · 0.50 EUR · and 2 calls lost that were asked again" in text


def test_a_round_tells_what_its_teacher_read_and_what_its_rows_repeat(tmp_path: Path) -> None:
    write_run(tmp_path)
    assert "personal data" not in printed(tmp_path)  # a run of an older version does not know
    summary = read_summary(tmp_path)
    (entry,) = summary["rounds"]
    entry |= {
        "personal_data": {"rows": 1, "total": 9, "kinds": {"email": 1}, "remote": 1, "hidden": 1},
        "overlap": {"synthetic": {"quantiles": [3, 7, 12]}, "control": {"quantiles": [2, 4, 6]}},
        "licenses": {"CC-BY-4.0 AND Gemma": 5},
        "labels": {"signals": [], "by_label": []},
    }
    out = io.StringIO()
    print_summary(Console(file=out, width=140), summary)
    for words in (
        "personal data: in 1 of 9 rows (email 1)",
        "copied: 3 / 7 / 12",
        "Gemma 5",
        "labels: too few rows to tell",
    ):
        assert words in out.getvalue()


def arm(label: str, kept: int, request: str = "", tokens: float | None = 50.0) -> dict[str, Any]:
    share = wilson(kept, 40)
    return {
        "recipe": "label_first",
        "arm": "",
        "version": "v1",
        "label": label,
        "request": request,
        "candidates": 40,
        "kept": kept,
        "share": {"value": share.value, "low": share.low, "high": share.high},
        "calls": tokens and 2.0,
        "tokens": tokens,
    }


def test_the_worst_and_the_best_arms_are_told_and_what_was_not_reached(tmp_path: Path) -> None:
    write_run(tmp_path)
    summary = read_summary(tmp_path)
    (entry,) = summary["rounds"]
    entry["arms"] = [arm("loan", 0, tokens=None), arm("fee", 3, "a rhyme"), arm("card", 30)]
    entry["unmet"] = [
        {"label": "loan", "request": "", "asked": 20, "got": 3},
        {"label": None, "request": "a rhyme", "asked": 5, "got": 0},
    ]
    entry["rejected"] = {"round_full": 1, "quota_full": 2}
    out = io.StringIO()
    print_summary(Console(file=out, width=200), summary)
    text = out.getvalue()
    assert "least kept: label_first loan 0.0 % [0.0, 8.8] of 40\n" in text
    assert "most kept: label_first card 75.0 % [59.8, 85.8] of 40, 50 tokens a row" in text
    assert "50 tokens a row" in text
    assert "fee" not in text  # one at either end, of three
    assert "not met: quota loan: 3 of 20 rows" in text
    assert "not met: request 'a rhyme': 0 of 5 rows" in text
    assert "3 more would have been, but the round or their quota was full" in text


def test_one_arm_alone_is_no_best_and_no_worst(tmp_path: Path) -> None:
    write_run(tmp_path)
    summary = read_summary(tmp_path)
    summary["rounds"][0]["arms"] = [arm("fee", 3)]
    out = io.StringIO()
    print_summary(Console(file=out, width=200), summary)
    assert "least kept" not in out.getvalue()


AUC = {"value": 0.5, "low": 0.41, "high": 0.59}
RUBRIC = {"judge": "m", "rows": 40, "spoilt": 39, "auc": AUC, "least": 4, "passed": 0.95}


@pytest.mark.parametrize(
    ("doubt", "told"),
    [
        ("", "at grade 4 95% of the real rows pass, 70% of the spoilt fail"),
        ("may be tossing a coin", "JUDGE NOT USED: m may be tossing a coin"),
    ],
)
def test_a_judge_is_told_with_what_it_made_of_real_rows(
    doubt: str, told: str, tmp_path: Path
) -> None:
    write_run(tmp_path)
    assert "judge: m" not in printed(tmp_path)
    with Store(tmp_path, write=True) as store:
        row = {**RUBRIC, "caught": 0.7, "doubt": doubt}
        store.commit_stage(0, "calibrate rubric", row, 1.0)
    text = printed(tmp_path)
    assert told in text
    assert "40 real rows and 39 spoilt ones, AUC 0.50 [0.41, 0.59]" in text
    assert ("NOT USED" in text) == bool(doubt)


def test_real_rows_that_are_doubted_are_told_of(tmp_path: Path) -> None:
    write_run(tmp_path)
    suspect = {"id": "3fa9", "label": "fee", "said": "refund", "own": 0.1}
    with Store(tmp_path, write=True) as store:
        found = {"rows": 60, "suspects": [suspect]}
        store.commit_stage(0, "suspects of 5", found, 1.0)
    text = printed(tmp_path)
    assert "label otherwise: 1 of 60; 3fa9 says fee, they say refund" in text


def test_what_trackers_did_not_take_is_told(tmp_path: Path) -> None:
    write_run(tmp_path)
    summary, out = read_summary(tmp_path), io.StringIO()
    fault = {"tracker": "mlflow", "at": "step 3 of t round-1", "said": "OSError: \x1b[2J gone"}
    print_summary(Console(file=out, width=200), {**summary, "tracker_faults": [fault]})
    told = (
        "not all was reported: mlflow failed at step 3 of t round-1, and the run went on: OSError: "
    )
    assert told in out.getvalue()
    assert "\x1b" not in out.getvalue()
