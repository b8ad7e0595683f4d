"""The server: one scenario played to whoever connects, and everything that came in remembered."""

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from anyio.from_thread import start_blocking_portal

from selfinstruct.types import digest
from tests.stub.dialects import (
    CHAT,
    DIALECTS,
    MESSAGES_PATH,
    MODELS_PATH,
    Json,
    Write,
    list_models,
    speak,
    write_words,
)
from tests.stub.faults import GOOD, Fault, Headers, Script, refused, too_many
from tests.stub.wire import Arrived, BadRequestError, Connection, to_json

MINUTE_S = 60.0
MAX_HEAD = 2**20
BACKLOG = 1024
KEY_HEADERS = ("authorization", "x-api-key")
TOLD_PATH = "/told"
"""Where the stub tells its own counts, for whoever runs it as a process."""


def nothing_wrong(_number: int, _body: Json) -> None:
    """The script without faults."""


@dataclass(frozen=True)
class Scenario:
    """How a teacher's endpoint behaves. None is no limit."""

    script: Script = nothing_wrong
    latency_s: float = 0.0
    """From the last byte of the request to the first of the reply."""
    slots: int | None = None
    """Requests it works on at once; more are refused with 429, or wait with `queues`."""
    queues: bool = False
    per_minute: int | None = None
    """Requests it takes in any sixty seconds."""
    storm: tuple[float, float] | None = None
    """From when to when everything is refused with 429, in seconds after the first request."""
    wait_headers: Headers = (("Retry-After", "1"),)
    """What its own 429s say; the script's faults say what they hold."""
    key: str | None = None
    """The one key that is let in."""
    models: tuple[str, ...] = ("m",)
    """What `/v1/models` lists; any name is answered."""
    model: str | None = None
    """The name it answers under, in place of the one that was asked for."""
    write: Write = write_words
    context: int | None = None
    """Tokens of a prompt it reads; the rest it drops without a word, as Ollama does at 4096."""
    closes_after: int | None = None
    """Requests a connection carries before the server ends it."""
    version: str = "HTTP/1.1"


@dataclass(frozen=True)
class Seen:
    """One request as it came in. No key is kept: of its headers it is told whether it was right."""

    number: int
    time: float
    """Of the monotonic clock, in seconds."""
    connection: int
    method: str
    path: str
    headers: Mapping[str, str]
    key_right: bool | None
    """None where no key was sent, or none is expected."""
    body: Json


@dataclass
class Stub:
    """The state of one server; what tests read of it is never changed by them."""

    scenario: Scenario
    seen: list[Seen] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    """How often each status was sent; 0 counts replies that had none."""
    paid: Counter[str] = field(default_factory=Counter)
    """By the digest of the body, how often it was answered in full."""
    busy: int = 0
    peak: int = 0
    """The most requests that were under way at once, refused ones included."""
    connections: list[Connection] = field(default_factory=list)
    url: str = ""
    """With /v1, as OpenAI's clients want it."""
    _slots: asyncio.Semaphore | None = None
    _accepted: deque[float] = field(default_factory=deque)

    @property
    def bytes_sent(self) -> int:
        """Over all connections, heads included."""
        return sum(connection.sent for connection in self.connections)

    def told(self) -> Json:
        """The counts, without the requests."""
        return {
            "requests": len(self.seen),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "answered": self.paid.total(),
            "answered_twice": self.paid.total() - len(self.paid),
            "peak": self.peak,
            "connections": len(self.connections),
        }

    @asynccontextmanager
    async def open(self, port: int = 0) -> AsyncIterator[None]:
        """Serve on loopback until the block ends."""
        if self.scenario.slots is not None:
            self._slots = asyncio.Semaphore(self.scenario.slots)
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, limit=MAX_HEAD, backlog=BACKLOG
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version = self.scenario.version
        connection = Connection(len(self.connections), reader, writer, version)
        self.connections.append(connection)
        served, keeps = 0, True
        try:
            while keeps and (arrived := await connection.read()):
                served += 1
                wished = arrived.headers.get("connection", "keep-alive").lower() != "close"
                last = version != "HTTP/1.1" or served == self.scenario.closes_after
                keeps = await self._reply(connection, arrived, keeps=wished and not last)
        except ConnectionError:
            pass  # the client went away, as it may
        except BadRequestError as error:
            await connection.send(refused(400), _packed(CHAT.error(400, "", str(error))), False)
        finally:
            writer.close()

    async def _reply(self, connection: Connection, arrived: Arrived, keeps: bool) -> bool:
        """One reply; whether the connection may carry another."""
        if arrived.path == TOLD_PATH:
            return await connection.send(GOOD, _packed(self.told()), keeps)
        seen = self._remember(connection.number, arrived)
        self.busy += 1
        self.peak = max(self.peak, self.busy)
        try:
            async with self._slot() as free:
                limited = not free or self._in_storm(seen.time) or self._over_rate(seen.time)
                if not limited:
                    await asyncio.sleep(self.scenario.latency_s)
                fault, payload = self._decide(seen, limited)
                self._count(seen, fault)
                # Nothing else runs between the last byte and the slot's release.
                return await connection.send(fault, payload, keeps)
        finally:
            self.busy -= 1

    def _remember(self, connection: int, arrived: Arrived) -> Seen:
        body = to_json(arrived.body) if arrived.method == "POST" else {}
        headers = dict(arrived.headers)
        key = "".join(headers.pop(name, "") for name in KEY_HEADERS).removeprefix("Bearer ")
        right = key == self.scenario.key if key and self.scenario.key is not None else None
        now = time.monotonic()
        seen = Seen(
            len(self.seen), now, connection, arrived.method, arrived.path, headers, right, body
        )
        self.seen.append(seen)
        return seen

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[bool]:
        """A place to work in while the block runs; False where none is free."""
        if self._slots is None:
            yield True
        elif self._slots.locked() and not self.scenario.queues:
            yield False
        else:
            async with self._slots:
                yield True

    def _in_storm(self, now: float) -> bool:
        storm = self.scenario.storm
        return storm is not None and storm[0] <= now - self.seen[0].time < storm[1]

    def _over_rate(self, now: float) -> bool:
        """Whether the minute is full; otherwise the request counts."""
        limit = self.scenario.per_minute
        if limit is None:
            return False
        while self._accepted and self._accepted[0] <= now - MINUTE_S:
            self._accepted.popleft()
        if len(self._accepted) >= limit:
            return True
        self._accepted.append(now)
        return False

    def _decide(self, seen: Seen, limited: bool) -> tuple[Fault, bytes]:
        """What the request meets, and the body of the reply."""
        told = self.scenario
        usual = too_many(*told.wait_headers) if limited else self._refusal(seen)
        fault = usual or told.script(seen.number, seen.body) or GOOD
        if fault.body is not None:
            return fault, fault.body
        dialect = DIALECTS.get(seen.path, CHAT)
        if fault.status != 200:
            return fault, _packed(dialect.error(fault.status, fault.code, fault.message))
        if seen.path == MODELS_PATH:
            return fault, _packed(list_models(told.models))
        answer = dialect.answer(speak(seen.body, told.write, told.model, told.context))
        return fault, _packed(answer if fault.alter is None else fault.alter(answer))

    def _refusal(self, seen: Seen) -> Fault | None:
        """What every such server refuses."""
        if self.scenario.key is not None and not seen.key_right:
            return refused(401, "invalid_api_key", "Incorrect API key provided")
        if seen.path not in {*DIALECTS, MODELS_PATH}:
            return refused(404, "not_found", f"no such path: {seen.path}")
        if seen.body.get("stream"):
            return refused(400, "unsupported_value", "the stub does not stream")
        if seen.path == MESSAGES_PATH:
            if "anthropic-version" not in seen.headers:
                return refused(400, message="anthropic-version: header is required")
            if "max_tokens" not in seen.body:
                return refused(400, message="max_tokens: Field required")
        return None

    def _count(self, seen: Seen, fault: Fault) -> None:
        unsaid = fault.raw is not None or fault.stops == "at once"
        self.statuses[0 if unsaid else fault.status] += 1
        if fault.status == 200 and fault.whole and seen.method == "POST":
            self.paid[digest(seen.body)] += 1


def _packed(value: Json) -> bytes:
    return json.dumps(value).encode()


@contextmanager
def serving(scenario: Scenario | None = None) -> Iterator[Stub]:
    """A stub in a thread of its own, until the block ends."""
    stub = Stub(scenario or Scenario())
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(stub.open()):
        yield stub
