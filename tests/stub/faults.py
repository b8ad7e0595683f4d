"""All that goes wrong with a teacher's endpoint, and scripts that say which request meets what."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from typing import Any, Literal

from tests.stub.dialects import Json

Headers = tuple[tuple[str, str], ...]
MIB = 2**20


@dataclass(frozen=True)
class Fault:
    """How one reply differs from a good answer; as it stands it does not differ.

    The first half is what the reply says, the second how it travels.
    """

    status: int = 200
    code: str = ""
    """The error's code (OpenAI) or type (Anthropic), for a status that is none of success."""
    message: str = ""
    headers: Headers = ()
    content_type: str = "application/json"
    body: bytes | None = None
    """In place of the dialect's answer or error."""
    alter: Callable[[Json], Json] | None = None
    """What becomes of a good answer."""

    raw: bytes | None = None
    """In place of HTTP; the connection ends after it."""
    stops: Literal["never", "at once", "after headers", "in body"] = "never"
    """`in body` is half of it, while Content-Length tells the whole."""
    then: Literal["close", "reset", "hang"] = "close"
    """What follows where it stops; a server that hangs waits for the client to go away."""
    bytes_per_s: float | None = None
    """How slowly the body drips."""
    endless: bool = False
    """The body is chunked and has no end."""

    @property
    def whole(self) -> bool:
        """Whether a client can read the reply to its end."""
        return self.stops == "never" and not self.endless and self.raw is None


GOOD = Fault()


def refused(
    status: int, code: str = "", message: str = "refused by the stub", headers: Headers = ()
) -> Fault:
    """An error with a status, in the words of the dialect."""
    return Fault(status, code, message, headers)


def too_many(*headers: tuple[str, str]) -> Fault:
    """A 429 that says how long to wait in whatever headers are given."""
    return refused(429, "rate_limit_exceeded", "slow down", headers)


def date_in(seconds: float) -> str:
    """An HTTP date so many seconds from now, for Retry-After; it has no fractions."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def moved(location: str, status: int = 307) -> Fault:
    """A redirect to another server."""
    return refused(status, headers=(("Location", location),))


def field_refused(name: str, instead: str = "") -> Fault:
    """The 400 for a field that a server does not know, in OpenAI's words."""
    hint = f" Use '{instead}' instead." if instead else ""
    why = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
    return refused(400, "unsupported_parameter", why)


QUOTA_SPENT = refused(429, "insufficient_quota", "You exceeded your current quota")
PAYMENT_DUE = refused(402, "insufficient_quota", "Insufficient credits")
OVERLOADED = refused(529, "overloaded_error", "Overloaded")

RESET_AT_ONCE = Fault(stops="at once", then="reset")
RESET_AFTER_HEADERS = Fault(stops="after headers", then="reset")
RESET_IN_BODY = Fault(stops="in body", then="reset")
CLOSED = Fault(stops="at once")
CUT_SHORT = Fault(stops="in body")
SILENT = Fault(stops="at once", then="hang")
GARBAGE = Fault(raw=b"\x16\x03\x01\x02\x00 this is no HTTP \xff\xfe\r\n\r\n" * 4)
ENDLESS = Fault(endless=True)

PAGE = Fault(content_type="text/html", body=b"<!doctype html><title>Sign in</title><p>Sign in")
BROKEN_JSON = Fault(body=b'{"choices": [{"message": {"content": "cut')
NOT_AN_OBJECT = Fault(body=b"[]")
ERROR_INSIDE = Fault(body=b'{"error": {"message": "upstream failed", "code": 502}}')


def drip(bytes_per_s: float = 1.0) -> Fault:
    """A good answer whose body trickles: every read succeeds, and none is the last for long."""
    return Fault(bytes_per_s=bytes_per_s)


@lru_cache
def bomb(mib: int = 4096) -> Fault:
    """A good answer of so many MiB of text, gzipped to about a thousandth of that.

    One deflate stream: blocks that end in a full flush depend on nothing before them (RFC 1951),
    so one of them, repeated, is as valid as all.
    """
    press = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = b'{"choices": [{"finish_reason": "stop", "message": {"content": "'
    filling, end = b"a" * MIB, b'"}}]}'
    parts = [press.compress(start) + press.flush(zlib.Z_FULL_FLUSH)]
    block = press.compress(filling) + press.flush(zlib.Z_FULL_FLUSH)
    parts += [block * mib, press.compress(end) + press.flush(zlib.Z_FINISH)]
    check = zlib.crc32(start)
    for _ in range(mib):
        check = zlib.crc32(filling, check)
    size = (len(start) + mib * MIB + len(end)) % 2**32
    trailer = zlib.crc32(end, check).to_bytes(4, "little") + size.to_bytes(4, "little")
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    packed = header + b"".join(parts) + trailer
    return Fault(body=packed, headers=(("Content-Encoding", "gzip"),))


def _in_message(finish: str | None, **fields: Any) -> Callable[[Json], Json]:
    """Fields of the first choice's message replaced, and how it finished."""

    def alter(answer: Json) -> Json:
        first = answer["choices"][0]
        told = {**first, "message": {**first["message"], **fields}, "finish_reason": finish}
        return {**answer, "choices": [told, *answer["choices"][1:]]}

    return alter


EMPTY_CHOICES = Fault(alter=lambda answer: {**answer, "choices": []})
NULL_CONTENT = Fault(alter=_in_message("stop", content=None))
REASONING_ONLY = Fault(alter=_in_message("length", content=None, reasoning="let me think"))
REFUSAL = Fault(alter=_in_message("stop", content=None, refusal="I cannot help with that"))
LENGTH = Fault(alter=_in_message("length"))
CONTENT_FILTER = Fault(alter=_in_message("content_filter", content=""))
ONE_CHOICE = Fault(alter=lambda answer: {**answer, "choices": answer["choices"][:1]})
"""What servers make of `n` that do not know it."""
DOUBLED_HEADER = Fault(headers=(("X-Request-Id", "a"), ("X-Request-Id", "b")))

CLAUDE_EMPTY = Fault(alter=lambda answer: {**answer, "content": []})
CLAUDE_REFUSAL = Fault(alter=lambda answer: {**answer, "content": [], "stop_reason": "refusal"})
CLAUDE_THINKING_ONLY = Fault(
    alter=lambda answer: {
        **answer,
        "content": [{"type": "thinking", "thinking": "let me think", "signature": ""}],
        "stop_reason": "max_tokens",
    }
)


def answered_by(model: str) -> Fault:
    """A good answer that says another model gave it."""
    return Fault(alter=lambda answer: {**answer, "model": model})


Script = Callable[[int, Json], Fault | None]
"""The number of a request, from 0, and its body in; its fault out, or None for the next script."""


def always(fault: Fault) -> Script:
    """Every request meets the fault."""
    return lambda _number, _body: fault


def in_turn(*faults: Fault) -> Script:
    """The first request meets the first fault and so on; the rest are answered well."""
    return at(dict(enumerate(faults)))


def at(faults: Mapping[int, Fault]) -> Script:
    """Requests of these numbers meet these faults."""
    return lambda number, _body: faults.get(number)


def since(number: int, fault: Fault) -> Script:
    """The request of this number and all after it meet the fault."""
    return lambda this, _body: fault if this >= number else None


def where(holds: Callable[[Json], bool], fault: Fault) -> Script:
    """Requests whose body has some property meet the fault."""
    return lambda _number, body: fault if holds(body) else None


def without(field: str, instead: str = "") -> Script:
    """A server that refuses requests with this field."""
    return where(lambda body: field in body, field_refused(field, instead))


def first_of(*scripts: Script) -> Script:
    """The fault of the first script that has one."""

    def script(number: int, body: Json) -> Fault | None:
        found = (fault for each in scripts if (fault := each(number, body)) is not None)
        return next(found, None)

    return script
