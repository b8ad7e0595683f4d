from typing import Any

import pytest

from selfinstruct.config import DialogueConfig, parse_config
from selfinstruct.errors import UserError


def read(dialogue: dict[str, Any]) -> DialogueConfig:
    tree = {
        "seeds": {"path": "x.jsonl"},
        "teacher": {"backend": "llamacpp", "name": "bundled"},
        "generate": {"dialogue": dialogue},
    }
    return parse_config(tree).generate.dialogue


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"turns": {"least": 8, "most": 6}}, "no even number of turns lies in 8..6"),
        ({"turns": {"least": 3, "most": 3}}, "no even number of turns lies in 3..3"),
        ({"turns": {"least": 1}}, "generate.dialogue.turns.least"),
        ({"mode": "hole"}, "generate.dialogue.mode"),
        ({"speakers": {"user": []}}, "speakers.user needs a name"),
        ({"speakers": {"assistant": ["**"]}}, "speakers.assistant needs a name"),
        ({"speakers": {"user": ["agent"]}}, "agent cannot be both"),
        ({"scenario": ["a"]}, "did you mean scenarios?"),
    ],
)
def test_a_conversation_that_cannot_be_is_refused(tree: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tree)
    assert message in str(caught.value)


@pytest.mark.parametrize("turns", [{"least": 2, "most": 2}, {"least": 3, "most": 4}, {"least": 5}])
def test_a_length_with_an_even_number_in_it_is_taken(turns: dict[str, int]) -> None:
    assert read({"turns": turns}).turns.least == turns["least"]
