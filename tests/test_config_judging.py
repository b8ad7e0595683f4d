import pytest
from pydantic import ValidationError

from selfinstruct.config.judging import (
    GateConfig,
    GuardConfig,
    JudgeConfig,
    StudentConfig,
    WatchConfig,
)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (GuardConfig, {"margin": 0.0}),  # no number of rows rules out a loss of nothing
        (WatchConfig, {"band": 0.0}),
        (WatchConfig, {"draws": 5}),
        (GateConfig, {"alpha": 0.0}),
        (GateConfig, {"min_rows": 1}),
        (JudgeConfig, {"max_unparsable": 1.5}),
    ],
)
def test_values_that_could_decide_nothing_are_refused(
    section: type[GateConfig], values: dict[str, float]
) -> None:
    with pytest.raises(ValidationError):
        section.model_validate(values)


def test_a_judge_is_a_model_and_its_key_stays_outside() -> None:
    judge = JudgeConfig.model_validate({"model": {"backend": "program", "name": "m:f"}})
    assert judge.model is not None
    assert JudgeConfig().model is None
    with pytest.raises(ValidationError, match="a key stands"):
        JudgeConfig.model_validate({"model": {"backend": "program", "name": "sk-1"}})


def test_one_process_alone_reports_to_trackers() -> None:
    assert StudentConfig(report_to=("tensorboard", "wandb")).processes == 1
    with pytest.raises(ValidationError, match="report_to needs processes: 1"):
        StudentConfig(report_to=("mlflow",), processes=2)
    with pytest.raises(ValidationError):
        StudentConfig.model_validate({"report_to": ["all"]})


def test_a_student_is_no_model_without_turns() -> None:
    with pytest.raises(ValidationError, match="is a base model without turns"):
        StudentConfig(name="gemma-3-270m")
    assert StudentConfig(name="google/gemma-3-270m").name == "google/gemma-3-270m"
