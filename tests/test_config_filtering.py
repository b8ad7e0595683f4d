import pytest
from pydantic import ValidationError

from selfinstruct.config import (
    ExecutableConfig,
    FiltersConfig,
    LanguageConfig,
    LengthConfig,
    NoveltyConfig,
    ScriptConfig,
)


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        (ScriptConfig, "max_foreign", 1.1),
        (LanguageConfig, "min_words", 0),
        (LanguageConfig, "expected", "de"),
        (LanguageConfig, "expected", ["German"]),
        (LanguageConfig, "expected", []),
        (LengthConfig, "factor", 0.9),
        (LengthConfig, "factor", float("inf")),
        (ExecutableConfig, "check", "runs"),
        (ExecutableConfig, "timeout_s", 0),
        (ExecutableConfig, "memory_mib", 8),
        (FiltersConfig, "max_children", 0),
    ],
)
def test_a_value_out_of_bounds_is_refused(
    section: type[FiltersConfig], field: str, value: object
) -> None:
    with pytest.raises(ValidationError, match=field):
        section.model_validate({field: value})


@pytest.mark.parametrize("check", [None, "run", "input", "own.mod:make_test"])
def test_a_check_is_a_word_or_a_function(check: str | None) -> None:
    assert ExecutableConfig(check=check).check == check


def test_what_runs_code_or_needs_a_package_is_off_until_asked_for() -> None:
    cfg = FiltersConfig()
    assert cfg.executable.check is None
    assert cfg.language.expected is None
    assert cfg.contradiction.rouge_l is None


def test_zero_is_a_limit_and_none_is_off() -> None:
    assert NoveltyConfig(threshold=0).threshold == 0
    assert NoveltyConfig(threshold=None).threshold is None
