from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.served import ServedModel
from selfinstruct.served.openai_text import OpenAIText
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by
from tests.stub.dialects import TEXT_PATH
from tests.stub.server import Scenario, serving

ASKED = Request(
    (Message("user", "Fruits:\n- a fig\n-"),), Sampling(max_tokens=9, stop=("\n",)), seed=3
)


def test_the_text_goes_out_as_it_stands() -> None:
    body = OpenAIText().body("m", ASKED)
    assert body == {
        "model": "m",
        "prompt": "Fruits:\n- a fig\n-",
        "temperature": 0.8,
        "top_p": 0.95,
        "max_tokens": 9,
        "stop": ["\n"],
        "seed": 3,
    }
    assert "seed" not in OpenAIText(seeded=False).body("m", ASKED)


@pytest.mark.parametrize(("key", "sent"), [("k", "Bearer k"), (None, "Bearer none")])
def test_the_key_goes_into_a_header(key: str | None, sent: str) -> None:
    assert OpenAIText().headers(key)["Authorization"] == sent


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        (
            {"choices": [{"text": " a", "finish_reason": "stop"}]},
            Completion(" a", "stop", model="m"),
        ),
        (
            {
                "choices": [{"text": "cut", "finish_reason": "length"}],
                "usage": {"prompt_tokens": 5, "completion_tokens": 2},
                "model": "m-2",
            },
            Completion("cut", "length", 5, 2, "m-2"),
        ),
        ({"choices": [{"text": ""}], "usage": None}, Completion("", "stop", model="m")),
    ],
)
def test_an_answer_is_read(payload: dict[str, Any], wanted: Completion) -> None:
    assert OpenAIText().read(payload, "m") == wanted


@pytest.mark.parametrize("payload", [{}, {"choices": []}, {"choices": [{"message": {}}]}])
def test_another_shape_is_an_error_that_the_client_knows(payload: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, AttributeError)):
        OpenAIText().read(payload, "m")


def test_a_teacher_without_turns_is_asked_at_another_path() -> None:
    with serving(
        Scenario(write=lambda body, _: f" on from {body.get('prompt', '')[-7:]!r}")
    ) as stub:
        fields: dict[str, Any] = {"base_url": stub.url, "api_key_env": "NO_KEY"}
        model = ServedModel(ModelConfig(backend="openai", name="m", template="none", **fields))
        [answered] = answered_by(model, [ASKED])
        model.close()
        [seen] = stub.seen
        chat = ServedModel(ModelConfig(backend="openai", name="m", **fields))
    assert seen.path == TEXT_PATH
    assert answered.completion.text == f" on from {'a fig' + chr(10) + '-'!r}"
    assert chat.digest != model.digest
