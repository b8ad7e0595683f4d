from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.changes import Change, differences
from selfinstruct.config import Config, parse_config
from selfinstruct.reuse import (
    EXAMS,
    FOLLOWS,
    TOUCHES,
    Place,
    Reuse,
    consequence,
    falling,
    name_stages,
    reuse,
    touched,
)
from selfinstruct.wording import FORMS

MODEL = {"backend": "program", "name": "m:f"}
PLAIN: dict[str, Any] = {"seeds": {"path": "x"}, "teacher": MODEL}
PLACES: list[Place] = [
    *((0, f"evaluate base on {exam}") for exam in EXAMS if exam != "dev"),
    (0, "mix"),
    (0, "train"),
    *((0, f"evaluate real-only on {exam}") for exam in EXAMS),
    *((index, stage) for index in (1, 2) for stage in ("generate", "labels", "mix", "train")),
    *((r, f"evaluate round-{r} on {exam}") for r in (1, 2) for exam in EXAMS if exam != "final"),
    *((index, stage) for index in (1, 2) for stage in ("watch", "gate")),
    (0, "evaluate round-2 on final"),
    (0, "finish"),
    (0, "sweep 3fa9"),
]
"""A finished run of two rounds."""


def config(**sections: Any) -> Config:
    return parse_config({**PLAIN, **sections})


def left(
    before: Config, after: Config, outcomes: Sequence[str] = ("reject", "reject")
) -> list[str]:
    changes = differences(before.identity, after.identity)
    stands = reuse(changes, before, after, 30, outcomes)
    return [f"{index} {stage}" for index, stage in PLACES if stands.keeps((index, stage))]


def test_every_identity_field_is_in_the_table_and_the_table_has_no_others() -> None:
    cfg = config(judge={"model": MODEL})
    fields = {*cfg.identity, *config().identity}
    used = set()
    fields |= {f"prompts.{form.short}" for form in FORMS.values()}  # told by what they hold
    for field in fields:
        change = Change(field, 0, 1)
        assert touched(change, cfg, cfg, 30)
        used.add(field if field in TOUCHES else f"{field.partition('.')[0]}.")
    assert used == set(TOUCHES)


BASE = ["0 evaluate base on gate", "0 evaluate base on general", "0 evaluate base on lm_eval"]
CONTROL = [
    "0 mix",
    "0 train",
    *(f"0 evaluate real-only on {exam}" for exam in ("gate", "dev", "general", "lm_eval")),
]
ROUND = ["1 generate", "1 labels", "1 mix", "1 train"]
TWO = [stage for index, name in PLACES[:-3] if "on final" not in (stage := f"{index} {name}")]
ONE = [stage for stage in TWO if not stage.startswith("2")]
SCORES = [f"1 evaluate round-1 on {exam}" for exam in ("gate", "dev", "general", "lm_eval")]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"seed": 1}, ["0 evaluate base on lm_eval"]),
        ({"seeds": {"path": "y"}}, ["0 evaluate base on lm_eval"]),
        ({"task": {"system": "x"}}, ["0 mix"]),
        ({"filters": {"novelty": {"threshold": 0.5}}}, [*BASE, *CONTROL]),
        ({"teacher": {**MODEL, "name": "m:g"}}, [*BASE, *CONTROL]),
        ({"generate": {"accept": 5}}, [*BASE, *CONTROL]),
        ({"mixture": {"on_shortage": "error"}}, [*BASE, *CONTROL, *ROUND[:2]]),
        ({"mixture": {"unit": "tokens"}}, [*BASE, *CONTROL, *ROUND[:2]]),
        ({"mixture": {"repeat": 2}}, [*BASE, "1 generate"]),
        ({"student": {"rank": 4}}, [*BASE, "0 mix", "1 generate", "1 mix"]),
        ({"student": {"name": "other"}}, ["0 mix", "1 generate"]),
        (
            {"evaluate": {"max_new_tokens": 5}},
            [
                *(stage for stage in [*BASE, *CONTROL] if "on gate" not in stage),
                *(stage for stage in ROUND if stage != "1 labels"),
                *SCORES[1:],
                "1 watch",
            ],
        ),
        (
            {"guard": {"rows": 5}},
            [
                BASE[0],
                *(stage for stage in CONTROL if "general" not in stage and "lm_eval" not in stage),
                *ROUND,
                *SCORES[:2],
                "1 watch",
            ],
        ),
        ({"watch": {"band": 0.2}}, [*BASE, *CONTROL, "1 generate", *ROUND[2:], *SCORES]),
        (
            {"watch": {"label_rows": 9}},
            [stage for stage in TWO if not stage.endswith(" labels")],
        ),
        ({"watch": {"block": False}}, [*BASE, *CONTROL, *ROUND, *SCORES, "1 watch"]),
        ({"gate": {"alpha": 0.1}}, [*BASE, *CONTROL, *ROUND, *SCORES, "1 watch"]),
        ({"judge": {"model": MODEL}}, [*BASE, *CONTROL, *ROUND, *SCORES, "1 watch"]),
    ],
)
def test_a_change_leaves_what_it_does_not_touch(change: dict[str, Any], kept: list[str]) -> None:
    assert sorted(left(config(), config(**change))) == sorted(kept)


AGREES: dict[str, Any] = {"quality": {"label_agreement": {}}}
FOLDS: list[Place] = [(0, "fold 1 of 2"), (0, "fold 2 of 2"), (0, "suspects of 2")]


@pytest.mark.parametrize(
    ("quality", "falls"),
    [
        ({}, False),
        ({"label_agreement": {"by": "teacher"}}, False),
        ({"rubric": {}}, False),
        ({"label_agreement": {"by": "champion"}}, True),
        ({"label_agreement": {"by": "k_fold"}}, True),
        ({"likelihood": {"ifd": {}}}, True),
    ],
)
def test_candidates_that_a_student_chose_fall_with_the_control(
    quality: dict[str, Any], falls: bool
) -> None:
    filters = {"filters": {"quality": quality}}
    for section in ({"rank": 4}, {"name": "other"}):
        found = left(config(**filters), config(**filters, student=section))
        assert ("1 generate" in found) != falls


def test_a_filter_that_is_switched_on_takes_the_candidates_and_not_the_control() -> None:
    found = left(config(), config(filters=AGREES))
    assert "0 train" in found
    assert "1 generate" not in found
    changed = differences(config().identity, config(filters=AGREES).identity)
    assert any(change.field == "filters.quality.label_agreement.by" for change in changed)


def test_what_a_judge_made_of_real_rows_stands_and_falls_with_what_it_judged() -> None:
    place = (0, "calibrate rubric")
    assert Reuse(falling(["verdicts"]), 1).keeps(place)
    assert not Reuse(falling(["candidates"]), 1).keeps(place)


def test_what_people_said_of_candidates_stands_and_falls_with_them() -> None:
    assert reuse([], config(), config(), 100, ("reject",)).keeps((1, "review"))
    gone = reuse([Change("teacher.name", "m:f", "m:g")], config(), config(), 100, ("reject",))
    assert not gone.keeps((1, "review"))


def test_folds_stand_and_fall_with_the_control() -> None:
    stands = Reuse(falling(["candidates"]), 1)
    assert all(stands.keeps(place) for place in FOLDS)
    falls = Reuse(falling(["control"]), 1)
    assert not any(falls.keeps(place) for place in FOLDS)


def test_a_share_that_changes_the_steps_of_an_arm_takes_the_control_along() -> None:
    share = {"mixture": {"synthetic_share": 0.2}}
    assert sorted(left(config(), config(**share))) == sorted([*BASE, "0 mix", "1 generate"])
    steps = {"student": {"max_steps": 9}}
    same = left(config(**steps), config(**steps, **share))
    assert sorted(same) == sorted([*BASE, *CONTROL, *ROUND[:2]])


@pytest.mark.parametrize(
    ("before", "after", "outcomes", "kept"),
    [
        ({"max": 2}, {"max": 5}, ("reject", "reject"), None),  # shares of alpha change
        ({"max": 5}, {"max": 5, "patience": 3}, ("reject", "reject"), TWO),
        ({"max": 5}, {"max": 5, "patience": 1}, ("reject", "reject"), ONE),
        ({"max": 5}, {"max": 5, "patience": 1}, ("accept", "reject"), TWO),
        ({"max": 5}, {"max": 5, "patience": 1}, ("accept",), TWO),  # round 2 is under way
    ],
)
def test_rounds_stand_as_far_as_the_new_run_would_go(
    before: dict[str, Any],
    after: dict[str, Any],
    outcomes: Sequence[str],
    kept: list[str] | None,
) -> None:
    found = left(config(rounds=before), config(rounds=after), outcomes)
    assert found == (kept or [stage for stage in ONE if stage != "1 gate"])


@pytest.mark.parametrize(("rounds", "kept"), [(5, TWO), (1, ONE)])
def test_with_an_open_horizon_more_rounds_change_no_verdict(rounds: int, kept: list[str]) -> None:
    gate = {"gate": {"horizon": "open"}}
    before, after = (config(**gate, rounds={"max": n, "patience": 9}) for n in (2, rounds))
    assert left(before, after) == kept


@pytest.mark.parametrize(
    "change",
    [
        {"student": {"rank": 4}},
        {"student": {"name": "other"}},
        {"mixture": {"repeat": 2}},
        {"task": {"system": "x"}},
    ],
)
def test_candidates_aimed_by_a_student_fall_with_it(change: dict[str, Any]) -> None:
    weak = {"generate": {"focus": "weak"}}
    assert "1 generate" not in left(config(**weak), config(**weak, **change))
    assert "1 generate" not in left(config(), config(**weak))
    kept = left(config(**weak), config(**weak, gate={"alpha": 0.1}))
    assert "1 generate" in kept


def test_a_new_name_for_the_keys_variable_costs_nothing() -> None:
    teacher = {**MODEL, "api_key_env": "OTHER_KEY"}
    assert left(config(), config(teacher=teacher)) == TWO


@given(st.sets(st.sampled_from(sorted(FOLLOWS))), st.sets(st.sampled_from(sorted(FOLLOWS))))
def test_what_falls_is_closed_and_grows_with_what_is_touched(one: Any, other: Any) -> None:
    assert falling(falling(one)) == falling(one) >= one
    assert falling(one | other) == falling(one) | falling(other)
    assert not one or "end" in falling(one)


def test_candidates_of_a_round_under_way_stand_with_their_verdicts() -> None:
    assert Reuse(falling(["end"]), 3).candidates == 3
    assert Reuse(falling(["mixtures"]), 1).candidates == 1
    assert Reuse(falling(["candidates"]), 1).candidates == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"gate": {"alpha": 0.2}},
            "gate.alpha: 0.05 -> 0.2 (again: verdicts, what follows, final)",
        ),
        ({"seed": 1}, "seed: 0 -> 1 (all of it again)"),
        ({"rounds": {"patience": 9}}, "rounds.patience: 2 -> 9 (again: final)"),
    ],
)
def test_a_change_tells_what_is_done_again_for_it(change: dict[str, Any], told: str) -> None:
    before, after = config(), config(**change)
    (found,) = differences(before.identity, after.identity)
    assert consequence(found, before, after, 30) == told


def test_stages_are_named_kind_by_kind() -> None:
    assert name_stages(PLACES) == [
        "candidates of rounds 1 and 2",
        "labels of rounds 1 and 2",
        "mixture of rounds 0, 1 and 2",
        "training of rounds 0, 1 and 2",
        "scores on gate of rounds 0, 1 and 2",
        "scores on general of rounds 0, 1 and 2",
        "scores on lm_eval of rounds 0, 1 and 2",
        "scores on dev of rounds 0, 1 and 2",
        "watch of rounds 1 and 2",
        "verdict of rounds 1 and 2",
        "final",
    ]
