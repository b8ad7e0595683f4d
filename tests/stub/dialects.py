"""What the stub says, as JSON: answers and errors of OpenAI's chat and Anthropic's messages.

Every answer is a pure function of the request's body, so that a test can compute it again.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Write = Callable[[Json, int], str]
"""A request's body and the number of the choice in, the text of the answer out."""

CHAT_PATH = "/v1/chat/completions"
TEXT_PATH = "/v1/completions"
MESSAGES_PATH = "/v1/messages"
MODELS_PATH = "/v1/models"
BYTES_PER_TOKEN = 4
"""OpenAI's rule of thumb for English."""
ANSWER_BYTES = 200
KINDS: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
"""Error types of both dialects by status; of other statuses, invalid request or server's fault."""


@dataclass(frozen=True)
class Speech:
    """One answer before it is put into words of a dialect."""

    model: str
    texts: tuple[str, ...]
    cut: bool
    prompt_tokens: int


@dataclass(frozen=True)
class Dialect:
    """How answers and errors look on the wire."""

    answer: Callable[[Speech], Json]
    error: Callable[[int, str, str], Json]


def write_words(body: Json, choice: int = 0) -> str:
    """Words that any change of the body or of the choice changes: the default answer."""
    told = json.dumps([body, choice], sort_keys=True).encode()
    letters = hashlib.shake_128(told).hexdigest(ANSWER_BYTES)
    return " ".join(letters[start : start + 8] for start in range(0, len(letters), 8))


def count_tokens(text: str) -> int:
    """Bytes over four, rounded up."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def speak(body: Json, write: Write, model: str | None, context: int | None) -> Speech:
    """The answer to a body. A server of `context` tokens reads no more of the prompt, and says so
    in its usage alone.
    """
    limit: int = body.get("max_completion_tokens", body.get("max_tokens")) or sys.maxsize
    whole = [write(body, choice) for choice in range(body.get("n", 1))]
    texts = tuple(_cut(text, limit * BYTES_PER_TOKEN) for text in whole)
    said = [turn["content"] for turn in body.get("messages", ())]
    said += [body.get("system", ""), body.get("prompt", "")]
    tokens = count_tokens("".join(text if isinstance(text, str) else str(text) for text in said))
    seen = tokens if context is None else min(tokens, context)
    return Speech(model or str(body.get("model", "")), texts, texts != tuple(whole), seen)


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _chat_answer(speech: Speech) -> Json:
    return {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 0,
        "model": speech.model,
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "length" if speech.cut else "stop",
            }
            for index, text in enumerate(speech.texts)
        ],
        "usage": {
            "prompt_tokens": speech.prompt_tokens,
            "completion_tokens": (tokens := sum(map(count_tokens, speech.texts))),
            "total_tokens": speech.prompt_tokens + tokens,
        },
    }


def _text_answer(speech: Speech) -> Json:
    answer = _chat_answer(speech)
    choices = [
        {**choice, "text": choice["message"]["content"], "logprobs": None}
        for choice in answer["choices"]
    ]
    for choice in choices:
        del choice["message"]
    return {**answer, "object": "text_completion", "choices": choices}


def _chat_error(status: int, code: str, message: str) -> Json:
    return {"error": {"message": message, "type": _kind(status), "param": None, "code": code}}


def _messages_answer(speech: Speech) -> Json:
    return {
        "id": "msg_stub",
        "type": "message",
        "role": "assistant",
        "model": speech.model,
        "content": [{"type": "text", "text": speech.texts[0]}],
        "stop_reason": "max_tokens" if speech.cut else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": speech.prompt_tokens,
            "output_tokens": count_tokens(speech.texts[0]),
        },
    }


def _messages_error(status: int, code: str, message: str) -> Json:
    return {"type": "error", "error": {"type": code or _kind(status), "message": message}}


def _kind(status: int) -> str:
    return KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")


CHAT = Dialect(_chat_answer, _chat_error)
DIALECTS: Mapping[str, Dialect] = {
    CHAT_PATH: CHAT,
    TEXT_PATH: Dialect(_text_answer, _chat_error),
    MESSAGES_PATH: Dialect(_messages_answer, _messages_error),
}


def list_models(names: tuple[str, ...]) -> Json:
    """What `GET /v1/models` says."""
    return {"object": "list", "data": [{"id": name, "object": "model"} for name in names]}
