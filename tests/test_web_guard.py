import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message

from selfinstruct.web.guard import HEADERS, MOST_BYTES, POLICY, Guard
from selfinstruct.web.serve import application
from tests.asgi import ADDRESS, HOST, JSON, ORIGIN, READ, TOKEN, WRITE, ask

PORT = "8123"


async def _echo(request: Request) -> JSONResponse:
    return JSONResponse({"bytes": len(await request.body())})


@pytest.fixture(scope="module")
def app() -> Guard:
    routes = [Route("/api/look", _echo), Route("/api/write", _echo, methods=["POST"])]
    return application(ADDRESS, routes, review=True)


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123"])
def test_its_own_names_are_answered(app: Guard, host: str) -> None:
    assert ask(app, "GET", "/api/look", [("host", host), TOKEN]).json == {"bytes": 0}


HOSTS = [
    "",
    "127.0.0.1",
    "localhost",
    "127.0.0.1:80",
    "127.0.0.1:81230",
    "127.0.0.1:8123.",
    "127.0.0.1:08123",
    "127.0.0.1:8123 ",
    "127.0.0.1.:8123",
    "127.0.0.1.nip.io:8123",
    "127.1:8123",
    "2130706433:8123",
    "0x7f000001:8123",
    "0.0.0.0:8123",
    "[::1]:8123",
    "[::ffff:127.0.0.1]:8123",
    "LOCALHOST.:8123",
    "localhost:8123, evil.test",
    "localhost:8123@evil.test",
    "evil.test@localhost:8123",
    "localhost.evil.test:8123",
    "evil.test",
    "evil.test:8123",
    "http://localhost:8123",
    "xn--localhost:8123",
    "localhost\t:8123",
    "localhost:8123/",
    "localhost:8123#",
    "*",
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/static/style.css", "/api/look"])
def test_another_name_is_refused_everywhere(app: Guard, host: str, path: str) -> None:
    answer = ask(app, "GET", path, [("host", host), TOKEN])
    assert (answer.status, answer.json["error"]["code"]) == (400, "host")


@pytest.mark.parametrize(
    "hosts", [[], [HOST, HOST], [HOST, ("host", "evil.test")], [("host", "evil.test"), HOST]]
)
def test_a_name_that_is_missing_or_doubled_is_refused(
    app: Guard, hosts: list[tuple[str, str]]
) -> None:
    assert ask(app, "GET", "/api/look", [*hosts, TOKEN]).status == 400


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ([], 403),
        ([TOKEN, TOKEN], 403),
        ([("x-token", "")], 403),
        ([("x-token", ADDRESS.token[:-1])], 403),
        ([("x-token", ADDRESS.token + "t")], 403),
        ([("x-token", ADDRESS.key)], 403),
        ([("x-token", "\xe9" * 43)], 403),
        ([("cookie", f"x-token={ADDRESS.token}")], 403),
        ([TOKEN], 200),
    ],
)
def test_every_call_needs_the_token(app: Guard, token: list[tuple[str, str]], status: int) -> None:
    assert ask(app, "GET", "/api/look", [HOST, *token]).status == status
    answer = ask(app, "POST", "/api/write", [HOST, ORIGIN, JSON, *token], {})
    assert answer.status == status


@pytest.mark.parametrize(
    "origins",
    [
        [],
        [("origin", "null")],
        [("origin", "http://127.0.0.1:9999")],
        [("origin", "http://127.0.0.1")],
        [("origin", "https://127.0.0.1:8123")],
        [("origin", "http://localhost:8123")],  # the page was opened under the other name
        [("origin", "http://127.0.0.1:8123.evil.test")],
        [("origin", "http://evil.test")],
        [("origin", "")],
        [ORIGIN, ORIGIN],
        [ORIGIN, ("origin", "http://evil.test")],
    ],
)
def test_a_write_must_come_from_our_own_page(app: Guard, origins: list[tuple[str, str]]) -> None:
    answer = ask(app, "POST", "/api/write", [HOST, TOKEN, JSON, *origins], {})
    assert (answer.status, answer.json["error"]["code"]) == (403, "origin")


@pytest.mark.parametrize(
    ("site", "status"),
    [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403), ("odd", 403)],
)
def test_what_another_site_began_is_refused(app: Guard, site: str, status: int) -> None:
    for method, path, headers in (("GET", "/", READ), ("POST", "/api/write", WRITE)):
        answer = ask(app, method, path, [*headers, ("sec-fetch-site", site)], {})
        assert answer.status == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_only_json_is_read(app: Guard, kind: str, status: int) -> None:
    headers = [HOST, ORIGIN, TOKEN, ("content-type", kind)]
    assert ask(app, "POST", "/api/write", headers, {}).status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_no_other_method_is_answered(app: Guard, method: str) -> None:
    assert ask(app, method, "/api/write", WRITE).status == 405


@pytest.mark.parametrize(
    ("length", "status"), [(str(MOST_BYTES), 200), (str(MOST_BYTES + 1), 413), ("-1", 413)]
)
def test_a_length_that_is_too_large_is_not_read(app: Guard, length: str, status: int) -> None:
    answer = ask(app, "POST", "/api/write", [*WRITE, ("content-length", length)], b"{}")
    assert answer.status == status


def test_a_body_that_goes_on_is_cut_off(app: Guard) -> None:
    fits = ask(app, "POST", "/api/write", WRITE, b"x" * MOST_BYTES, pieces=16)
    assert fits.json == {"bytes": MOST_BYTES}
    assert ask(app, "POST", "/api/write", WRITE, b"x" * (MOST_BYTES + 1), pieces=16).status == 413


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/", READ),
        ("/static/style.css", READ),
        ("/api/look", READ),
        ("/api/look", [HOST]),
        ("/nowhere", READ),
        ("/", [("host", "evil.test")]),
    ],
)
def test_every_answer_carries_the_policy(
    app: Guard, target: str, headers: list[tuple[str, str]]
) -> None:
    answer = ask(app, "GET", target, headers)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "access-control-allow-origin" not in answer.headers
    assert "set-cookie" not in answer.headers


def test_the_policy_lets_nothing_in_that_is_not_our_own() -> None:
    parts = dict(part.strip().split(" ", 1) for part in POLICY.split(";"))
    assert parts.pop("default-src") == "'none'"
    assert parts["script-src"] == "'self'"
    assert set(parts.values()) == {"'self'", "'none'"}
    assert "unsafe" not in POLICY


async def _socket(app: Guard) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await app({"type": "websocket", "path": "/", "headers": []}, receive, send)
    return sent


def test_a_websocket_is_closed(app: Guard) -> None:
    import asyncio

    assert asyncio.run(_socket(app)) == [{"type": "websocket.close", "code": 1008}]
