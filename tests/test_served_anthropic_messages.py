from typing import Any

import pytest

from selfinstruct.served.anthropic_messages import AnthropicMessages
from selfinstruct.types import Completion, Message, Request, Sampling

SPOKEN = (Message("system", "s"), Message("user", "u"), Message("assistant", "a"))


def test_a_request_is_put_their_way() -> None:
    how = Sampling(temperature=1.4, top_p=0.9, max_tokens=9, stop=("\n",))
    assert AnthropicMessages().body("m", Request(SPOKEN, how, seed=3)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}],
        "system": "s",
        "temperature": 1.0,
        "max_tokens": 9,
        "stop_sequences": ["\n"],
    }
    held = AnthropicMessages().body("m", Request(SPOKEN, how, schema='{"type":"object"}'))
    assert held["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "object"}}
    }
    bare = AnthropicMessages().body("m", Request(SPOKEN[1:], Sampling()))
    assert not {"system", "stop_sequences", "seed", "top_p", "output_config"} & bare.keys()


def test_the_key_goes_into_their_header() -> None:
    headers = AnthropicMessages().headers("k")
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("k", "2023-06-01")


@pytest.mark.parametrize(
    ("reason", "wanted"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("refusal", "refusal"),
        (None, "stop"),
    ],
)
def test_an_answer_is_its_text_without_the_thinking(reason: str | None, wanted: Any) -> None:
    payload = {
        "model": "m-2",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "text", "text": "a"},
            {"type": "text", "text": "b"},
        ],
        "stop_reason": reason,
        "usage": {"input_tokens": 5, "output_tokens": 2},
    }
    assert AnthropicMessages().read(payload, "m") == Completion("ab", wanted, 5, 2, "m-2")


@pytest.mark.parametrize("payload", [{}, {"content": None}, {"content": [{}]}, {"content": [1]}])
def test_another_shape_is_an_error_that_the_client_knows(payload: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, AttributeError)):
        AnthropicMessages().read(payload, "m")


@pytest.mark.parametrize(("told", "count"), [(3, 3), (float("inf"), 0), (-1, 0), (None, 0)])
def test_what_is_no_count_of_tokens_costs_no_answer(told: object, count: int) -> None:
    usage = {"input_tokens": told, "output_tokens": told}
    read = AnthropicMessages().read({"content": [], "usage": usage}, "m")
    assert (read.prompt_tokens, read.completion_tokens) == (count, count)
