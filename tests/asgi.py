"""One request to an application in this process, with headers exactly as given."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

from selfinstruct.web.address import Address

ADDRESS = Address("127.0.0.1", 8123, token="t" * 43, key="k" * 43)
HOST = ("host", "127.0.0.1:8123")
ORIGIN = ("origin", "http://127.0.0.1:8123")
TOKEN = ("x-token", ADDRESS.token)
JSON = ("content-type", "application/json")
READ = (HOST, TOKEN)
WRITE = (HOST, ORIGIN, TOKEN, JSON)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: ASGIApp,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]] = READ,
    body: object = b"",
    pieces: int = 1,
) -> Answer:
    """`target` with its query; a body that is no bytes is sent as JSON, in so many pieces."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(_ask(app, method, target, headers, data, pieces))


async def _ask(
    app: ASGIApp,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    data: bytes,
    pieces: int,
) -> Answer:
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "server": ("127.0.0.1", 8123),
    }
    size = max(1, -(-len(data) // pieces))
    parts = [data[at : at + size] for at in range(0, max(1, len(data)), size)]
    sent: list[Message] = []

    async def receive() -> Message:
        if not parts:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    return Answer(
        start["status"],
        {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )
