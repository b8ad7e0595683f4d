"""OpenAI's chat completions: hosted APIs, vLLM, SGLang, Ollama, llama.cpp, gateways."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selfinstruct.types import Completion, FinishReason, Request

NEW_LIMIT_HOSTS = ("openai.com", "openai.azure.com")
"""Their newer models refuse `max_tokens`; many other servers know no `max_completion_tokens`."""
NO_SEED_HOSTS = ("googleapis.com",)
FINISHED: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refusal",
}
MOST_TOKENS = 2**53


def bearer(key: str | None) -> dict[str, str]:
    """The headers of a call with JSON; servers that need no key still want to be given one."""
    return {"Authorization": f"Bearer {key or 'none'}", "Content-Type": "application/json"}


@dataclass(frozen=True)
class OpenAIChat:
    """The dialect. `limit` names the field that bounds a completion, `seeded` sends seeds."""

    limit: str = "max_tokens"
    seeded: bool = True
    path: str = "/chat/completions"
    version: int = 1
    """Counts up when the same request would mean something else; part of a call's key."""

    def headers(self, key: str | None) -> dict[str, str]:
        """How the key travels: in a header, never in an address, which logs keep."""
        return bearer(key)

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """What is asked, without nulls, which some servers refuse."""
        how = request.sampling
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in request.messages],
            "temperature": how.temperature,
            "top_p": how.top_p,
            self.limit: how.max_tokens,
        }
        if how.stop:
            body["stop"] = list(how.stop)
        if self.seeded:
            body["seed"] = request.seed
        if request.schema:
            body["response_format"] = response_format(json.loads(request.schema))
        return body

    def read(self, payload: Mapping[str, Any], model: str) -> Completion:
        """What was answered. Raises `LookupError`, `TypeError` or `AttributeError` for a payload of
        another shape.
        """
        choice = payload["choices"][0]
        message = choice["message"]
        refusal = message.get("refusal")
        reason: FinishReason = FINISHED.get(str(choice.get("finish_reason")), "stop")
        usage = payload.get("usage") or {}
        return Completion(
            text_of(message.get("content")) or refusal or "",
            "refusal" if refusal else reason,
            count_of(usage.get("prompt_tokens")),
            count_of(usage.get("completion_tokens")),
            str(payload.get("model") or model),
        )


def response_format(schema: Any) -> dict[str, Any]:
    """The field that holds an answer to a schema; strictly, where a schema is one of those that the
    strict mode takes (platform.openai.com/docs/guides/structured-outputs).
    """
    told = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
    return {"type": "json_schema", "json_schema": told}


def is_strict(schema: Any) -> bool:
    """Whether every object in a schema names all its members, requires them and allows no other."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        members = schema.get("properties", {})
        named = set(schema.get("required", ())) == set(members)
        if schema.get("additionalProperties") is not False or not named:
            return False
    return all(map(is_strict, schema.values()))


def count_of(tokens: object) -> int:
    """Tokens as a server counts them; 0 where it tells none, or what is no count: NaN, less than
    nothing, more than the ledger can hold. The answer is paid for, and stays.
    """
    if isinstance(tokens, int | float) and 0 <= tokens < MOST_TOKENS:
        return int(tokens)
    return 0


def text_of(content: object) -> str:
    """A message's content, which some servers cut into parts; what a model thinks is not in it."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content)
    return str(content) if content is not None else ""
