import asyncio
import json
from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.errors import UserError
from selfinstruct.served.model import open_replica
from selfinstruct.served.trouble import TryError
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.stub import faults
from tests.stub.faults import Fault
from tests.stub.server import Scenario, serving

CANARY = "sk-canary-0123456789"
ASKED = Request((Message("user", "hi"),), Sampling(max_tokens=200), seed=3)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", CANARY)


def ask(scenario: Scenario, backend: str = "openai", **fields: Any) -> Completion:
    with serving(scenario) as stub:
        given = {"base_url": stub.url, "api_key_env": "TEACHER_KEY", "timeout_s": 5.0, **fields}
        cfg = ModelConfig(backend=backend, name="m", **given)  # type: ignore[arg-type]

        async def run() -> Completion:
            replica = open_replica(cfg, stub.url)
            try:
                return await replica.ask(ASKED)
            finally:
                await replica.wire.close()

        return asyncio.run(run())


@pytest.mark.parametrize("backend", ["openai", "anthropic"])
def test_both_dialects_are_understood_by_a_server_that_wants_the_key(backend: str) -> None:
    answer = ask(Scenario(key=CANARY, model="m-1"), backend)
    assert answer.finish_reason == "stop"
    assert answer.model == "m-1"
    assert answer.text
    assert answer.prompt_tokens > 0
    assert answer.completion_tokens > 0


@pytest.mark.parametrize(
    ("fault", "text", "reason"),
    [
        (faults.NULL_CONTENT, "", "stop"),
        (faults.REASONING_ONLY, "", "length"),
        (faults.REFUSAL, "I cannot help with that", "refusal"),
        (faults.CONTENT_FILTER, "", "refusal"),
        (faults.answered_by("m"), None, "stop"),
        (faults.DOUBLED_HEADER, None, "stop"),
    ],
)
def test_what_is_no_answer_says_so(fault: Fault, text: str | None, reason: str) -> None:
    answer = ask(Scenario(script=faults.always(fault)))
    assert answer.finish_reason == reason
    assert text is None or answer.text == text


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (faults.CLAUDE_EMPTY, "stop"),
        (faults.CLAUDE_REFUSAL, "refusal"),
        (faults.CLAUDE_THINKING_ONLY, "length"),
    ],
)
def test_what_claude_leaves_out_is_not_made_up(fault: Fault, reason: str) -> None:
    answer = ask(Scenario(script=faults.always(fault)), "anthropic")
    assert (answer.text, answer.finish_reason) == ("", reason)


@pytest.mark.parametrize(
    "fault",
    [
        faults.EMPTY_CHOICES,
        faults.PAGE,
        faults.BROKEN_JSON,
        faults.NOT_AN_OBJECT,
        faults.ERROR_INSIDE,
        Fault(body=json.dumps({"choices": [{"message": 3}]}).encode()),
        Fault(body=json.dumps({"choices": {"message": CANARY}}).encode()),
    ],
)
def test_what_cannot_be_read_is_tried_again_later(fault: Fault) -> None:
    with pytest.raises(TryError) as raised:
        ask(Scenario(script=faults.always(fault)))
    assert raised.value.kind == "passing"
    assert CANARY not in raised.value.reason


def test_a_wrong_key_is_no_passing_trouble() -> None:
    with pytest.raises(UserError, match="TEACHER_KEY"):
        ask(Scenario(key="another"))


@pytest.mark.parametrize(
    ("field", "instead", "fields"),
    [
        ("max_tokens", "max_completion_tokens", {"token_limit": "max_completion_tokens"}),
        ("seed", "", {"send_seed": False}),
    ],
)
def test_a_field_that_a_server_refuses_can_be_left_out(
    field: str, instead: str, fields: dict[str, Any]
) -> None:
    picky = Scenario(script=faults.without(field, instead))
    with pytest.raises(TryError, match=field) as raised:
        ask(picky)
    assert raised.value.kind == "refused"
    assert ask(picky, **fields).text
