from pathlib import Path
from typing import Any

import pytest

from selfinstruct.export import sections
from selfinstruct.export.facts import Facts, read_facts
from selfinstruct.rows import from_signal
from selfinstruct.settled import STAGE
from selfinstruct.store import Store
from selfinstruct.types import Example, Interval
from selfinstruct.verdict import Signal
from tests.exported import made, write_exported
from tests.reviewed import review_stage


def facts_of(run: Path, *signals: Signal, **more: Any) -> Facts:
    write_exported(run, **more)
    with Store(run, write=True) as store:
        if signals:
            found = {"signals": [from_signal(signal) for signal in signals]}
            store.commit_stage(1, "watch", found, 1.0)
        return read_facts(store)


def test_acceptance_is_told_by_round_and_label_with_intervals(tmp_path: Path) -> None:
    told = sections.acceptance(facts_of(tmp_path / "t", outcomes=["accept"]))
    assert "| round 1 | 9 | 6 | 67 % [35, 88] |" in told
    assert "| label `fee` | 3 | 3 | 100 % [44, 100] |" in told
    assert "| label - | 2 | 0 | 0 % [0, 66] |" in told


def test_alarms_are_told_and_quiet_signals_counted(tmp_path: Path) -> None:
    quiet = Signal("distinct-1", "mixture", 1.0, 1.0, Interval(1.0, 0.9, 1.1), 0.9)
    loud = Signal("rare_words", "student", 0.5, 1.0, Interval(0.5, 0.4, 0.6), 0.9, alarm=True)
    assert "1 signals of collapse were measured, none" in sections.limits(
        facts_of(tmp_path / "a", quiet)
    )
    told = sections.limits(facts_of(tmp_path / "b", quiet, loud))
    assert r"**Alarm** in round 1: rare\_words of the student at 0.50 [0.40, 0.60]" in told
    assert "none set off" not in told


def test_what_was_switched_on_is_not_told_as_unchecked(tmp_path: Path) -> None:
    off = sections.limits(facts_of(tmp_path / "off"))
    filters = {
        "quality": {"rubric": {}},
        "language": {"expected": ["en"]},
        "contamination": {"ngram": None, "rouge_l": None},
        "novelty": {"minhash": {}},
    }
    on = sections.limits(facts_of(tmp_path / "on", filters=filters))
    for words in ("No judge graded", "The language of a text was not"):
        assert words in off
        assert words not in on
    assert "nearness to held-out rows" in on.lower()
    assert "nearness to held-out rows" not in off.lower()
    assert "which MinHash misses" in on
    assert "MinHash" not in off


def test_a_review_is_not_denied_and_what_it_left_out_had_passed(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    with Store(run, write=True) as store:
        assert "no person's judgement" in sections.limits(read_facts(store))
        out = [{"id": made(2)[0].id, "reason": "unclear"}]
        store.commit_stage(2, STAGE, review_stage(kept=[made(2)[1].id], dropped=out), 1.0)
        facts = read_facts(store)
    assert "no person's judgement" not in sections.limits(facts)
    assert "| dropped: `dropped_by_person` | -1 |" in sections.funnel(facts)
    assert "| **kept** | **11** |" in sections.funnel(facts)
    assert "| round 2 | 9 | 6 |" in sections.acceptance(facts)


@pytest.mark.parametrize(
    ("outputs", "told"),
    [("reject", "were dropped"), ("keep", "were kept**"), ("placeholder", "by placeholders")],
)
def test_the_policy_is_told_and_what_is_found_now(tmp_path: Path, outputs: str, told: str) -> None:
    facts = facts_of(tmp_path / "t", privacy={"outputs": outputs})
    found = sections.personal(facts, [Example("I am anna@web.de"), Example("x")])
    assert "in 1 of 2 rows" in found
    assert told in found


def test_terms_and_unknown_licences_are_told(tmp_path: Path) -> None:
    facts = facts_of(
        tmp_path / "t", teacher={"backend": "llamacpp", "name": "/x/y.gguf", "terms": "Gemma"}
    )
    told = sections.teacher(facts)
    assert "comes under `Gemma`" in told
    assert "`llamacpp:y.gguf`, run on this machine" in told
    rights = sections.licenses(facts, [Example("a"), Example("b", license="MIT")])
    assert "that it may be passed on is not known" in rights
    assert "No policy was set" in rights
    assert "not known" not in sections.licenses(facts, [Example("b", license="MIT")])


def test_settings_are_those_that_are_no_default_and_hold_no_key(tmp_path: Path) -> None:
    facts = facts_of(tmp_path / "t", rounds={"max": 7}, generate={"program": "sk-abcdefghijkl:f"})
    told = sections.reproduce(facts, ["selfinstruct", "export", "a b"])
    assert "max: 7" in told
    assert "novelty" not in told
    assert "sk-abcdefghijkl" not in told
    assert "selfinstruct export 'a b'" in told
