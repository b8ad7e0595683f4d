import json
from dataclasses import replace
from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.served import ServedModel
from selfinstruct.served.openai_chat import OpenAIChat, count_of, text_of
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by
from tests.stub.server import Scenario, serving

ASKED = Request((Message("system", "s"), Message("user", "u")), Sampling(max_tokens=9), seed=3)


def test_the_names_that_servers_differ_in() -> None:
    plain = OpenAIChat().body("m", ASKED)
    assert (plain["max_tokens"], plain["seed"]) == (9, 3)
    other = OpenAIChat("max_completion_tokens", seeded=False).body("m", ASKED)
    assert other["max_completion_tokens"] == 9
    assert not {"max_tokens", "seed", "stop"} & other.keys()
    assert None not in plain.values()


@pytest.mark.parametrize(("key", "sent"), [("k", "Bearer k"), (None, "Bearer none")])
def test_the_key_goes_into_a_header(key: str | None, sent: str) -> None:
    assert OpenAIChat().headers(key)["Authorization"] == sent


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (
            {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}], "model": "m-2"},
            Completion("a", "stop", 0, 0, "m-2"),
        ),
        (
            {"choices": [{"message": {"content": None, "reasoning": "hm"}}], "usage": None},
            Completion("", "stop", 0, 0, "m"),
        ),
        (
            {
                "choices": [{"message": {"content": "cut"}, "finish_reason": "length"}],
                "usage": {"prompt_tokens": 5, "completion_tokens": None},
            },
            Completion("cut", "length", 5, 0, "m"),
        ),
        (
            {"choices": [{"message": {"content": None, "refusal": "no"}}]},
            Completion("no", "refusal", 0, 0, "m"),
        ),
    ],
)
def test_an_answer_is_read(payload: dict[str, Any], wanted: Completion) -> None:
    assert OpenAIChat().read(payload, "m") == wanted


@pytest.mark.parametrize(
    "payload", [{}, {"choices": []}, {"choices": [None]}, {"choices": [{"message": None}]}]
)
def test_another_shape_is_an_error_that_the_client_knows(payload: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, AttributeError)):
        OpenAIChat().read(payload, "m")


def test_parts_are_put_together() -> None:
    assert text_of([{"type": "text", "text": "a"}, {"type": "image"}, {"text": "b"}]) == "ab"
    assert text_of(None) == ""


@pytest.mark.parametrize(
    ("told", "count"),
    [
        *((7, 7), (7.0, 7), (0, 0), (None, 0), ("7", 0), ([7], 0)),
        *((-7, 0), (float("nan"), 0), (float("inf"), 0), (2**63, 0), (10**400, 0)),
    ],
)
def test_what_is_no_count_of_tokens_costs_no_answer(told: object, count: int) -> None:
    assert count_of(told) == count
    usage = {"prompt_tokens": told, "completion_tokens": told}
    read = OpenAIChat().read({"choices": [{"message": {"content": "a"}}], "usage": usage}, "m")
    assert read == Completion("a", "stop", count, count, "m")


CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({**CLOSED, "properties": {"a": {"type": "array", "items": CLOSED}}}, True),
        ({**CLOSED, "properties": {"a": {"type": "array", "items": {"type": "object"}}}}, False),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({"type": "object", "properties": {"a": {}}}, False),
        ({**CLOSED, "properties": {"a": {"anyOf": [{"type": "null"}, {"properties": {}}]}}}, False),
        ({**CLOSED, "$defs": {"b": {"type": "object"}}}, False),
    ],
)
def test_an_answer_is_held_to_a_schema_strictly_where_that_is_possible(
    schema: dict[str, Any], strict: bool
) -> None:
    body = OpenAIChat().body("m", replace(ASKED, schema=json.dumps(schema)))
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": strict},
    }
    assert "response_format" not in OpenAIChat().body("m", ASKED)


def test_a_schema_reaches_the_server_live_and_is_another_question() -> None:
    held = replace(ASKED, schema=json.dumps(CLOSED))
    with serving(Scenario()) as stub:
        model = ServedModel(
            ModelConfig(backend="openai", name="m", base_url=stub.url, api_key_env="NO_KEY")
        )
        said = {each.index: each.completion.text for each in answered_by(model, [ASKED, held])}
        model.close()
        sent = [seen.body.get("response_format", {}).get("type") for seen in stub.seen]
    assert sorted(map(str, sent)) == ["None", "json_schema"]
    assert said[0] != said[1]
