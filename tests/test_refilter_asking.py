"""What stored scores say under other settings of the filters that asked models."""

from typing import Any

import pytest

from selfinstruct.config import FiltersConfig, QualityConfig, parse_config
from selfinstruct.errors import UserError
from selfinstruct.refilter.asking import RULES
from selfinstruct.refilter.settings import changed_filters
from selfinstruct.types import Example, Score

ROW = Example("Name it.", "a lost card", label="lost")
PLAIN = Example("Name three fruits", response="Apple, pear and plum.")


def filters(**quality: Any) -> FiltersConfig:
    return FiltersConfig.model_validate({"quality": quality})


@pytest.mark.parametrize(
    ("name", "quality", "value", "reason"),
    [
        ("ifd", {"likelihood": {"ifd": {}}}, 0.99, None),
        ("ifd", {"likelihood": {"ifd": {}}}, 1.0, "ifd"),
        ("ifd", {"likelihood": {"ifd": {"most": 1.2}}}, 1.1, None),
        ("nll", {"likelihood": {"nll": {}}}, 99.0, None),
        ("label_agreement", {"label_agreement": {}}, 0.5, None),
        ("label_agreement", {"label_agreement": {}}, 0.49, "label_disagrees"),
        ("label_agreement", {"label_agreement": {"least": None}}, 0.1, None),
        ("label_agreement", {"label_agreement": {"least": None}}, 0.0, "label_disagrees"),
        ("self_consistency", {"self_consistency": {"least": 0.8}}, 0.6, "inconsistent"),
        ("self_consistency", {"self_consistency": {"least": 0.6}}, 0.6, None),
        ("round_trip", {"round_trip": {"least": 0.3}}, 0.2, None),  # of labels, no overlap
        ("rubric", {"rubric": {}}, 1.0, None),
    ],
)
def test_a_score_is_held_to_the_settings(
    name: str, quality: dict[str, Any], value: float, reason: str | None
) -> None:
    rule, on = RULES[name], filters(**quality)
    found = rule.judge(ROW, Score(ROW.id, name, value, "model"), on)
    assert rule.is_on(on)
    assert not rule.is_on(FiltersConfig())
    assert (None if found is None else found.reason) == reason


def test_an_instruction_is_held_to_its_overlap() -> None:
    on, score = filters(round_trip={"least": 0.3}), Score(PLAIN.id, "round_trip", 0.2, "model")
    found = RULES["round_trip"].judge(PLAIN, score, on)
    assert found is not None
    assert (found.value, found.threshold) == (0.2, 0.3)


def test_every_filter_that_asks_models_has_its_rule() -> None:
    switched = {rule.switch.split(".")[2] for rule in RULES.values()}
    assert switched == set(QualityConfig.model_fields)


CONFIG = parse_config(
    {
        "seeds": {"path": "x"},
        "teacher": {"backend": "scripted", "name": "x"},
        "filters": {"quality": {"label_agreement": {"by": "k_fold"}, "rubric": {}}},
    }
)


@pytest.mark.parametrize(
    ("override", "refused"),
    [
        ("filters.quality.label_agreement.least=0.7", False),
        ("filters.quality.label_agreement=null", False),
        ("filters.quality.label_agreement.k=3", True),
        ("filters.quality.rubric=null", False),
        ("filters.quality.rubric.real_pass=0.8", True),
    ],
)
def test_what_would_be_measured_anew_is_refused(override: str, refused: bool) -> None:
    if refused:
        with pytest.raises(UserError, match="changes what models are asked"):
            changed_filters(CONFIG, [override], RULES)
    else:
        assert changed_filters(CONFIG, [override], RULES)[1]
