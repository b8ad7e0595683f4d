"""Anthropic's messages, spoken natively: their layer for OpenAI's clients leaves settings out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from selfinstruct.served.openai_chat import count_of
from selfinstruct.types import Completion, FinishReason, Request

VERSION = "2023-06-01"
MOST_TEMPERATURE = 1.0
FINISHED: Mapping[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}


@dataclass(frozen=True)
class AnthropicMessages:
    """The dialect. It has no seed, and newer models take a temperature or a top_p, not both: the
    temperature is sent, at most 1.
    """

    path: str = "/messages"
    version: int = 1
    """Counts up when the same request would mean something else; part of a call's key."""

    def headers(self, key: str | None) -> dict[str, str]:
        """How the key travels."""
        return {
            "x-api-key": key or "none",
            "anthropic-version": VERSION,
            "Content-Type": "application/json",
        }

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """What is asked; the system message stands beside the others."""
        how = request.sampling
        system = [turn.content for turn in request.messages if turn.role == "system"]
        body: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": turn.role, "content": turn.content}
                for turn in request.messages
                if turn.role != "system"
            ],
            "temperature": min(how.temperature, MOST_TEMPERATURE),
            "max_tokens": how.max_tokens,
        }
        if system:
            body["system"] = "\n\n".join(system)
        if how.stop:
            body["stop_sequences"] = list(how.stop)
        if request.schema:
            told = {"type": "json_schema", "schema": json.loads(request.schema)}
            body["output_config"] = {"format": told}
        return body

    def read(self, payload: Mapping[str, Any], model: str) -> Completion:
        """What was answered: its text blocks, without the thinking. Raises `LookupError`,
        `TypeError` or `AttributeError` for a payload of another shape.
        """
        usage = payload.get("usage") or {}
        blocks = payload["content"]
        return Completion(
            "".join(block["text"] for block in blocks if block["type"] == "text"),
            FINISHED.get(str(payload.get("stop_reason")), "stop"),
            count_of(usage.get("input_tokens")),
            count_of(usage.get("output_tokens")),
            str(payload.get("model") or model),
        )
