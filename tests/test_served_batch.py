"""The client against a server that keeps files and batches, on loopback."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from email.message import Message as Mail
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from selfinstruct.config import ModelConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.served import ServedModel
from selfinstruct.served.batch import BatchModel
from selfinstruct.types import Completion, Message, Request, Sampling
from tests.answered import answered_by

CANARY = "sk-canary-0123456789"


def request(text: str, sample: int = 0) -> Request:
    return Request((Message("user", text),), Sampling(max_tokens=9), sample, seed=sample)


ASKED = [request("a"), request("b"), request("a", 1)]


class Provider:
    """Keeps what is uploaded, works on batches one poll at a time, answers in upper case."""

    def __init__(self, polls: int = 2, ends: str = "completed") -> None:
        self.polls, self.ends = polls, ends
        self.files: dict[str, bytes] = {}
        self.batches: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.refuses: set[str] = set()
        self.fails_once: set[str] = set()

    def get(self, path: str) -> Any:
        if path.startswith("/v1/files/"):
            return self.files[path.split("/")[3]]
        if path.startswith("/v1/batches?"):
            start = (
                [batch["id"] for batch in self.batches].index(path.split("after=")[1]) + 1
                if ("after=" in path)
                else 0
            )
            page = self.batches[start : start + 1]
            return {"data": page, "has_more": start + 1 < len(self.batches)}
        [batch] = [each for each in self.batches if path.endswith(each["id"])]
        batch["polls"] += 1
        if batch["polls"] >= self.polls and batch["status"] == "in_progress":
            self._finish(batch)
        return batch

    def post(self, path: str, body: Any) -> Any:
        if path == "/v1/files":
            name = f"file-{len(self.files)}"
            self.files[name] = body
            return {"id": name}
        batch = {**body, "id": f"batch-{len(self.batches)}", "status": "in_progress", "polls": 0}
        self.batches.append(batch)
        return batch

    def _finish(self, batch: dict[str, Any]) -> None:
        batch["status"] = self.ends
        if self.ends == "failed":
            batch["errors"] = {"data": [{"message": "line 1 is bad"}]}
            return
        good, bad = [], []
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].split(b"\n")]
        for line in reversed(lines):  # answers come in any order
            text = line["body"]["messages"][-1]["content"]
            name = {"custom_id": line["custom_id"]}
            if text in self.refuses:
                error = {"error": {"message": f"no {CANARY}"}}
                bad.append({**name, "response": {"status_code": 400, "body": error}})
            elif self.ends != "expired" or text == "a":
                choice = {"message": {"content": text.upper()}, "finish_reason": "stop"}
                told = {"model": "m-1", "choices": [choice], "usage": {"prompt_tokens": 2}}
                good.append({**name, "response": {"status_code": 200, "body": told}})
        for field, rows in (("output_file_id", good), ("error_file_id", bad)):
            if rows:
                batch[field] = f"file-{len(self.files)}"
                self.files[batch[field]] = "\n".join(map(json.dumps, rows)).encode()


@contextmanager
def serving(provider: Provider) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(lambda: provider.get(self.path))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.headers["Content-Type"]
            body = json.loads(raw) if kind == "application/json" else part_of(kind, raw)
            self._answer(lambda: provider.post(self.path, body))

        def _answer(self, make: Any) -> None:
            name = self.path.split("?")[0]
            provider.calls.append(f"{self.command} {name}")
            if self.headers["Authorization"] != f"Bearer {CANARY}":
                self._send(401, {"error": {"message": f"no key {CANARY}"}})
            elif name in provider.fails_once:
                provider.fails_once.discard(name)
                self._send(503, {})
            else:
                self._send(200, make())

        def _send(self, status: int, told: Any) -> None:
            raw = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def part_of(kind: str, raw: bytes) -> bytes:
    """The uploaded file of a form, read by the standard library."""
    mail: Mail = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + raw)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    fields = {part.get_param("name", header="content-disposition"): part for part in parts}
    assert fields["purpose"].get_payload(decode=True) == b"batch"
    found = fields["file"].get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", CANARY)


def model(url: str, notes: list[str] | None = None) -> BatchModel:
    cfg = ModelConfig(
        backend="openai", name="m", base_url=url, api_key_env="TEACHER_KEY", batch=True, attempts=3
    )
    return BatchModel(cfg, ([] if notes is None else notes).append, poll_s=0.01)


def answers(url: str, asked: Sequence[Request] = ASKED) -> list[Completion]:
    return [each.completion for each in answered_by(model(url), asked)]


def test_a_wave_is_one_batch_and_every_answer_finds_its_request() -> None:
    provider, notes = Provider(), list[str]()
    with serving(provider) as url:
        found = [each.completion for each in answered_by(model(url, notes), ASKED)]
    assert found == [Completion(text, "stop", 2, 0, "m-1") for text in ("A", "B", "A")]
    assert len(provider.batches) == 1
    assert provider.calls.count("POST /v1/batches") == 1
    assert notes[0] == "submitted batch batch-0 of 3; it may take 24h"
    [line, *_] = [json.loads(line) for line in provider.files["file-0"].split(b"\n")]
    assert (line["url"], line["body"]["max_tokens"]) == ("/v1/chat/completions", 9)


def test_who_asks_again_finds_the_batch_and_pays_nothing() -> None:
    provider = Provider()
    provider.post("/v1/batches", {"input_file_id": "none", "metadata": {"selfinstruct": "other"}})
    with serving(provider) as url:
        first = answers(url)
        assert answers(url, ASKED[::-1]) == first[::-1]
    assert provider.calls.count("POST /v1/batches") == 1


def test_a_schema_makes_another_question_of_it() -> None:
    provider = Provider()
    held = replace(ASKED[0], schema='{"type":"object"}')
    with serving(provider) as url:
        assert [each.text for each in answers(url, [ASKED[0], held])] == ["A", "A"]
    lines = [json.loads(line) for line in provider.files["file-0"].split(b"\n")]
    assert sorted("response_format" in line["body"] for line in lines) == [False, True]


def test_other_questions_are_another_batch() -> None:
    provider = Provider()
    with serving(provider) as url:
        answers(url)
        answers(url, ASKED[:2])
    assert len(provider.batches) == 2


def test_what_was_refused_or_not_reached_is_an_error_of_its_own() -> None:
    provider = Provider()
    provider.refuses = {"b"}
    with serving(provider) as url:
        first, second, third = answers(url)
    assert (first.text, second.finish_reason, third.text) == ("A", "error", "A")
    assert "HTTP 400" in second.error
    assert CANARY not in second.error
    expired = Provider(ends="expired")
    with serving(expired) as url:
        first, second, third = answers(url)
    assert [each.finish_reason for each in (first, second, third)] == ["stop", "error", "stop"]
    assert second.error == "the batch ended before its turn came"


def test_a_failed_batch_says_why_and_is_not_used_again() -> None:
    provider = Provider(ends="failed")
    with serving(provider) as url:
        with pytest.raises(IncompleteError, match="line 1 is bad"):
            answers(url)
        provider.ends = "completed"
        assert [each.text for each in answers(url)] == ["A", "B", "A"]
    assert len(provider.batches) == 2


def test_a_poll_that_fails_is_repeated_a_submission_is_not() -> None:
    provider = Provider()
    provider.fails_once = {"/v1/batches/batch-0"}
    with serving(provider) as url:
        assert len(answers(url)) == 3
        provider.batches.clear()
        provider.fails_once = {"/v1/files"}
        with pytest.raises(IncompleteError, match="a batch that runs goes on"):
            answers(url)
    assert provider.batches == []


def test_a_wrong_key_is_told_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEACHER_KEY", "sk-wrong-0123456789")
    with serving(Provider()) as url, pytest.raises(UserError, match="TEACHER_KEY") as raised:
        answers(url)
    assert "sk-wrong" not in str(raised.value)


def test_its_answers_are_those_of_the_model_asked_live() -> None:
    cfg = ModelConfig(backend="openai", name="m", base_url="http://127.0.0.1:9/v1")
    live = ServedModel(cfg)
    assert BatchModel(cfg.model_copy(update={"batch": True})).digest == live.digest


def test_nothing_asked_is_nothing_sent() -> None:
    assert answers("http://127.0.0.1:9/v1", []) == []
