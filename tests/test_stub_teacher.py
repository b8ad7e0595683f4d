"""Each fault of the stub does what its name says, seen by clients that are not ours."""

import gzip
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.stub import Scenario, Stub, faults, serving
from tests.stub.dialects import CHAT_PATH, MESSAGES_PATH, Json, count_tokens, write_words
from tests.stub.faults import Fault

KEY = "sk-canary-0123456789"
BODY: Json = {"model": "m-1", "messages": [{"role": "user", "content": "name a fruit"}]}
CLAUDE = {"anthropic-version": "2023-06-01"}


def connect(stub: Stub, timeout: float = 10.0) -> http.client.HTTPConnection:
    port = int(stub.url.rpartition(":")[2].removesuffix("/v1"))
    return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)


def post(
    stub: Stub, path: str = CHAT_PATH, headers: dict[str, str] | None = None, **fields: Any
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = connect(stub)
    connection.request("POST", path, json.dumps({**BODY, **fields}), headers or {})
    reply = connection.getresponse()
    try:
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def meet(fault: Fault, **fields: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
    with serving(Scenario(script=faults.always(fault))) as stub:
        return post(stub, **fields)


def raw_socket(stub: Stub) -> socket.socket:
    """A connection that has sent one request and read nothing."""
    client = socket.create_connection((connect(stub).host, connect(stub).port), timeout=10)
    body = json.dumps(BODY).encode()
    head = f"POST {CHAT_PATH} HTTP/1.1\r\nHost: stub\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(head.encode() + body)
    return client


def read_all(client: socket.socket) -> tuple[bytes, str]:
    """What came until the end, and how it ended."""
    received = b""
    try:
        while data := client.recv(65536):
            received += data
    except ConnectionResetError:
        return received, "reset"
    finally:
        client.close()
    return received, "closed"


def test_a_good_answer_can_be_computed_from_the_request() -> None:
    with serving() as stub:
        status, headers, body = post(stub, n=2)
    told = json.loads(body)
    asked = {**BODY, "n": 2}
    texts = [choice["message"]["content"] for choice in told["choices"]]
    assert (status, headers["Content-Type"], told["model"]) == (200, "application/json", "m-1")
    assert texts == [write_words(asked, 0), write_words(asked, 1)]
    assert len({write_words(BODY), write_words({**BODY, "seed": 1}), *texts}) == 4
    assert told["usage"]["prompt_tokens"] == count_tokens("name a fruit") == 3
    assert told["usage"]["completion_tokens"] == 2 * count_tokens(texts[0])
    assert [choice["finish_reason"] for choice in told["choices"]] == ["stop", "stop"]


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_limit_cuts_the_answer_and_says_so(field: str) -> None:
    with serving() as stub:
        fields: Any = {field: 5}
        told = json.loads(post(stub, **fields)[2])
    [choice] = told["choices"]
    assert (choice["finish_reason"], told["usage"]["completion_tokens"]) == ("length", 5)
    assert choice["message"]["content"] == write_words({**BODY, field: 5})[:20]


def test_anthropics_messages_are_spoken_too() -> None:
    with serving() as stub:
        status, _, body = post(stub, MESSAGES_PATH, CLAUDE, max_tokens=200, system="be brief")
        refused = [
            json.loads(post(stub, MESSAGES_PATH, CLAUDE)[2]),
            json.loads(post(stub, MESSAGES_PATH, max_tokens=9)[2]),
        ]
    told = json.loads(body)
    assert (status, told["stop_reason"], told["usage"]["input_tokens"]) == (200, "end_turn", 5)
    assert told["content"][0]["text"] == write_words(
        {**BODY, "max_tokens": 200, "system": "be brief"}
    )
    assert [error["error"]["message"] for error in refused] == [
        "max_tokens: Field required",
        "anthropic-version: header is required",
    ]
    assert refused[0]["error"]["type"] == "invalid_request_error"


def test_models_are_listed_and_other_paths_are_not_there() -> None:
    with serving(Scenario(models=("a", "b"))) as stub:
        told = json.load(urlopen(f"{stub.url}/models"))
        assert [model["id"] for model in told["data"]] == ["a", "b"]
        assert post(stub, "/v1/embeddings")[0] == 404


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.QUOTA_SPENT, 429, "insufficient_quota"),
        (faults.PAYMENT_DUE, 402, "insufficient_quota"),
        (faults.OVERLOADED, 529, "overloaded_error"),
        (faults.field_refused("seed"), 400, "unsupported_parameter"),
        *((faults.refused(status, "c"), status, "c") for status in (401, 403, 404, 422, 500, 503)),
    ],
)
@pytest.mark.parametrize("path", [CHAT_PATH, MESSAGES_PATH])
def test_a_refusal_speaks_the_dialect(fault: Fault, status: int, code: str, path: str) -> None:
    found, _, body = meet(fault, path=path, headers=CLAUDE, max_tokens=5)
    error = json.loads(body)["error"]
    assert found == status
    assert error["code" if path == CHAT_PATH else "type"] == code
    assert error["message"] == fault.message


@pytest.mark.parametrize(
    ("name", "value"),
    [("Retry-After", "2"), ("Retry-After", "0.5"), ("retry-after-ms", "700"), ("Retry-After", "x")],
)
def test_a_429_tells_the_wait_in_any_form(name: str, value: str) -> None:
    status, headers, _ = meet(faults.too_many((name, value)))
    assert (status, headers[name]) == (429, value)
    assert "Retry-After" not in meet(faults.too_many())[1]


def test_a_date_is_where_it_should_be() -> None:
    told = parsedate_to_datetime(faults.date_in(3600)).timestamp()
    assert told == pytest.approx(time.time() + 3600, abs=60)


@pytest.mark.parametrize(
    ("fault", "heads", "part", "end"),
    [
        (faults.RESET_AT_ONCE, 0, 0.0, "reset"),
        (faults.RESET_AFTER_HEADERS, 1, 0.0, "reset"),
        (faults.RESET_IN_BODY, 1, 0.5, "reset"),
        (faults.CLOSED, 0, 0.0, "closed"),
        (faults.CUT_SHORT, 1, 0.5, "closed"),
    ],
    ids=["reset", "reset after headers", "reset in body", "closed", "cut short"],
)
def test_a_connection_ends_where_and_how_it_should(
    fault: Fault, heads: int, part: float, end: str
) -> None:
    with serving(Scenario(script=faults.always(fault))) as stub:
        received, ended = read_all(raw_socket(stub))
    head, _, body = received.partition(b"\r\n\r\n")
    assert (received.count(b"HTTP/1.1 200 OK"), ended) == (heads, end)
    length = int(head.lower().rpartition(b"content-length: ")[2].split()[0]) if heads else 0
    assert len(body) == int(length * part)


def test_silence_lasts_until_the_client_leaves() -> None:
    with serving(Scenario(script=faults.in_turn(faults.SILENT))) as stub:
        client = raw_socket(stub)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert stub.busy == 1
        client.close()
        assert post(stub)[0] == 200
        wait_until(lambda: stub.busy == 0)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_drip_comes_byte_by_byte() -> None:
    with serving(Scenario(script=faults.always(faults.drip(20.0)))) as stub:
        client = raw_socket(stub)
        began, received = time.monotonic(), b""
        while len(received.partition(b"\r\n\r\n")[2]) < 6:
            received += client.recv(65536)
        assert time.monotonic() - began > 0.2  # five pauses of 50 ms
        client.close()


def test_garbage_is_no_http() -> None:
    with pytest.raises(http.client.BadStatusLine):
        meet(faults.GARBAGE)


def test_an_endless_body_goes_on_until_the_client_has_had_enough() -> None:
    with serving(Scenario(script=faults.always(faults.ENDLESS))) as stub:
        connection = connect(stub)
        connection.request("POST", CHAT_PATH, json.dumps(BODY))
        reply = connection.getresponse()
        assert reply.headers["Transfer-Encoding"] == "chunked"
        assert len(reply.read(20_000_000)) == 20_000_000
        reply.close()
        connection.close()
        wait_until(lambda: stub.busy == 0)
        assert stub.bytes_sent >= 20_000_000


def test_a_bomb_is_a_valid_answer_a_thousand_times_its_size() -> None:
    _, headers, body = meet(faults.bomb(64))
    whole = gzip.decompress(body)
    assert headers["Content-Encoding"] == "gzip"
    assert len(json.loads(whole)["choices"][0]["message"]["content"]) == 64 * 2**20
    assert len(whole) > 900 * len(body)


@pytest.mark.parametrize(
    ("fault", "kind", "start"),
    [
        (faults.PAGE, "text/html", b"<!doctype html>"),
        (faults.BROKEN_JSON, "application/json", b'{"choices": ['),
        (faults.NOT_AN_OBJECT, "application/json", b"[]"),
        (faults.ERROR_INSIDE, "application/json", b'{"error": {'),
    ],
)
def test_a_200_can_hold_anything(fault: Fault, kind: str, start: bytes) -> None:
    status, headers, body = meet(fault)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert body.startswith(start)


def test_broken_json_is_broken() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(meet(faults.BROKEN_JSON)[2])


@pytest.mark.parametrize(
    ("fault", "message", "finish"),
    [
        (faults.NULL_CONTENT, {"content": None}, "stop"),
        (faults.REASONING_ONLY, {"content": None, "reasoning": "let me think"}, "length"),
        (faults.REFUSAL, {"content": None, "refusal": "I cannot help with that"}, "stop"),
        (faults.LENGTH, {"content": write_words(BODY)}, "length"),
        (faults.CONTENT_FILTER, {"content": ""}, "content_filter"),
    ],
)
def test_dialects_of_an_answer(fault: Fault, message: Json, finish: str) -> None:
    [choice] = json.loads(meet(fault)[2])["choices"]
    assert choice["message"] == {"role": "assistant", **message}
    assert choice["finish_reason"] == finish


def test_choices_can_be_missing() -> None:
    assert json.loads(meet(faults.EMPTY_CHOICES)[2])["choices"] == []
    assert len(json.loads(meet(faults.ONE_CHOICE, n=3)[2])["choices"]) == 1


@pytest.mark.parametrize(
    ("fault", "kinds", "reason"),
    [
        (faults.CLAUDE_EMPTY, [], "end_turn"),
        (faults.CLAUDE_REFUSAL, [], "refusal"),
        (faults.CLAUDE_THINKING_ONLY, ["thinking"], "max_tokens"),
    ],
)
def test_anthropics_odd_answers(fault: Fault, kinds: list[str], reason: str) -> None:
    told = json.loads(meet(fault, path=MESSAGES_PATH, headers=CLAUDE, max_tokens=200)[2])
    assert ([part["type"] for part in told["content"]], told["stop_reason"]) == (kinds, reason)


def test_a_redirect_names_the_other_server() -> None:
    status, headers, _ = meet(faults.moved("http://127.0.0.1:9/v1"))
    assert (status, headers["Location"]) == (307, "http://127.0.0.1:9/v1")


def test_a_header_can_come_twice() -> None:
    assert meet(faults.DOUBLED_HEADER)[1].get_all("X-Request-Id") == ["a", "b"]


@pytest.mark.parametrize(("context", "told"), [(None, 5000), (4096, 4096)])
def test_a_prompt_can_be_cut_without_a_word(context: int | None, told: int) -> None:
    long = [{"role": "user", "content": "word" * 5000}]
    with serving(Scenario(context=context)) as stub:
        status, _, body = post(stub, messages=long)
    assert (status, json.loads(body)["usage"]["prompt_tokens"]) == (200, told)


def test_scripts_say_which_request_meets_what() -> None:
    script = faults.first_of(
        faults.without("seed"),
        faults.at({1: faults.OVERLOADED}),
        faults.since(3, faults.answered_by("other")),
    )
    with serving(Scenario(script=script, model="told")) as stub:
        statuses = [post(stub)[0] for _ in range(3)]
        swapped = json.loads(post(stub)[2])["model"]
        refused = post(stub, seed=1)
    assert (statuses, swapped, refused[0]) == ([200, 529, 200], "other", 400)
    assert b"'seed' is not supported" in refused[2]
    assert stub.statuses == {200: 3, 529: 1, 400: 1}


def hold_slots(stub: Stub, count: int) -> list[socket.socket]:
    """So many requests under way, each until its socket is closed; the script is silent to them."""
    held = [raw_socket(stub) for _ in range(count)]
    wait_until(lambda: stub.busy == count)
    return held


TWO_HELD = faults.in_turn(faults.SILENT, faults.SILENT)


def test_more_than_the_slots_is_refused() -> None:
    with serving(Scenario(script=TWO_HELD, slots=2)) as stub:
        first, second = hold_slots(stub, 2)
        status, headers, _ = post(stub)
        assert (status, headers["Retry-After"]) == (429, "1")
        first.close()
        wait_until(lambda: stub.busy == 1)
        assert post(stub)[0] == 200
        second.close()
    assert (stub.peak, stub.paid.total()) == (3, 1)


def test_more_than_the_slots_waits_where_there_is_a_queue() -> None:
    with serving(Scenario(script=TWO_HELD, slots=2, queues=True)) as stub:
        first, second = hold_slots(stub, 2)
        late = raw_socket(stub)
        late.settimeout(0.2)
        with pytest.raises(TimeoutError):
            late.recv(1)
        first.close()
        late.settimeout(10)
        assert late.recv(65536).startswith(b"HTTP/1.1 200 OK")
        for client in (second, late):
            client.close()


def test_an_answer_takes_its_time() -> None:
    with serving(Scenario(latency_s=0.3)) as stub:
        began = time.monotonic()
        post(stub)
        assert time.monotonic() - began >= 0.3


def test_a_minute_has_so_many_requests() -> None:
    with serving(Scenario(per_minute=4, wait_headers=(("Retry-After", "15"),))) as stub:
        replies = [post(stub) for _ in range(6)]
    assert [status for status, _, _ in replies] == [200] * 4 + [429] * 2
    assert replies[-1][1]["Retry-After"] == "15"
    assert (stub.paid.total(), stub.told()["answered_twice"]) == (4, 3)


def test_a_storm_passes() -> None:
    with serving(Scenario(storm=(0.0, 0.4))) as stub:
        assert post(stub)[0] == 429
        wait_until(lambda: post(stub)[0] == 200)
        assert stub.seen[-1].time - stub.seen[0].time >= 0.4


@pytest.mark.parametrize(
    ("headers", "status", "right"),
    [
        ({"Authorization": f"Bearer {KEY}"}, 200, True),
        ({"x-api-key": KEY}, 200, True),
        ({"Authorization": "Bearer another"}, 401, False),
        ({}, 401, None),
    ],
)
def test_a_key_is_checked_and_not_kept(
    headers: dict[str, str], status: int, right: bool | None
) -> None:
    with serving(Scenario(key=KEY)) as stub:
        assert post(stub, headers={"X-Mark": "1", **headers})[0] == status
    [seen] = stub.seen
    assert (seen.key_right, seen.headers["x-mark"]) == (right, "1")
    assert (seen.path, seen.body) == (CHAT_PATH, BODY)
    assert KEY not in repr(stub.seen)


@pytest.mark.parametrize(
    ("version", "after", "connections"),
    [("HTTP/1.1", None, 1), ("HTTP/1.1", 2, 3), ("HTTP/1.0", None, 6)],
)
def test_connections_last_as_long_as_they_should(
    version: str, after: int | None, connections: int
) -> None:
    with serving(Scenario(version=version, closes_after=after)) as stub:
        client = connect(stub)
        for _ in range(6):
            client.request("POST", CHAT_PATH, json.dumps(BODY))
            reply = client.getresponse()
            assert (reply.status, reply.version) == (200, 11 if version == "HTTP/1.1" else 10)
            reply.read()
        client.close()
    assert len(stub.connections) == connections


def test_http_1_0_ends_with_its_answer() -> None:
    with serving(Scenario(version="HTTP/1.0")) as stub:
        received, ended = read_all(raw_socket(stub))
    assert (received[:15], ended) == (b"HTTP/1.0 200 OK", "closed")


@pytest.mark.parametrize("sent", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(sent: bytes) -> None:
    with serving() as stub:
        client = connect(stub)
        client.request("POST", CHAT_PATH, sent)
        assert client.getresponse().status == 400
        client.close()


def test_a_process_serves_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "tests.stub", "--slots", "2"]
    root = Path(__file__).parents[1]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip().removesuffix("/v1")
        assert json.load(urlopen(f"{url}/v1/models"))["data"] == [{"id": "m", "object": "model"}]
        assert json.load(urlopen(f"{url}/told"))["requests"] == 1
    finally:
        process.communicate(timeout=10)
    assert process.returncode == 0
