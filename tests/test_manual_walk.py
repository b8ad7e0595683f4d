import pytest

from selfinstruct.config import Config, parse_config
from selfinstruct.manual.walk import ANY, Group, groups
from tests.test_config_load import MINIMAL, OPERATIONAL

KNOBS = {knob.name: knob for group in groups() for knob in group.knobs}
MODEL = {"backend": "program", "name": "m:f"}


def group(name: str) -> Group:
    [found] = [each for each in groups() if each.name == name]
    return found


def test_every_setting_of_an_identity_is_one_that_does_something_again() -> None:
    plain = parse_config(MINIMAL)
    judged = parse_config({**MINIMAL, "judge": {"model": MODEL}})
    for name in {*plain.identity, *judged.identity}:
        assert KNOBS[name].again is not None, name


def test_those_that_may_change_are_those_that_are_operational() -> None:
    own = {knob.name for each in groups() if not each.like for knob in each.knobs}
    may = {name for name in own if KNOBS[name].again is None and ANY not in name}
    assert may == OPERATIONAL


def test_all_inside_a_setting_that_may_change_may_change() -> None:
    assert KNOBS["budget.prices.*.input"].again is None


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("seeds.path", "all of it again"),
        ("filters.novelty.threshold", "again: candidates, what follows, final"),
        ("watch.block", "again: verdicts, what follows, final"),
        ("rounds.patience", "again: final"),
        ("judge.model.name", "again: verdicts, what follows, final"),
        ("generate.requests.*.ask", "again: candidates, what follows, final"),
    ],
)
def test_a_change_says_what_it_does_again(name: str, again: str) -> None:
    assert KNOBS[name].again == again


def test_what_goes_by_values_is_told_beside_it() -> None:
    assert "steps" in KNOBS["mixture.synthetic_share"].also
    assert KNOBS["mixture.unit"].also == ""


def test_a_setting_has_its_type_its_default_and_its_text() -> None:
    knob = KNOBS["filters.novelty.threshold"]
    assert (knob.takes, knob.default) == ("a number from 0 to 1, or null", "0.7")
    assert (
        knob.about == "Drop a candidate whose nearest neighbour is above this (the paper's value)."
    )
    assert KNOBS["seeds.path"].default is None


def test_a_section_that_is_never_off_is_no_setting_and_one_that_may_be_is() -> None:
    assert "filters.novelty" not in KNOBS
    assert KNOBS["filters.novelty.embedding"].default == "null"
    assert "filters.novelty.embedding.model" in KNOBS


def test_inherited_settings_come_after_a_sections_own() -> None:
    names = [knob.name for knob in group("generate").knobs]
    assert names.index("generate.recipe") < names.index("generate.balance")


def test_another_model_is_like_the_teacher() -> None:
    models = [each for each in groups() if each.like]
    assert {each.name for each in models} == {"judge.model", "filters.quality.rubric.model"}
    assert {each.like for each in models} == {"teacher"}


def test_a_check_tells_what_it_asks_of_which_settings() -> None:
    for each in groups():
        for rule in each.rules:
            assert any(rule in knob.rules for knob in each.knobs), rule
    assert len(group("teacher").rules) == 5
    assert KNOBS["teacher.template"].rules[0].startswith("`template` and `terms`")
    assert KNOBS["teacher.timeout_s"].rules == ()
    assert len(KNOBS["review.keys.undo"].rules) == 1


def test_every_setting_and_every_section_says_what_it_is_for() -> None:
    assert [name for name, knob in KNOBS.items() if not knob.about] == []
    assert [each.name for each in groups() if not each.about] == []


def test_there_is_no_setting_that_a_config_does_not_know() -> None:
    for name in KNOBS:
        assert name.partition(".")[0] in Config.model_fields
