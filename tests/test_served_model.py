import json
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.endpoint import Resolve, look_up
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.served import ServedModel
from selfinstruct.signals import Stopped, arrive
from selfinstruct.types import Completion, Message, Request, Sampling

CANARY = "sk-canary-0123456789"
Reply = tuple[int, dict[str, str], bytes]


def said(content: Any, finish: str | None = "stop", **message: Any) -> Reply:
    choice = {"message": {"content": content, **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return 200, {}, json.dumps({"model": "m-1", "choices": [choice], "usage": usage}).encode()


def fault(status: int, code: str = "", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, json.dumps({"error": {"message": f"no {CANARY}", "code": code}}).encode()


RESET: Reply = (0, {}, b"")
SLOW: Reply = (-1, {}, b"")


class Stub:
    """A server on loopback that replies by a script; after its end it repeats the last reply."""

    def __init__(self, script: Sequence[Reply]) -> None:
        self.script = list(script)
        self.calls: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.busiest = 0
        self._busy = 0
        self._lock = threading.Lock()

    def begin(self, call: dict[str, Any]) -> Reply:
        with self._lock:
            self.calls.append(call)
            self.times.append(time.monotonic())
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def end(self) -> None:
        with self._lock:
            self._busy -= 1


@contextmanager
def serving(*script: Reply) -> Iterator[tuple[Stub, str]]:
    stub = Stub(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, payload = stub.begin(
                {"path": self.path, "key": self.headers["Authorization"], **body}
            )
            try:
                if status == RESET[0]:
                    linger = struct.pack("ii", 1, 0)  # close with a reset
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.close_connection = True
                    return
                if status == SLOW[0]:
                    time.sleep(1.0)
                    status, headers, payload = said("late")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)
            except BrokenPipeError:
                self.close_connection = True
            finally:
                stub.end()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", CANARY)


def config(url: str, **fields: Any) -> ModelConfig:
    given = {"parallel": 2, "attempts": 3, "api_key_env": "TEACHER_KEY", **fields}
    return ModelConfig(backend="openai", name="m", base_url=url, **given)


def request(text: str = "hello", **sampling: Any) -> Request:
    return Request((Message("system", "s"), Message("user", text)), Sampling(**sampling), seed=11)


def answers(
    cfg: ModelConfig, asked: Sequence[Request], resolve: Resolve = look_up
) -> list[Completion]:
    """What a model says to each request, in their order."""
    with closing(ServedModel(cfg, resolve)) as model:
        found = [each for arrived in model.generate(asked) for each in arrived]
    assert sorted(each.index for each in found) == list(range(len(asked)))
    return [each.completion for each in sorted(found, key=lambda each: each.index)]


def ask(url: str, count: int = 1, **fields: Any) -> list[Completion]:
    asked = [request(f"q{i}", max_tokens=24) for i in range(count)]
    return answers(config(url, **fields), asked)


def test_a_request_says_all_it_should_and_no_nulls() -> None:
    with serving(said("hi")) as (stub, url):
        sampling = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 5, "stop": ("\n",)}
        [answer] = answers(config(url), [request("hello", **sampling)])
    assert answer == Completion("hi", "stop", 7, 3, "m-1")
    assert stub.calls == [
        {
            "path": "/v1/chat/completions",
            "key": f"Bearer {CANARY}",
            "model": "m",
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": "hello"},
            ],
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 5,
            "stop": ["\n"],
            "seed": 11,
        }
    ]


@pytest.mark.parametrize(
    ("reply", "text", "reason"),
    [
        (said("cut", "length"), "cut", "length"),
        (said(None, "stop", reasoning="hm"), "", "stop"),
        (said(None, "stop", refusal="I won't"), "I won't", "refusal"),
        (said("", "content_filter"), "", "refusal"),
        (said([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab", "stop"),
        (said("x", None), "x", "stop"),
    ],
)
def test_dialects_of_an_answer(reply: Reply, text: str, reason: str) -> None:
    with serving(reply) as (_, url):
        [completion] = ask(url)
    assert (completion.text, completion.finish_reason, completion.error) == (text, reason, "")


@pytest.mark.parametrize(
    "trouble",
    [
        fault(500),
        fault(503),
        fault(429),
        fault(408),
        RESET,
        (200, {}, b"{garbage"),
        (200, {}, b"{}"),
    ],
    ids=["500", "503", "429", "408", "reset", "garbage", "no choices"],
)
def test_what_passes_is_tried_again(trouble: Reply) -> None:
    with serving(trouble, said("at last")) as (stub, url):
        [completion] = ask(url)
    assert completion.text == "at last"
    assert len(stub.calls) == 2


@pytest.mark.parametrize(
    ("trouble", "said_why"),
    [(fault(500), "HTTP 500"), ((200, {}, b"{garbage"), "cannot be read")],
    ids=["500", "garbage"],
)
def test_what_stays_is_an_error_of_that_request(trouble: Reply, said_why: str) -> None:
    with serving(trouble) as (stub, url):
        [completion] = ask(url, attempts=2)
    assert completion.finish_reason == "error"
    assert said_why in completion.error
    assert len(stub.calls) == 2


def test_a_refused_request_is_asked_once_and_the_others_go_on() -> None:
    with serving(fault(400), said("fine")) as (stub, url):
        first, second = ask(url, count=2, parallel=1)
    assert (first.finish_reason, second.text) == ("error", "fine")
    assert "HTTP 400" in first.error
    assert len(stub.calls) == 2


@pytest.mark.parametrize(
    ("trouble", "kind", "words"),
    [
        (fault(401), UserError, "refuses the key in TEACHER_KEY"),
        (fault(403), UserError, "refuses the key in TEACHER_KEY"),
        (fault(404), UserError, "serves no model m"),
        (fault(402), IncompleteError, "quota"),
        (fault(429, "insufficient_quota"), IncompleteError, "quota"),
        (fault(429, retry_after="86400"), IncompleteError, "pause of 86400 s"),
    ],
)
def test_what_all_requests_would_meet_ends_the_run_at_once(
    trouble: Reply, kind: type[UserError], words: str
) -> None:
    with serving(trouble) as (stub, url), pytest.raises(UserError) as raised:
        ask(url, count=6)
    assert type(raised.value) is kind
    assert words in str(raised.value)
    assert "127.0.0.1" in str(raised.value)
    assert len(stub.calls) <= 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with serving(said("stolen")) as (thief, elsewhere):
        moved = fault(status, location=f"{elsewhere}/chat/completions")
        with serving(moved) as (_, url), pytest.raises(UserError, match=f"HTTP {status}"):
            ask(url)
    assert thief.calls == []


def test_nobody_calls_while_the_server_wants_quiet() -> None:
    with serving(fault(429, retry_after="0.6"), said("ok")) as (stub, url):
        answers = ask(url, count=3, parallel=1)
    assert [answer.text for answer in answers] == ["ok"] * 3
    assert stub.times[1] - stub.times[0] >= 0.6


def test_a_date_says_how_long_to_wait() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with (
        serving(fault(503, retry_after=later)) as (_, url),
        pytest.raises(IncompleteError) as raised,
    ):
        ask(url)
    assert "pause of 3" in str(raised.value)


def test_an_unreachable_host_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(IncompleteError, match=r"127\.0\.0\.1 cannot be reached"):
        ask(url, attempts=2)


def test_a_deadline_holds_for_the_whole_call() -> None:
    with (
        serving(SLOW) as (_, url),
        pytest.raises(IncompleteError, match=r"no answer within 0\.2 s"),
    ):
        ask(url, attempts=1, timeout_s=0.2)


def test_no_more_requests_are_under_way_than_asked_for() -> None:
    with serving(said("ok")) as (stub, url):
        answers = ask(url, count=24, parallel=4)
    assert len(answers) == 24
    assert 1 <= stub.busiest <= 4


def test_no_requests_need_no_server() -> None:
    assert ask("http://127.0.0.1:9/v1", count=0) == []


def test_closing_early_cancels_the_rest() -> None:
    with serving(said("one"), SLOW) as (stub, url):
        model = ServedModel(config(url, parallel=1))
        running = model.generate([request()] * 20)
        assert [each.completion.text for each in next(running)] == ["one"]
        began = time.monotonic()
        running.close()
        model.close()
        assert time.monotonic() - began < 0.8
    assert len(stub.calls) <= 3


@pytest.mark.parametrize(("grace_s", "comes_in"), [(60.0, True), (0.05, False)])
def test_after_a_signal_what_comes_in_in_time_is_kept_and_no_more_is_asked(
    grace_s: float, comes_in: bool
) -> None:
    with serving(said("one"), SLOW) as (stub, url):
        model = ServedModel(config(url, parallel=2), grace_s=grace_s)
        running = model.generate([request()] * 20)
        answers = list(next(running))
        arrive(signal.SIGINT)
        with pytest.raises(Stopped):
            for some in running:
                answers += some
        model.close()
    assert len(stub.calls) < 20
    assert (len(answers) == len(stub.calls)) == comes_in


def test_the_key_is_in_no_message() -> None:
    with serving(fault(401)) as (_, url), pytest.raises(UserError) as raised:
        ask(url)
    with serving(fault(400)) as (_, url):
        [completion] = ask(url)
        model = ServedModel(config(url))
    told = [str(raised.value), repr(raised.value), completion.error, repr(model), model.name]
    assert not [text for text in told if CANARY in text]
    assert "no [redacted]" in completion.error


def test_blanks_around_a_key_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", f" {CANARY}\n")
    with serving(said("hi")) as (stub, url):
        ask(url)
    assert stub.calls[0]["key"] == f"Bearer {CANARY}"


def lead_to(address: str) -> Resolve:
    return lambda _host, _port: [address]


def test_a_name_that_leads_to_the_metadata_service_is_not_asked() -> None:
    with serving(said("secret")) as (stub, url):
        port = url.rpartition(":")[2]
        named = config(f"http://teacher.test:{port}", allow_http=True)
        with pytest.raises(UserError, match=r"leads to 169\.254\.169\.254") as raised:
            answers(named, [request()] * 3, lead_to("169.254.169.254"))
    assert type(raised.value) is UserError
    assert stub.calls == []


def test_a_name_without_an_address_may_get_one_later() -> None:
    looked_up = []

    def resolve(_host: str, _port: int) -> list[str]:
        looked_up.append(time.monotonic())
        if len(looked_up) == 1:
            raise socket.gaierror("name server is asleep")
        return ["127.0.0.1"]

    with serving(said("hi")) as (stub, url):
        named = config(url.replace("127.0.0.1", "localhost"))
        assert [answer.text for answer in answers(named, [request()], resolve)] == ["hi"]
    assert (len(looked_up), len(stub.calls)) == (2, 1)


@pytest.mark.parametrize("use_proxy", [False, True])
def test_a_proxy_of_the_environment_is_used_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, use_proxy: bool
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    named = config("http://teacher.invalid/v1", allow_http=True, use_proxy=use_proxy, attempts=1)
    with serving(said("by proxy")) as (proxy, url):
        monkeypatch.setenv("http_proxy", url.removesuffix("/v1"))
        if use_proxy:
            assert answers(named, [request()])[0].text == "by proxy"
            assert proxy.calls[0]["path"] == "http://teacher.invalid/v1/chat/completions"
        else:
            with pytest.raises(IncompleteError, match="which use_proxy: true"):
                answers(named, [request()])
            assert proxy.calls == []


def test_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(said("thief")) as (proxy, elsewhere), serving(said("hi")) as (_, url):
        monkeypatch.setenv("http_proxy", elsewhere.removesuffix("/v1"))
        assert ask(url, use_proxy=True)[0].text == "hi"
    assert proxy.calls == []


def test_a_server_that_writes_the_key_into_its_answer_is_not_quoted() -> None:
    reply = json.dumps({"model": CANARY, "choices": [{"message": {"content": f"it is {CANARY}"}}]})
    with serving((200, {}, reply.encode())) as (_, url):
        [completion] = ask(url)
    assert (completion.text, completion.model) == ("it is [redacted]", "[redacted]")


@pytest.mark.slow
def test_a_real_server() -> None:
    from selfinstruct.checkpoints import weights
    from selfinstruct.models.llamacpp import load_engine

    engine = load_engine()
    params = engine.CommonParams()
    params.model.path = str(weights.shipped_gguf("bundled"))
    params.n_ctx, params.n_parallel, params.verbosity = 2048, 2, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = engine.Server(params)
    url = f"{server.listening_address}/v1"
    first = ask(url, count=3)
    assert {answer.finish_reason for answer in first} <= {"stop", "length"}
    assert all(answer.text and answer.prompt_tokens > 5 for answer in first)
    [short] = answers(config(url), [request("Count to 100.", max_tokens=4)])
    assert (short.finish_reason, short.completion_tokens) == ("length", 4)
    [long] = answers(config(url), [request("word " * 5000)])
    assert "HTTP 400" in long.error
