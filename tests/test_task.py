from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.config import Config, parse_config
from selfinstruct.errors import UserError
from selfinstruct.task import located, require_prices, settle, steps_of_an_arm
from selfinstruct.types import Example, RealData

BOTH = Example("i", "in", "reply", label="a")
LABEL = Example("i", "in", label="a")
RESPONSE = Example("i", "in", "reply")


def config(**sections: Any) -> Config:
    tree = {"seeds": {"path": "x"}, "teacher": {"backend": "llamacpp", "name": "bundled"}}
    return parse_config({**tree, **sections})


def data(*rows: Example) -> RealData:
    return RealData(rows, rows, rows, rows)


@pytest.mark.parametrize(
    ("row", "target", "recipe"),
    [
        (BOTH, "label_and_response", "label_first"),
        (LABEL, "label", "label_first"),
        (RESPONSE, "response", "self_instruct"),
    ],
)
def test_auto_goes_by_what_the_seeds_hold(row: Example, target: str, recipe: str) -> None:
    task = settle(config(), data(row))
    assert (task.target, task.recipes) == (target, {recipe: 1.0})


@pytest.mark.parametrize(
    ("row", "target", "message"),
    [
        (LABEL, "response", "no response"),
        (RESPONSE, "label", "no label"),
        (RESPONSE, "label_and_response", "no label"),
        (LABEL, "label_and_response", "no response"),
    ],
)
def test_a_target_the_seeds_cannot_serve_is_refused(
    row: Example, target: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        settle(config(task={"target": target}), data(row))


def test_a_teacher_without_turns_is_asked_by_a_recipe_that_can() -> None:
    base = {"backend": "llamacpp", "name": "bundled", "template": "none"}
    for row in (BOTH, LABEL, RESPONSE):
        task = settle(config(teacher=base), data(row))
        assert (task.recipes, task.speech.turns) == ({"few_shot": 1.0}, False)
    with pytest.raises(UserError, match="asks in turns") as raised:
        settle(config(teacher=base, generate={"recipe": "label_first"}), data(LABEL))
    assert "few_shot" in raised.value.next_step


@pytest.mark.parametrize("row", [LABEL, BOTH])
def test_earlier_turns_without_a_label_are_not_learned_where_labels_are(row: Example) -> None:
    every = {"train_on": "every_assistant_turn"}
    with pytest.raises(UserError, match=r"student\.train_on is every_assistant_turn"):
        settle(config(student=every), data(row))
    assert settle(config(student=every), data(RESPONSE)).target == "response"
    assert settle(config(student=every, task={"target": "response"}), data(BOTH)).target


def test_a_scenario_without_a_label_is_refused_where_labels_are_written() -> None:
    grid = {"recipe": "dialogue", "dialogue": {"scenarios": ["a", "a lost card"]}}
    with pytest.raises(UserError, match="'a lost card', which is no label"):
        settle(config(generate=grid), data(BOTH))
    several = {**grid, "recipe": "auto", "recipes": {"label_first": 1, "dialogue": 1}}
    with pytest.raises(UserError, match="'a lost card', which is no label"):
        settle(config(generate=several), data(BOTH))
    assert settle(config(generate=grid), data(RESPONSE)).recipes == {"dialogue": 1.0}
    known = {"recipe": "dialogue", "dialogue": {"scenarios": ["a"]}}
    assert settle(config(generate=known), data(BOTH)).recipes == {"dialogue": 1.0}


def test_several_recipes_have_their_shares_by_name() -> None:
    given = {"self_instruct": 3, "label_first": 1}
    cfg = config(task={"target": "response"}, generate={"recipes": given})
    found = settle(cfg, data(BOTH)).recipes
    assert list(found.items()) == [("label_first", 0.25), ("self_instruct", 0.75)]


@pytest.mark.parametrize(
    ("generate", "row", "message"),
    [
        ({"recipes": {"label_first": 1}}, RESPONSE, "generate.recipes has label_first"),
        ({"recipe": "self_instruct"}, BOTH, "makes rows without a label"),
        ({"recipes": {"label_first": 1, "self_instruct": 1}}, LABEL, "makes rows without a label"),
        ({"quotas": {"b": 1}}, BOTH, "no training row has"),
        ({"accept": 3, "quotas": {"a": 4}}, BOTH, "generate.accept=4"),
        (
            {"recipe": "dialogue", "quotas": {"a": 4}, "dialogue": {"scenarios": ["a"]}},
            BOTH,
            "leave generate.dialogue.scenarios out",
        ),
        ({"focus": "weak"}, RESPONSE, "no label to ask more of"),
    ],
)
def test_an_aim_that_cannot_be_had_is_refused_before_anything_is_spent(
    generate: dict[str, Any], row: Example, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        settle(config(generate=generate), data(row))


def test_a_focus_without_dev_rows_is_refused() -> None:
    with pytest.raises(UserError, match="dev has no rows"):
        settle(config(generate={"focus": "weak"}), RealData((BOTH,), (), (BOTH,), ()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"format": {"regex": "("}}, "RE2 does not take it"),
        ({"format": {"json_schema": "gone.json"}}, "gone.json cannot be read"),
        ({"executable": {"check": "no_such_module:f"}}, "cannot be imported"),
    ],
)
def test_filters_that_cannot_work_are_told_before_anything_is_spent(
    filters: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        settle(config(filters=filters), data(RESPONSE))


def test_records_need_a_schema_and_texts_with_a_record_each(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text("{}")
    (tmp_path / "bad.json").write_text('{"type": 5}')
    plain = Example("a text", response="{}")

    def settled(schema: str | None, row: Example = plain) -> Mapping[str, float]:
        records = {"json_schema": schema}
        cfg = config(generate={"recipe": "records", "records": records})
        return settle(located(cfg, tmp_path), data(row)).recipes

    assert settled("schema.json") == {"records": 1.0}
    with pytest.raises(UserError, match="there is no schema"):
        settled(None)
    with pytest.raises(UserError, match=r"generate.records.json_schema: .*bad\.json"):
        settled("bad.json")
    for row, message in (
        (RESPONSE, "not texts with a record each"),
        (LABEL, "makes rows without a label"),
        (BOTH, "makes rows without a label"),
    ):
        with pytest.raises(UserError, match=message):
            settled("schema.json", row)


@pytest.mark.parametrize(
    ("row", "quality", "message"),
    [
        (RESPONSE, {"label_agreement": {}}, "no seed has a label"),
        (RESPONSE, {"round_trip": {}}, "needs least where rows have no labels"),
        (RESPONSE, {"round_trip": {"least": 0.2}}, None),
        (RESPONSE, {"rubric": {}}, None),
        (BOTH, {"label_agreement": {}, "round_trip": {}}, None),
    ],
)
def test_a_filter_that_the_seeds_cannot_serve_is_refused_before_anything_is_spent(
    row: Example, quality: dict[str, Any], message: str | None
) -> None:
    cfg = config(filters={"quality": quality})
    if message is None:
        assert settle(cfg, data(row))
    else:
        with pytest.raises(UserError, match=message):
            settle(cfg, data(row))


def test_students_that_write_responses_are_not_asked_for_labels() -> None:
    for by, refused in (("champion", True), ("k_fold", True), ("teacher", False)):
        filters = {"quality": {"label_agreement": {"by": by}}}
        cfg = config(filters=filters, task={"target": "response"})
        if refused:
            with pytest.raises(UserError, match="asks students for labels"):
                settle(cfg, data(BOTH))
        else:
            assert settle(cfg, data(BOTH)).target == "response"


def test_label_first_without_labels_is_refused() -> None:
    with pytest.raises(UserError, match="no seed has a label"):
        settle(config(generate={"recipe": "label_first"}), data(RESPONSE))


@pytest.mark.parametrize(
    ("student", "mixture", "steps"),
    [
        ({"max_steps": 7}, {}, 7),
        ({"epochs": 2, "batch_size": 10}, {"synthetic_share": 0.5}, 40),
        ({"epochs": 2, "batch_size": 10}, {"synthetic_share": 0.0}, 20),
        ({"epochs": 2, "batch_size": 10}, {"synthetic_share": 0.75}, 80),
        ({"epochs": 2, "batch_size": 10}, {"synthetic_share": 0.5, "repeat": 2}, 80),
        ({"epochs": 1, "batch_size": 10}, {"synthetic_share": 0.5, "max_rows": 55}, 6),
        ({"epochs": 1, "batch_size": 10}, {"synthetic_share": 1.0}, 10),
        ({"epochs": 0.001, "batch_size": 16}, {}, 1),
    ],
)
def test_every_arm_takes_the_steps_of_the_full_mixture(
    student: dict[str, Any], mixture: dict[str, Any], steps: int
) -> None:
    assert steps_of_an_arm(config(student=student, mixture=mixture), real_rows=100) == steps


def test_files_that_scores_and_filters_need_are_looked_for_below_the_config_first(
    tmp_path: Path,
) -> None:
    (tmp_path / "schema.json").write_text("{}")
    cfg = located(config(evaluate={"json_schema": "schema.json"}), tmp_path)
    assert cfg.evaluate.json_schema == str(tmp_path / "schema.json")
    form = {"format": {"json_schema": "schema.json"}}
    filters = located(config(filters=form), tmp_path).filters
    assert filters.format.json_schema == str(tmp_path / "schema.json")
    assert located(config(), tmp_path) == config()
    with pytest.raises(UserError, match="no file at 'tasks'"):
        located(config(guard={"lm_eval_path": "tasks"}), tmp_path)


def test_a_judge_decides_only_where_there_is_one() -> None:
    with pytest.raises(UserError, match="no model judges"):
        settle(config(gate={"metric": "judge"}), data(BOTH))
    model = {"backend": "program", "name": "m:f"}
    assert settle(config(gate={"metric": "judge"}, judge={"model": model}), data(BOTH)).target


PRICE = {"input": 1.0, "output": 2.0}


def test_prices_come_from_a_file_beside_the_config_and_those_of_the_config_go_before_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "prices.yaml").write_text(
        "a: {input: 5, output: 5}\nb: {input: 7, output: 7}\n", encoding="utf-8"
    )
    cfg = config(budget={"price_file": "prices.yaml", "prices": {"a": PRICE}})
    found = located(cfg, tmp_path).budget.prices
    assert {name: each.input for name, each in found.items()} == {"a": 1.0, "b": 7.0}
    with pytest.raises(UserError, match="none"):
        located(config(budget={"price_file": "none.yaml"}), tmp_path)


@pytest.mark.parametrize(
    ("teacher", "judge", "prices", "missing"),
    [
        ("a:f", None, {}, "a:f"),
        ("a:f", None, {"a:f": PRICE}, None),
        ("a:f", "b:f", {"a:f": PRICE}, "b:f"),
        ("a:f", "b:f", {"a:f": PRICE, "b:f": PRICE}, None),
    ],
)
def test_a_limit_of_cost_needs_a_price_for_teacher_and_judge(
    teacher: str, judge: str | None, prices: dict[str, object], missing: str | None
) -> None:
    cfg = config(
        teacher={"backend": "program", "name": teacher},
        judge={"model": judge and {"backend": "program", "name": judge}},
        budget={"max_cost": 0, "prices": prices},
    )
    rubric = {"model": judge and {"backend": "program", "name": judge}}
    graded = config(
        teacher={"backend": "program", "name": teacher},
        filters={"quality": {"rubric": rubric}},
        budget={"max_cost": 0, "prices": prices},
    )
    for each in (cfg, graded):
        if missing is None:
            require_prices(each)
        else:
            with pytest.raises(UserError, match=f"{missing} has no price"):
                require_prices(each)


@pytest.mark.parametrize(
    ("generate", "message"),
    [
        ({"recipe": "program"}, "recipe program is asked, and there is none"),
        ({"recipe": "program", "program": "tests.test_task:gone"}, "has no function gone"),
        ({"recipe": "backtranslate", "backtranslate": {"path": "gone.txt"}}, "no readable file"),
        (
            {"recipe": "backtranslate"},
            "no seed has a response that it can use",
        ),  # one word, "reply"
    ],
)
def test_what_a_recipe_needs_is_asked_for_before_anything_is_spent(
    generate: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        settle(config(generate=generate), data(RESPONSE))


def test_real_texts_come_from_the_seeds_where_no_file_is_named() -> None:
    answered = Example("Where is my card?", response="It was posted this morning.")
    found = settle(config(generate={"recipe": "backtranslate"}), data(answered))
    assert found.recipes == {"backtranslate": 1.0}


@pytest.mark.parametrize(
    ("terms", "allow", "refused"),
    [
        ("Gemma", ["CC-BY-4.0"], True),
        ("Gemma", ["CC-BY-4.0", "gemma"], False),
        ("Gemma", None, False),
        ("", ["CC-BY-4.0"], False),
    ],
)
def test_a_teacher_under_terms_that_are_not_allowed_is_refused(
    terms: str, allow: list[str] | None, refused: bool
) -> None:
    teacher = {"backend": "llamacpp", "name": "bundled", "terms": terms}
    cfg = config(teacher=teacher, licenses={"allow": allow})
    if not refused:
        settle(cfg, data(BOTH))
        return
    with pytest.raises(UserError, match=r"comes under Gemma, which licenses\.allow"):
        settle(cfg, data(BOTH))
