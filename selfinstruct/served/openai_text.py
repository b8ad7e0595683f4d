"""OpenAI's completions, for base models: a text goes out as it stands, what follows it comes back.

vLLM, SGLang, llama.cpp, Ollama and others serve it beside the chat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selfinstruct.chat import plain_text
from selfinstruct.served.openai_chat import FINISHED, bearer, count_of
from selfinstruct.types import Completion, Request


@dataclass(frozen=True)
class OpenAIText:
    """The dialect. `seeded` sends seeds."""

    seeded: bool = True
    path: str = "/completions"
    version: str = "text 1"
    """Changes when the same request would mean something else; part of a call's key."""

    def headers(self, key: str | None) -> dict[str, str]:
        """How the key travels: in a header, never in an address, which logs keep."""
        return bearer(key)

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """What is asked, without nulls, which some servers refuse."""
        how = request.sampling
        body: dict[str, Any] = {
            "model": model,
            "prompt": plain_text(request.messages),
            "temperature": how.temperature,
            "top_p": how.top_p,
            "max_tokens": how.max_tokens,
        }
        if how.stop:
            body["stop"] = list(how.stop)
        if self.seeded:
            body["seed"] = request.seed
        return body

    def read(self, payload: Mapping[str, Any], model: str) -> Completion:
        """What was answered. Raises `LookupError`, `TypeError` or `AttributeError` for a payload of
        another shape.
        """
        choice = payload["choices"][0]
        usage = payload.get("usage") or {}
        return Completion(
            str(choice["text"]),
            FINISHED.get(str(choice.get("finish_reason")), "stop"),
            count_of(usage.get("prompt_tokens")),
            count_of(usage.get("completion_tokens")),
            str(payload.get("model") or model),
        )
