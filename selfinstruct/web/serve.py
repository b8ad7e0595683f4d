"""The server: routes behind the guard, on a loopback socket, until a signal."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from socket import socket
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from selfinstruct.config import KeysConfig
from selfinstruct.errors import DiskError, UserError
from selfinstruct.review.nouns import REASONS
from selfinstruct.web.address import Address
from selfinstruct.web.answers import JSONResponse
from selfinstruct.web.guard import API, Guard
from selfinstruct.web.pages import render, statics

KEYS = KeysConfig()
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], Any]


def application(
    address: Address, routes: Sequence[BaseRoute], *, review: bool, keys: KeysConfig = KEYS
) -> Guard:
    """The routes and the files that pages load, guarded; with `review`, its pages at `/`, which
    goes by these keys, and `/pairs`.
    """
    files = statics()
    front = [
        Route("/", _page(render("review.html.j2", reasons=REASONS, keys=dict(keys)))),
        Route("/pairs", _page(render("pairs.html.j2"))),
    ]

    async def static(request: Request) -> Response:
        found = files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "there is no such file")
        return Response(found[0], media_type=found[1])

    return Guard(
        Starlette(
            routes=[*(front if review else []), Route("/static/{name}", static), *routes],
            exception_handlers={HTTPException: _refuse, UserError: _tell},
        ),
        address,
    )


def serve(app: Guard, sock: socket) -> None:
    """Answer on a socket that listens, until a signal; raises what its handler raises."""
    asyncio.run(server_of(app).serve(sockets=[sock]))


def server_of(app: Guard) -> uvicorn.Server:
    """The server of an application; it ends where its `should_exit` is set, too."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,  # seconds for an answer that is under way
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """uvicorn, which leaves signals to those who listen already: it would raise them a second time,
    and a second one means to the command line to wait for nothing.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Remember a signal until the server has ended, and then have it handled as before.

        A handler that raises must not do so while a callback of the loop runs: asyncio would note
        the exception and go on.
        """
        before: dict[int, Handler] = {}
        came: list[int] = []

        def end(number: int, _frame: FrameType | None) -> None:
            came.append(number)
            self.should_exit = True

        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    before[number] = handler
                    signal.signal(number, end)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
        if came:
            before[came[0]](came[0], None)


def _page(shell: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(_: Request) -> Response:
        return HTMLResponse(shell)

    return page


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(request, error.status_code, "refused", error.detail)


async def _tell(request: Request, error: Exception) -> Response:
    """What people are told on a terminal, told on the page: a disk that is full, an unknown id."""
    if isinstance(error, DiskError):
        return _told(request, 507, "disk", str(error))
    return _told(request, 404 if request.method == "GET" else 422, "invalid", str(error))


def _told(request: Request, status: int, code: str, message: str) -> Response:
    if request.url.path.startswith(API):
        return JSONResponse({"error": {"code": code, "message": message}}, status)
    return HTMLResponse(render("fault.html.j2", status=status, message=message), status)
