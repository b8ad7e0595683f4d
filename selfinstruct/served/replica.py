"""One of the endpoints that serve a model: how it is asked, how fast, and how it has been doing."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from selfinstruct.redaction import hide, redact
from selfinstruct.served.pace import Pace
from selfinstruct.served.trouble import Target, TryError, payload_of
from selfinstruct.served.wire import Wire
from selfinstruct.types import Completion, Request

FALLS = 3
"""So many failures in a row, and an endpoint is left alone for a while if there are others."""
REST_S = 5.0
MAX_REST_S = 60.0


class Dialect(Protocol):
    """How a family of servers is spoken to."""

    @property
    def path(self) -> str:
        """What follows base_url."""
        ...

    @property
    def version(self) -> int | str:
        """Part of a call's key."""
        ...

    def headers(self, key: str | None) -> dict[str, str]:
        """The headers of every request, the key's among them."""
        ...

    def body(self, model: str, request: Request) -> dict[str, Any]:
        """The JSON of one request."""
        ...

    def read(self, payload: Mapping[str, Any], model: str) -> Completion:
        """What an answer says."""
        ...


class Replica:
    """An endpoint with its connections and its pace."""

    def __init__(
        self, target: Target, dialect: Dialect, wire: Wire, pace: Pace, timeout_s: float
    ) -> None:
        self.target = target
        self.wire = wire
        self.pace = pace
        self._dialect = dialect
        self._url = target.base_url.rstrip("/") + dialect.path
        self._headers = dialect.headers(target.key)
        self._timeout_s = timeout_s
        self._falls = 0

    async def ask(self, request: Request) -> Completion:
        """One try. Raises `TryError` for a failed one, `UserError` if all others would fail too."""
        return self.read(await self.exchange(self.body(request)))

    def read(self, payload: Mapping[str, Any]) -> Completion:
        """What an answer says, without the key. Raises `TryError` for one of another shape."""
        secrets = self.target.secrets
        try:
            read = self._dialect.read(payload, self.target.model)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            why = redact(repr(error), secrets)
            raise TryError("passing", f"the server's answer cannot be read: {why}") from None
        return replace(read, text=hide(read.text, secrets), model=hide(read.model, secrets))

    def body(self, request: Request) -> dict[str, Any]:
        """What would be sent."""
        return self._dialect.body(self.target.model, request)

    async def exchange(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """One body out, the JSON object of the answer in. Raises as `ask`."""
        asked = json.dumps(body).encode()
        reply = await self.wire.send(self._url, asked, self._headers, self._timeout_s)
        return payload_of(reply, self.target)

    def stood(self) -> None:
        """It answered."""
        self._falls = 0

    def fell(self, now: float) -> None:
        """It could not be reached, or broke down: the more often in a row, the longer it rests."""
        self._falls += 1
        if self._falls >= FALLS:
            self.pace.rest(now, min(MAX_REST_S, REST_S * 2 ** (self._falls - FALLS)))
