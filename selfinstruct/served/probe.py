"""What an endpoint can do, found out by asking: a dozen short calls before a long run.

A finding is no verdict on the model. What a run relies on is `ok` or not, with the line of the
config that mends it; the rest is told for people.
"""

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Resolve, look_up
from selfinstruct.errors import UserError
from selfinstruct.model import Speech
from selfinstruct.served.model import open_replica
from selfinstruct.served.replica import Replica
from selfinstruct.served.trouble import TryError
from selfinstruct.types import Completion, Message, Request, Sampling

SENTENCE = "The invoice of March was paid twice, and nobody has answered since. "
SHORT, LONG = 40, 400
"""Sentences in a short and a long prompt; the long one is beyond 4,096 tokens."""
CUT = 0.9
"""A server that reads less than this share of what the short prompt lets expect has cut it."""
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"greeting": {"type": "string"}},
        "required": ["greeting"],
        "additionalProperties": False,
    }
)
SCHEMA_KEPT = re.compile(r'\s*\{\s*"greeting"\s*:.*', re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One thing found out; `mend` is what to do where it is not `ok`."""

    what: str
    ok: bool = True
    mend: str = ""


def probe(cfg: ModelConfig, resolve: Resolve = look_up) -> list[Finding]:
    """What can be found out about every endpoint of a config, one after the other.

    A refusal is a finding. Raises `UserError` for a missing key and an endpoint that must not be
    asked.
    """
    replicas = [open_replica(cfg, url, resolve) for url in cfg.base_urls]

    async def ask_all() -> list[Finding]:
        found: list[Finding] = []
        for replica in replicas:
            try:
                found += await _probe(replica, cfg.speech)
            finally:
                await replica.wire.close()
        return found

    return asyncio.run(ask_all())


async def _probe(replica: Replica, speech: Speech) -> list[Finding]:
    """Where the first question is not answered, that is all."""
    host = replica.target.host
    began = time.monotonic()
    try:
        first = await replica.ask(question("Reply with the one word: ready", 64))
    except (TryError, UserError) as error:
        return [Finding(f"{host}: no answer: {_words(error)}", ok=False, mend=_mend(error))]
    took = time.monotonic() - began
    return [
        Finding(f"{host}: {first.model} answers in {took:.1f} s: {first.text[:40]!r}"),
        _counts(host, first),
        await _limit(replica),
        await _seed(replica),
        await _context(replica),
        *([await _schema(replica, sent=speech.schema)] if speech.turns else []),
        *(await _extras(replica)),
    ]


def question(words: str, most: int, temperature: float = 0.0, seed: int = 1) -> Request:
    """A single turn of a user."""
    how = Sampling(temperature=temperature, max_tokens=most)
    return Request((Message("user", words),), how, seed=seed)


def _counts(host: str, answer: Completion) -> Finding:
    if answer.prompt_tokens and answer.completion_tokens:
        return Finding(f"{host}: counts tokens")
    return Finding(
        f"{host}: does not count tokens",
        ok=False,
        mend="budget.max_tokens and max_cost cannot hold without; use budget.max_calls",
    )


async def _limit(replica: Replica) -> Finding:
    host = replica.target.host
    try:
        answer = await replica.ask(question("Count from one to one hundred in words.", 8))
    except (TryError, UserError) as error:
        return Finding(f"{host}: {_words(error)}", ok=False, mend=_mend(error))
    if answer.finish_reason == "length" and answer.completion_tokens <= 16:
        return Finding(f"{host}: stops at the token limit and says so")
    return Finding(
        f"{host}: asked for at most 8 tokens, gave {answer.completion_tokens} and said "
        f"{answer.finish_reason}",
        ok=False,
        mend="teacher.token_limit: max_completion_tokens (or max_tokens), whichever it knows",
    )


async def _seed(replica: Replica) -> Finding:
    """Two draws with one seed, and one with another."""
    host = replica.target.host
    if "seed" not in replica.body(question("", 1)):
        return Finding(f"{host}: is sent no seed: answers cannot be drawn again")
    try:
        same, again, other = [
            (await replica.ask(question("Invent a name for a shop.", 24, 1.0, seed))).text
            for seed in (1, 1, 2)
        ]
    except (TryError, UserError) as error:
        return Finding(f"{host}: {_words(error)}", ok=False, mend=_mend(error))
    if same != again:
        return Finding(f"{host}: does not hold to a seed: answers cannot be drawn again")
    if same == other:
        return Finding(
            f"{host}: gives one answer to different seeds",
            ok=False,
            mend="see that it samples (temperature), and that no cache answers for it",
        )
    return Finding(f"{host}: holds to a seed")


async def _context(replica: Replica) -> Finding:
    host = replica.target.host
    try:
        short = await replica.ask(question(SENTENCE * SHORT + "Say yes.", 4))
    except (TryError, UserError) as error:
        return Finding(f"{host}: {_words(error)}", ok=False, mend=_mend(error))
    expected = short.prompt_tokens * LONG // SHORT
    try:
        long = await replica.ask(question(SENTENCE * LONG + "Say yes.", 4))
    except (TryError, UserError) as error:
        return Finding(f"{host}: refuses a prompt of {expected} tokens, aloud: {_words(error)}")
    if long.prompt_tokens < CUT * expected:
        return Finding(
            f"{host}: was sent about {expected} tokens and read {long.prompt_tokens}",
            ok=False,
            mend="give the server a larger context (Ollama: OLLAMA_CONTEXT_LENGTH)",
        )
    return Finding(f"{host}: reads a prompt of {long.prompt_tokens} tokens whole")


async def _schema(replica: Replica, *, sent: bool) -> Finding:
    """Whether an answer is held to a JSON schema that its question does not speak of."""
    host = replica.target.host
    try:
        answer = await replica.ask(replace(question("Say hello.", 48), schema=SCHEMA))
    except (TryError, UserError) as error:
        refused = f"{host}: refuses a JSON schema: {_words(error)}"
        return Finding(refused, ok=not sent, mend="teacher.structured: never" if sent else "")
    if not SCHEMA_KEPT.fullmatch(answer.text):
        return Finding(f"{host}: takes no notice of a JSON schema; recipes ask for JSON in words")
    hint = "" if sent else "; teacher.structured: always makes recipes use it"
    return Finding(f"{host}: holds an answer to a JSON schema{hint}")


Seen = Callable[[Mapping[str, Any]], bool]
EXTRAS: Sequence[tuple[str, Mapping[str, Any], Seen]] = (
    ("several choices (n)", {"n": 2}, lambda found: len(found["choices"]) == 2),
    ("JSON mode", {"response_format": {"type": "json_object"}}, lambda _: True),
    ("logprobs", {"logprobs": True}, lambda found: bool(found["choices"][0].get("logprobs"))),
)
"""What OpenAI's dialect has and servers differ in; a run needs none of it."""


async def _extras(replica: Replica) -> list[Finding]:
    if "top_p" not in replica.body(question("", 1)):  # another dialect
        return []
    return [await _extra(replica, name, fields, seen) for name, fields, seen in EXTRAS]


async def _extra(replica: Replica, name: str, fields: Mapping[str, Any], seen: Seen) -> Finding:
    host = replica.target.host
    try:
        asked = replica.body(question('Reply with the JSON {"ready": true}', 24))
        has = seen(await replica.exchange({**asked, **fields}))
    except (TryError, UserError, LookupError, TypeError, AttributeError):
        has = False
    return Finding(f"{host}: {'has' if has else 'has no'} {name} (not needed)")


def _words(error: TryError | UserError) -> str:
    return error.what if isinstance(error, UserError) else error.reason


def _mend(error: TryError | UserError) -> str:
    if isinstance(error, UserError):
        return error.next_step
    words = error.reason
    if "max_completion_tokens" in words:
        return "teacher.token_limit: max_completion_tokens"
    if "seed" in words:
        return "teacher.send_seed: false"
    return "mend that at the server, or check teacher.base_url"
