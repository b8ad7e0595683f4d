"""A true browser before a true server: both processes of their own, both ended afterwards."""

import asyncio
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Error,
    Page,
    Request,
    Route,
    sync_playwright,
)

from selfinstruct.cli.compare import compare_students
from selfinstruct.cli.serving import review_routes
from selfinstruct.review.desk import Desk
from selfinstruct.web.address import Address, listen
from selfinstruct.web.dashboard import Dashboard
from selfinstruct.web.library import Library
from selfinstruct.web.serve import application, server_of
from tests.command import ROOT

CODE = "from selfinstruct.cli.app import main; main()"
PATH = shutil.which("chromium")
# There is no GPU, and a starved process that stands for one holds up frames for a minute.
FLAGS = ("--disable-gpu", *(("--no-sandbox",) if os.geteuid() == 0 else ()))
WAIT = 90_000  # milliseconds; these machines are shared

needs_chromium = pytest.mark.skipif(
    PATH is None, reason="no Chromium here: apt-get install chromium fonts-dejavu-core"
)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@dataclass
class Watched:
    """What pages did that they should not have done; `own` is the address they may ask."""

    own: str
    faults: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def opened(self, page: Page) -> None:
        """Hear of its dialogs, its faults and what its console says, of the policy among others."""
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._said)
        page.on("framenavigated", lambda frame: self._asked(frame.url))

    def requested(self, request: Request) -> None:
        """Hear of a request, wherever it goes."""
        self._asked(request.url)

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(dialog.message)
        dialog.dismiss()

    def _said(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.faults.append(said.text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.own, "about:blank")):
            self.foreign.append(url)


def watch(context: BrowserContext, own: str) -> Watched:
    """Watch all pages that are opened from here on."""
    found = Watched(own)
    context.on("page", found.opened)
    context.on("request", found.requested)
    return found


@dataclass
class Server:
    """`selfinstruct review` of a run; `start` and `kill` it as often as needed, on one port."""

    run: Path
    port: int = 0
    url: str = ""
    process: subprocess.Popen[str] | None = None

    def start(self, *more: str) -> str:
        """The address it prints."""
        self.port = self.port or free_port()
        command = ["review", str(self.run), "--port", str(self.port), "--reviewer", "ann", *more]
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, "the server did not start"
        return self.url

    @property
    def origin(self) -> str:
        """The address without its token."""
        return self.url.partition("/#")[0]

    @property
    def token(self) -> str:
        """What the fragment holds."""
        return self.url.partition("#")[2]

    def kill(self) -> None:
        """As a crash or a closed lid ends it: without a word."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@dataclass(frozen=True)
class Hosted:
    """A review served by a thread of this process, which is there at once."""

    run: Path
    url: str
    origin: str
    token: str
    dashboard: str


@contextmanager
def hosting(run: Path) -> Iterator[Hosted]:
    """A review of this run, with its dashboard."""
    ready: queue.SimpleQueue[tuple[Address, uvicorn.Server]] = queue.SimpleQueue()
    thread = threading.Thread(target=_host, args=(run, ready), daemon=True)
    thread.start()
    address, server = ready.get(timeout=60)
    yield Hosted(run, address.review, address.origin, address.token, address.dashboard)
    server.should_exit = True
    thread.join(timeout=60)
    assert not thread.is_alive()


def _host(run: Path, ready: "queue.SimpleQueue[tuple[Address, uvicorn.Server]]") -> None:
    with Desk.open(
        run, may_be_empty=True
    ) as desk:  # SQLite wants to be used by the thread that opened it
        sock, address = listen()
        dashboard = Dashboard(Library(run), address.key, compare_students, review=True)
        routes = [*review_routes(desk, "ann", address, dashboard), *dashboard.routes()]
        server = server_of(application(address, routes, review=True, keys=desk.cfg.keys))
        ready.put((address, server))
        asyncio.run(server.serve(sockets=[sock]))


@contextmanager
def serving(run: Path, *more: str) -> Iterator[Server]:
    """A server of this run's review."""
    server = Server(run)
    server.start(*more)
    try:
        yield server
    finally:
        server.kill()


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def opened(context: BrowserContext, url: str) -> Page:
    """The page with its first row."""
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(url)
    page.wait_for_selector("body[data-item]")
    return page


def lose_one(page: Page, path: str) -> list[int]:
    """The first answer of a path is lost on its way back; its status, once the server has given it,
    is in what comes out.
    """
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not lost:
            with suppress(Error):  # of this client alone: the page asks again by itself
                lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route(path, lose)
    return lost


def item_of(page: Page) -> str:
    """The id of the row on the page."""
    return page.evaluate("document.body.dataset.item") or ""


def decide(page: Page, key: str, *more: str) -> None:
    """Press keys that decide, and wait for the next row."""
    shown = item_of(page)
    for each in (key, *more):
        page.keyboard.press(each)
    page.wait_for_function("shown => document.body.dataset.item !== shown", arg=shown)


def lines(page: Page, selector: str) -> Sequence[str]:
    """The texts of the elements there."""
    found: Any = page.locator(selector).all_inner_texts()
    return list(found)
