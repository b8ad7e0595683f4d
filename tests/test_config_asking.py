from typing import Any

import pytest
from pydantic import ValidationError

from selfinstruct.config.asking import GenerateConfig, SeedsConfig


@pytest.mark.parametrize(
    "split", [{"train": 1.0}, {"train": 0.5, "dev": 0.5, "gate": 0.0, "final": 0.0}]
)
def test_the_splits_that_learn_and_decide_are_never_empty(split: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="split"):
        SeedsConfig.model_validate({"path": "x", "split": split})


@pytest.mark.parametrize(
    ("recipes", "personas", "talkers", "refused"),
    [
        ({"recipe": "dialogue"}, ["a clerk"], ["in a hurry"], True),
        ({"recipes": {"dialogue": 1, "evolve": 2}}, ["a clerk"], ["in a hurry"], True),
        ({"recipe": "dialogue"}, ["a clerk"], [], False),
        ({"recipe": "dialogue"}, [], ["in a hurry"], False),
        ({"recipe": "evolve"}, ["a clerk"], ["in a hurry"], False),  # nobody talks
    ],
)
def test_personas_that_would_never_speak_are_refused(
    recipes: dict[str, Any], personas: list[str], talkers: list[str], refused: bool
) -> None:
    asked = {**recipes, "personas": personas, "dialogue": {"personas": talkers}}
    if refused:
        with pytest.raises(ValidationError, match="give one of the two"):
            GenerateConfig.model_validate(asked)
    else:
        assert GenerateConfig.model_validate(asked).personas == tuple(personas)


@pytest.mark.parametrize("name", ["utf8", "cp1252", "utf-16-le", "shift_jis"])
def test_an_encoding_of_text_is_taken(name: str) -> None:
    assert SeedsConfig(path="x", encoding=name).encoding == name


@pytest.mark.parametrize("name", ["nonesuch", "rot13", "base64", ""])
def test_what_is_no_encoding_of_text_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="it is no encoding of text"):
        SeedsConfig(path="x", encoding=name)
