"""What every request must pass before a route sees it, and what every answer carries.

A loopback port is no boundary: any page in any tab can send requests to it, and a name of its own
can be made to lead here (DNS rebinding; MLflow's CVE-2025-14279 and CVE-2026-2611 were these). So
the `Host` is exact, port included; another site's requests are refused by `Origin` and
`Sec-Fetch-Site`; and calls carry a token that only the reader of this terminal knows.
"""

import hmac
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfinstruct.web.address import Address

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
READING = ("GET", "HEAD")
OWN_SITES = ("same-origin", "none")
MOST_BYTES = 2**20
"""Of a request's body; a row that a person edits is far smaller."""
API = "/api/"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a request is refused: its HTTP status, a word for the page, a sentence for people."""

    status: int
    code: str
    message: str


class TooLargeError(HTTPException):
    """A body went on after `MOST_BYTES`; the application answers with what it holds."""

    def __init__(self) -> None:
        super().__init__(_TOO_LARGE.status, _TOO_LARGE.message)


class Guard:
    """The ASGI application `app` behind these rules, at `address`."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self.app = app
        self.address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it without reading its body."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        signed = _signed(send)
        fault = refuse(scope["method"], scope["path"], Headers(scope=scope), self.address)
        if fault is not None:
            await _tell(fault)(scope, receive, signed)
            return
        await self.app(scope, _capped(receive), signed)


_TOO_LARGE = Fault(413, "too_large", f"the request has more than {MOST_BYTES} bytes")


def refuse(method: str, path: str, headers: Headers, address: Address) -> Fault | None:
    """Why a request may not be answered, or None."""
    host = _only(headers, "host")
    if host not in address.hosts:
        return Fault(
            400,
            "host",
            f"this server answers to {' and '.join(sorted(address.hosts))} alone. Through a "
            "tunnel, use the same port on both sides.",
        )
    if foreign := _foreign(method, headers, f"http://{host}"):
        return foreign
    if path.startswith(API) and not _knows(headers, address.token):
        return Fault(
            403,
            "token",
            "the token is missing or of another launch: open the address that the command "
            "printed last.",
        )
    return None if method in READING else _unfit_write(method, headers)


def _foreign(method: str, headers: Headers, own: str) -> Fault | None:
    sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    if any(site not in OWN_SITES for site in sites):
        return Fault(403, "site", "another site asked. Paste the address into a new tab instead.")
    if any(origin != own for origin in origins) or (method not in READING and len(origins) != 1):
        return Fault(403, "origin", "the request does not come from this server's own page")
    return None


def _unfit_write(method: str, headers: Headers) -> Fault | None:
    if method != "POST":
        return Fault(405, "method", "GET, HEAD and POST are what is answered here")
    kind = (_only(headers, "content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return Fault(415, "type", "what is sent must be application/json")
    length = headers.get("content-length", "0")
    return _TOO_LARGE if not length.isdecimal() or int(length) > MOST_BYTES else None


def _only(headers: Headers, name: str) -> str | None:
    """The header that is there once; None where it is missing or doubled."""
    found = headers.getlist(name)
    return found[0] if len(found) == 1 else None


def _knows(headers: Headers, token: str) -> bool:
    given = _only(headers, "x-token") or ""
    return hmac.compare_digest(given.encode(), token.encode())


def _tell(fault: Fault) -> JSONResponse:
    told = {"code": fault.code, "message": fault.message}
    return JSONResponse({"error": told}, fault.status, {"connection": "close"})


def _signed(send: Send) -> Send:
    """`send`, with our headers on every answer; a route may have set a stricter one itself."""

    async def signing(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return signing


def _capped(receive: Receive) -> Receive:
    """`receive`, which raises `TooLargeError` where a body without a length does not end."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise TooLargeError
        return message

    return counting
