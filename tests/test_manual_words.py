from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from selfinstruct.config import ModelConfig
from selfinstruct.config.section import Amount, Count, Id, Positive, Section, Share
from selfinstruct.manual.words import in_words, written
from selfinstruct.types import Sampling


class Inner(Section):
    """Any section."""


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "text"),
        (bool, "true or false"),
        (int, "a whole number"),
        (Share, "a number from 0 to 1"),
        (Share | None, "a number from 0 to 1, or null"),
        (Count, "a whole number of 0 or more"),
        (Positive, "a whole number of 1 or more"),
        (Amount, "a number of 0 or more"),
        (Annotated[float, Field(gt=0)], "a number above 0"),
        (Annotated[float, Field(gt=0, le=1)], "a number above 0 and at most 1"),
        (Annotated[float, Field(gt=0, lt=1)], "a number above 0 and below 1"),
        (Annotated[Share, Field(gt=0)], "a number above 0 and at most 1"),
        (Annotated[int, Field(le=5)], "a whole number at most 5"),
        (Literal["a", "b"], "a or b"),
        (Literal["a", "b", "c"], "one of a, b, c"),
        (Literal["auto"] | bool, "auto, or true or false"),
        (tuple[str, ...], "a list, each text"),
        (tuple[Share, ...] | None, "null, or a list, each a number from 0 to 1"),
        (dict[str, Positive], "a table, each key text, each value a whole number of 1 or more"),
        (Id, "the name of a folder: 1 to 64 letters a-z, digits, '.', '_' and '-'"),
        (Inner | None, "a section, or null"),
        (ModelConfig | None, "a section with the settings of `teacher`, or null"),
    ],
)
def test_a_type_in_words(annotation: Any, words: str) -> None:
    assert in_words(annotation) == words


def test_a_type_without_words_is_a_bug() -> None:
    with pytest.raises(TypeError, match="no words for the type"):
        in_words(bytes)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 6, "0.166667"),
        (1.0, "1"),
        (None, "null"),
        ("", "''"),
        ((), "[]"),
        ({"train": 0.6, "dev": 0.4}, "{train: 0.6, dev: 0.4}"),
        (Sampling(0.5, 1.0, 8), "{temperature: 0.5, top_p: 1.0, max_tokens: 8, stop: []}"),
    ],
)
def test_a_value_as_yaml_has_it(value: object, text: str) -> None:
    assert written(value) == text


plain = st.none() | st.booleans() | st.integers() | st.text()


@given(plain | st.lists(plain) | st.dictionaries(st.text(), plain))
def test_what_is_written_reads_back(value: object) -> None:
    text = written(value)
    assert yaml.safe_load(text) == value
    assert "\n" not in text
