import pytest
from pydantic import ValidationError

from selfinstruct.config.asking import NoveltyConfig, SeedsConfig


@pytest.mark.parametrize(
    "split", [{"train": 1.0}, {"train": 0.5, "dev": 0.5, "gate": 0.0, "final": 0.0}]
)
def test_the_splits_that_learn_and_decide_are_never_empty(split: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="split"):
        SeedsConfig.model_validate({"path": "x", "split": split})


def test_zero_is_a_limit_and_none_is_off() -> None:
    assert NoveltyConfig(threshold=0).threshold == 0
    assert NoveltyConfig(threshold=None).threshold is None
