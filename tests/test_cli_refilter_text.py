import io
from typing import Any

from rich.console import Console

from selfinstruct.cli.refilter_text import print_refilter


def printed(found: dict[str, Any]) -> str:
    out = io.StringIO()
    print_refilter(Console(file=out, width=140, highlight=False), found)
    return out.getvalue()


def row(before: dict[str, Any] | None, after: dict[str, Any] | None, text: str) -> dict[str, Any]:
    words = {"id": "0123456789abcdef", "instruction": text, "response": "reply"}
    return {
        "id": words["id"],
        "round": 1,
        "wave": 0,
        "before": before,
        "after": after,
        "row": words,
    }


KEPT = {"kept": True}
NEAR = {"kept": False, "reason": "too_similar", "value": 2 / 3, "threshold": 0.6, "neighbour": "n1"}


def found(**changes: Any) -> dict[str, Any]:
    return {
        "run": "runs/t",
        "waves": 5,
        "changed": ["filters.novelty.threshold: 0.7 -> 0.6"],
        "reproduces": True,
        "drift": {"count": 0, "rows": [], "program": None},
        "kept": {"before": 50, "after": 40},
        "fit": {"before": 52, "after": 40},
        "reasons": {
            "too_similar": {"before": 7, "after": 19},
            "round_full": {"before": 2, "after": 0},
            "not_asked": {"before": 0, "after": 3},
        },
        "calls_not_made": 3,
        "moves": {"dropped": 12, "kept": 0, "unknown": 3, "reason": 1},
        "rows": {
            "dropped": [row(KEPT, NEAR, "turn \u202e and \x1b[2J round")],
            "kept": [],
            "unknown": [row(NEAR, {"kept": False, "reason": "not_asked"}, "asked")],
            "reason": [row(NEAR, None, "gone")],
        },
        "curves": [],
        "fork": None,
        **changes,
    }


def test_people_read_the_funnel_and_the_rows_that_move() -> None:
    text = printed(found())
    for words in (
        "filters.novelty.threshold: 0.7 -> 0.6",
        "runs/t, 5 waves",
        "fit, but the round was full",
        "52 candidates passed every filter, 40 pass now",
        "3 calls were never made",
        "rows that fall: 12",
        "kept → too_similar 0.667 limit 0.6 near n1",
        "too_similar 0.667 limit 0.6 near n1 → not there",
        "let through, but never asked on or measured: 3",
    ):
        assert words in text
    assert [line.split("│")[1:5] for line in text.splitlines() if "too_similar  " in line] == [
        [" too_similar                 ", "      7 ", "    19 ", "    +12 "]
    ]
    assert "rows that come in" not in text
    assert "\x1b[2J" not in text
    assert "\u202e" not in text


def test_with_nothing_changed_people_read_that_all_is_as_it_was() -> None:
    text = printed(found(changed=[], calls_not_made=0))
    assert text == "read and filtered again, all 59 candidates meet the stored fate\n"


def test_a_drift_is_told_with_rows_whatever_was_asked() -> None:
    drift = {"count": 4, "rows": [row(NEAR, KEPT, "a text")], "program": None}
    for changed in ([], ["filters.novelty.threshold: 0.7 -> 0.6"]):
        text = printed(found(drift=drift, changed=changed, reproduces=False))
        assert "4 candidates do not meet the stored fate though no setting changed" in text
        assert "too_similar 0.667 limit 0.6 near n1 → kept" in text
        assert "candidates meet the stored fate" not in text


def test_of_a_drift_rules_of_the_users_own_are_told_first() -> None:
    text = printed(found(drift={"count": 4, "rows": [], "program": "rules:make"}, changed=[]))
    assert "no setting changed: rules:make gives other rows than it did, or this version" in text


def test_a_curve_is_a_table_with_bars_and_a_mark_at_the_present_value() -> None:
    points = [
        {"value": value, "fit": fit, "not_asked": more, "not_measured": 0, "most": fit + more}
        for value, fit, more in ((0.5, 10, 0), (0.7, 20, 0), (None, 20, 10))
    ]
    curve = {"path": "filters.novelty.threshold", "present": 0.7, "points": points}
    lines = printed(found(changed=[], curves=[curve])).splitlines()
    bars = {line.split()[1]: line.count("█") for line in lines if line.startswith("│")}
    assert bars == {"0.5": 10, "0.7": 20, "off": 20}
    assert [line.split()[1] for line in lines if "◀ now" in line] == ["0.7"]


def test_a_curve_on_which_nothing_passes_is_drawn() -> None:
    point = {"value": 0.0, "fit": 0, "not_asked": 0, "not_measured": 0, "most": 0}
    curve = {"path": "filters.x", "present": 0.0, "points": [point]}
    assert "filters.x" in printed(found(changed=[], curves=[curve]))


def test_a_fork_is_told_with_what_it_will_take_and_the_next_command() -> None:
    span = {"value": 80.4, "low": 66.0, "high": 98.0}
    a_round = {"calls": span, "tokens": span, "cost": {"value": 0.5, "low": 0.4, "high": 0.6}}
    fork = {
        "run": "runs/strict",
        "again": ["candidates of round 1", "final"],
        "a_round": a_round,
        "rounds": 3,
        "currency": "USD",
        "settings": ["name=strict", "filters.novelty.threshold=0.6"],
    }
    text = printed(found(fork=fork))
    assert "begun: runs/strict" in text
    assert "to do again: candidates of round 1, final" in text
    assert "about 80 calls (66 to 98) and 80 tokens, 0.50 USD, and there are 3 at most" in text
    assert "next: selfinstruct run CONFIG name=strict filters.novelty.threshold=0.6" in text
    assert "about" not in printed(found(fork={**fork, "a_round": None}))
