"""The server on a true socket, with requests as no well-behaved client sends them."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfinstruct.errors import DiskError, UserError
from selfinstruct.web.dashboard import Dashboard
from selfinstruct.web.library import Library
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, HOST, READ, ask

SERVER = """
import sys
from pathlib import Path
from selfinstruct.web.address import listen
from selfinstruct.web.serve import application, serve
sock, address = listen()
print(address.port, flush=True)
serve(application(address, [], review=True), sock)
"""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()


def _send(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        sock.sendall(request)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


def _get(port: int, path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", *headers, "Connection: close", "", ""]
    return _send(port, "\r\n".join(lines).encode())


def test_a_page_and_its_files_are_answered(port: int) -> None:
    own = f"Host: 127.0.0.1:{port}"
    page = _get(port, "/", own)
    assert page.startswith(b"HTTP/1.1 200") and b"<!DOCTYPE html>" in page
    assert b"content-security-policy: default-src 'none'" in page
    assert b"server:" not in page.lower()
    assert b"text/javascript" in _get(port, "/static/review.js", own)


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["Host: evil.test:{port}"],
        ["Host: 127.0.0.1"],
        ["Host: 127.0.0.1:{port}", "Host: 127.0.0.1:{port}"],
        ["Host: 127.0.0.1:{port}", "host: evil.test"],
    ],
)
def test_another_missing_or_doubled_name_is_refused(port: int, hosts: list[str]) -> None:
    answer = _get(port, "/", *(host.format(port=port) for host in hosts))
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"<!DOCTYPE" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/static/../serve.py",
        "/static/..%2fserve.py",
        "/static/%2e%2e/serve.py",
        "/static/....//serve.py",
        "/static/%2fetc%2fpasswd",
        "//etc/passwd",
        "/static/review.js%00.css",
        "/static/",
        "/static/nothing.js",
    ],
)
def test_no_path_leads_to_the_disk(port: int, path: str) -> None:
    answer = _get(port, path, f"Host: 127.0.0.1:{port}")
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"import" not in answer and b"root:" not in answer


def test_a_target_that_is_a_whole_address_changes_nothing(port: int) -> None:
    answer = _get(port, "http://evil.test/", f"Host: 127.0.0.1:{port}")
    assert answer.startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    "bad", [b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n"]
)
def test_what_is_no_request_ends_the_connection_alone(port: int, bad: bytes) -> None:
    assert _send(port, bad)[:12] in (b"HTTP/1.1 400", b"")
    assert _get(port, "/", f"Host: 127.0.0.1:{port}").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (UserError("no such row", next_step="name another"), 404, "invalid"),
        (DiskError("the disk is full"), 507, "disk"),
    ],
)
def test_an_error_for_people_is_told_on_the_page(error: UserError, status: int, code: str) -> None:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def failing(_: Request) -> Response:
        raise error

    app = application(ADDRESS, [Route("/api/x", failing), Route("/x", failing)], review=False)
    answer = ask(app, "GET", "/api/x")
    assert answer.status == status
    assert answer.json["error"] == {"code": code, "message": str(error)}
    page = ask(app, "GET", "/x", [HOST])
    assert page.status == status
    assert error.what in page.body.decode()


def test_without_a_review_there_is_no_page_to_judge_on(tmp_path: Path) -> None:
    dashboard = Dashboard(Library(tmp_path), ADDRESS.key, lambda _: {})
    app = application(ADDRESS, dashboard.routes(), review=False)
    assert ask(app, "GET", "/", READ).status == 404
    assert ask(app, "GET", ADDRESS.dashboard, READ).status == 200
