"""`review` and `ui`: the pages, served until Ctrl-C."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from selfinstruct.cli.compare import compare_students
from selfinstruct.cli.review import name_of
from selfinstruct.review.desk import Desk
from selfinstruct.web.address import Address, listen
from selfinstruct.web.dashboard import Dashboard
from selfinstruct.web.library import Library
from selfinstruct.web.reviewing import Reviewing
from selfinstruct.web.serve import application, serve


def serve_review(
    run: Path,
    port: int,
    host: str,
    fraction: float | None,
    reviewer: str,
    tell: Callable[[str], None],
) -> None:
    """The review page of a run and its dashboard. `tell` is given the address once it answers.

    Raises `StoreError` where another process decides over the same rows, `UserError` for a host
    beyond this machine.
    """
    with Desk.open(run, fraction=fraction) as desk:
        sock, address = listen(host, port)
        dashboard = _dashboard(run, address, review=True)
        who = name_of(reviewer, desk.cfg.reviewer)
        reviewing = Reviewing(desk, dashboard.library.name, who, address.dashboard)
        routes = [*reviewing.routes(), *dashboard.routes()]
        app = application(address, routes, review=True, keys=desk.cfg.keys)
        tell(address.review)
        serve(app, sock)


def serve_dashboard(folder: Path, port: int, host: str, tell: Callable[[str], None]) -> None:
    """The read-only pages of a run, or of all in a folder."""
    library = Library(folder)
    sock, address = listen(host, port)
    dashboard = Dashboard(library, address.key, _compare)
    tell(f"{address.origin}{address.dashboard}")
    serve(application(address, dashboard.routes(), review=False), sock)


def tell_address(url: str) -> None:
    """The address on stdout, for whatever opens it; what to do with it on stderr."""
    print(url, flush=True)
    print("Open it in a browser of this machine. Ctrl-C ends it.", file=sys.stderr)


def _dashboard(run: Path, address: Address, *, review: bool) -> Dashboard:
    return Dashboard(Library(run), address.key, _compare, review)


def _compare(names: Sequence[str]) -> dict[str, Any]:
    return compare_students(names)
