"""HTTP/1.1 by hand, so that it can be broken at every byte: requests read, replies sent."""

import asyncio
import http.client
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.stub.faults import Fault

FILLING = b"a" * 65536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class BadRequestError(Exception):
    """What was sent is not HTTP as this server reads it."""


@dataclass(frozen=True)
class Arrived:
    """One request as it came in; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Connection:
    """One connection of a client."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    version: str
    sent: int = 0
    """Bytes, heads included."""

    async def read(self) -> Arrived | None:
        """The next request, or None when the client is done. Raises `BadRequestError`."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise BadRequestError("the request ends in its head") from None
            return None
        except asyncio.LimitOverrunError as error:
            raise BadRequestError(str(error)) from None
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        named = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in named}
        try:
            method, path, _ = first.split(" ")
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        except (ValueError, asyncio.IncompleteReadError) as error:
            raise BadRequestError(str(error)) from None
        return Arrived(method, path, headers, body)

    async def send(self, fault: Fault, payload: bytes, keeps: bool) -> bool:
        """One reply; whether the connection may carry another. Raises `ConnectionError` when the
        client goes away.
        """
        async for piece in _pieces(fault, payload, self.version, keeps):
            self.writer.write(piece)
            await self.writer.drain()
            self.sent += len(piece)
        if fault.whole:
            return keeps
        if fault.then == "hang":
            while await self.reader.read(65536):
                pass
        elif fault.then == "reset":
            connection: socket.socket = self.writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.writer.transport.abort()
        return False


async def _pieces(fault: Fault, payload: bytes, version: str, keeps: bool) -> AsyncIterator[bytes]:
    """The bytes of a reply, up to where it stops."""
    if fault.raw is not None:
        yield fault.raw
        return
    if fault.stops == "at once":
        return
    head = _head(fault, len(payload), version, keeps)
    if fault.stops == "after headers":
        yield head
    elif fault.endless:
        yield head + _chunk(payload[:1])
        while True:
            yield _chunk(FILLING)
    elif fault.bytes_per_s is not None:
        yield head
        for place in range(len(payload)):
            yield payload[place : place + 1]
            await asyncio.sleep(1 / fault.bytes_per_s)
    else:
        yield head + (payload[: len(payload) // 2] if fault.stops == "in body" else payload)


def _head(fault: Fault, length: int, version: str, keeps: bool) -> bytes:
    """Status line and headers."""
    phrase = http.client.responses.get(fault.status, "Odd")
    framing = ("Transfer-Encoding", "chunked") if fault.endless else ("Content-Length", str(length))
    headers = [framing, ("Content-Type", fault.content_type), *fault.headers]
    if not keeps:
        headers.append(("Connection", "close"))
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    return f"{version} {fault.status} {phrase}\r\n{''.join(lines)}\r\n".encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def to_json(body: bytes) -> dict[str, Any]:
    """A request's body. Raises `BadRequestError` if it is no JSON object."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise BadRequestError(str(error)) from None
    if not isinstance(found, dict):
        raise BadRequestError("the body is no JSON object")
    return found
