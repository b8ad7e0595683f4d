"""What a server's refusal means: try again, when, or stop.

An answer that failed is `TryError`, which one request may survive; what every other request would
meet as well is an error for people, and ends the run so that it can be resumed.
"""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.redaction import redact

Kind = Literal["throttled", "passing", "unreached", "refused"]
"""Told to wait; failed in a way that may pass; never reached; refused for good."""

PASSING = {408, 409, 425}
THROTTLED = {429, 529}
"""529 is how Anthropic says that it is overloaded."""
QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_error"}


class TryError(Exception):
    """A try without an answer; `wait_s` is how long the server asked to be left alone."""

    def __init__(self, kind: Kind, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.wait_s = wait_s


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers (looked up in any case) and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Target:
    """Who is asked for what, as error messages say it. `key` is None where none is sent."""

    base_url: str
    host: str
    model: str
    key_name: str
    key: str | None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold."""
        return () if self.key is None else (self.key,)


def payload_of(reply: Reply, target: Target) -> dict[str, Any]:
    """The JSON object of an answer. Raises what `refusal` says of any other, and `TryError` for a
    body that is none.
    """
    payload = _parse(reply.body)
    said = payload.get("error") if isinstance(payload, dict) else None
    if reply.status != 200 or said:
        raise refusal(reply, target)
    if not isinstance(payload, dict):
        kind = reply.headers.get("Content-Type", "no type")
        begins = redact(reply.body[:80].decode(errors="replace"), target.secrets)
        raise TryError(
            "passing",
            f"the server's answer cannot be read: {kind}, {len(reply.body)} bytes, "
            f"begins {begins!r}",
        )
    return payload


def refusal(reply: Reply, target: Target) -> Exception:
    """A reply without an answer in, the error to raise out."""
    message, code, status = _fault(reply)
    said = f"HTTP {reply.status}: {redact(message, target.secrets)}"
    if status == 402 or code in QUOTA_CODES:
        return IncompleteError(
            f"the quota at {target.host} is spent ({said})",
            next_step="add credit, then start the same command again; it resumes",
        )
    if status in (401, 403):
        return UserError(
            f"{target.host} refuses the key in {target.key_name} ({said})",
            why="no key was sent" if target.key is None else "",
            next_step=f"put a valid key into {target.key_name}; it is sent over https",
        )
    if status == 404 or 300 <= status < 400:
        return UserError(
            f"{target.host} serves no model {target.model} at {target.base_url} ({said})",
            next_step="check teacher.name and teacher.base_url, which mostly ends in /v1",
        )
    wait_s = wait_of(reply.headers, time.time())
    if status in THROTTLED or (status >= 500 and wait_s is not None):
        return TryError("throttled", said, wait_s)
    return TryError("passing" if status in PASSING or status >= 500 else "refused", said)


def wait_of(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a server asks for, None where it names none that can be understood.

    `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), `retry-after-ms` of OpenAI and Azure.
    A date counts from the server's own `Date`, so that no clock needs to be right; without one from
    `now`, in seconds since 1970.
    """
    told = headers.get("retry-after-ms")
    if told is not None and (milliseconds := _number(told)) is not None:
        return milliseconds / 1000
    told = headers.get("Retry-After")
    if told is None:
        return None
    seconds = _number(told)
    if seconds is not None:
        return seconds
    until, since = _date(told), _date(headers.get("Date", ""))
    return None if until is None else max(0.0, until - (now if since is None else since))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _parse(body: bytes) -> Any:
    """JSON or None: a refusal may be written in anything."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _fault(reply: Reply) -> tuple[str, str, int]:
    """Message, code and status of a refusal, in the shapes of OpenAI, Anthropic, vLLM and Ollama.

    Some gateways answer 200 and put the true status inside.
    """
    payload = _parse(reply.body)
    told = payload.get("error", payload) if isinstance(payload, dict) else None
    if not isinstance(told, dict):
        words = told if isinstance(told, str) else reply.body[:500].decode(errors="replace")
        return words, "", 502 if reply.status == 200 else reply.status
    message = told.get("message") or told.get("detail") or json.dumps(told)[:500]
    code = told.get("code") or told.get("type") or ""
    status = reply.status
    if status == 200:
        status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return str(message), str(code), status
