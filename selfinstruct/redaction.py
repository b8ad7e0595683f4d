"""Keys taken out of other people's words: what servers and libraries say when something fails.

The one place that knows how a key looks. Known values are handed in; the patterns catch the rest.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

HIDDEN = "[redacted]"
SHORTEST = 6
"""Characters below which a value is no secret: `none`, or `x` for a server that wants any word."""

SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")
"""How the environment variables end whose values are secrets."""

PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![A-Za-z0-9])(?:sk-|gsk_|hf_|xai-|AIza)[A-Za-z0-9_-]{8,}",
        r"(?P<keep>(?i:bearer)\s+)[^\s\"',;)]{8,}",
        r"(?P<keep>(?i:authorization)[\"']?\s*[=:]\s*[\"']?(?i:basic)\s+)[A-Za-z0-9+/=]+",
        r"(?P<keep>[?&]key=)[^\s\"'&#]+",
        r"(?P<keep>(?i:api[_-]?key)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]{8,}",
        r"(?P<keep>://)[^\s/@]+(?=@)",  # user and password of a URL
    )
)


LEARNED: set[str] = set()
"""Secrets that this process has read from elsewhere than the environment; it only grows."""


def learn(secret: str) -> None:
    """Count a value among the secrets of this process from here on, as if a variable held it."""
    LEARNED.add(secret)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Text without the secrets given, and without whatever looks like a key.

    Redacting what was redacted before changes nothing more.
    """
    before, text = "", hide(text, secrets)
    while text != before:  # what one pattern hides may complete what another looks for
        before = text
        for pattern in PATTERNS:
            text = pattern.sub(_hidden, text)
    return text


def hide(text: str, secrets: Iterable[str]) -> str:
    """Text without the secrets given, as they are and as URLs write them; nothing else changes."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            text = text.replace(secret, HIDDEN).replace(quote(secret, safe=""), HIDDEN)
    return text


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of the variables that are named like secrets, and those learnt, longest first.

    Longest first, so that no secret is cut by a shorter one inside it.
    """
    found = {
        value.strip() for name, value in environment.items() if name.upper().endswith(SECRET_NAMES)
    }
    return tuple(sorted(found | LEARNED, key=lambda value: (-len(value), value)))


def _hidden(found: re.Match[str]) -> str:
    return f"{found.groupdict().get('keep') or ''}{HIDDEN}"
