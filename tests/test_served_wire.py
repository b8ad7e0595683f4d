import asyncio
import resource
import time

import pytest

from selfinstruct.endpoint import Resolve, look_up, read_endpoint
from selfinstruct.errors import UserError
from selfinstruct.served.trouble import Reply, TryError
from selfinstruct.served.wire import MAX_BYTES, Wire
from tests.stub import faults
from tests.stub.faults import Fault
from tests.stub.server import Scenario, serving

ASKED = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}'


def send(
    url: str, *, seconds: float = 5.0, times: int = 1, resolve: Resolve = look_up, named: str = ""
) -> list[Reply]:
    """The replies to one body sent so often over one wire, one after the other."""
    asked = url.replace("127.0.0.1", named or "127.0.0.1")

    async def run() -> list[Reply]:
        wire = Wire(read_endpoint(asked, allow_http=True), resolve)
        try:
            headers = {"Content-Type": "application/json"}
            path = f"{asked}/chat/completions"
            return [await wire.send(path, ASKED, headers, seconds) for _ in range(times)]
        finally:
            await wire.close()

    return asyncio.run(run())


def meet(fault: Fault, **how: float) -> list[Reply]:
    with serving(Scenario(script=faults.always(fault))) as stub:
        return send(stub.url, **how)  # type: ignore[arg-type]


def test_a_reply_is_whole_and_the_connection_is_used_again() -> None:
    with serving() as stub:
        replies = send(stub.url, times=5)
    assert {reply.status for reply in replies} == {200}
    assert replies[0].headers["content-type"] == "application/json"
    assert len(stub.connections) == 1
    assert stub.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (faults.RESET_AT_ONCE, "unreached", ""),
        (faults.RESET_AFTER_HEADERS, "passing", "broke off"),
        (faults.RESET_IN_BODY, "passing", "broke off"),
        (faults.CLOSED, "unreached", "disconnected"),
        (faults.CUT_SHORT, "passing", "broke off"),
        (faults.GARBAGE, "passing", "broke off"),
        (faults.ENDLESS, "passing", "longer than 2 MiB"),
        (faults.bomb(64), "passing", "longer than 2 MiB"),
        (
            Fault(body=b"no gzip at all", headers=(("Content-Encoding", "gzip"),)),
            "passing",
            "broke off",
        ),
    ],
    ids=["reset", "no body", "half", "closed", "short", "garbage", "endless", "bomb", "no gzip"],
)
def test_a_broken_reply_is_told(fault: Fault, kind: str, words: str) -> None:
    with pytest.raises(TryError) as raised:
        meet(fault)
    assert raised.value.kind == kind
    assert words in raised.value.reason


@pytest.mark.parametrize(
    "fault", [faults.SILENT, faults.drip(20)], ids=["silent", "a byte at a time"]
)
def test_a_deadline_holds_however_slowly_it_comes(fault: Fault) -> None:
    began = time.monotonic()
    with pytest.raises(TryError, match=r"no answer within 0\.3 s") as raised:
        meet(fault, seconds=0.3)
    assert raised.value.kind == "unreached"
    assert time.monotonic() - began < 5


def test_what_is_packed_is_unpacked() -> None:
    [reply] = meet(faults.bomb(1))
    assert len(reply.body) > 2**20


def test_a_bomb_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TryError):
        meet(faults.bomb(1024))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < 32 * MAX_BYTES


def test_a_redirect_is_a_reply_like_any_other() -> None:
    with serving() as elsewhere:
        [reply] = meet(faults.moved(f"{elsewhere.url}/chat/completions"))
    assert reply.status == 307
    assert elsewhere.seen == []


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    looked_up: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"]  # no name server knows this host

    with serving() as stub:
        send(stub.url, resolve=resolve, named="teacher.invalid", times=3)
    assert looked_up == ["teacher.invalid"]
    assert len(stub.seen) == 3


def test_a_name_that_comes_to_lead_elsewhere_is_refused() -> None:
    with serving() as stub, pytest.raises(UserError, match="link-local"):
        send(stub.url, resolve=lambda *_: ["127.0.0.1", "169.254.169.254"], named="teacher.invalid")
    assert stub.seen == []
