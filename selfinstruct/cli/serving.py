"""`review` and `ui`: the pages, served until Ctrl-C."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from selfinstruct.cli.compare import compare_students
from selfinstruct.cli.review import name_of
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING
from selfinstruct.review.pairs import Contest
from selfinstruct.web.address import Address, listen
from selfinstruct.web.dashboard import Dashboard
from selfinstruct.web.library import Library
from selfinstruct.web.pairing import Pairing
from selfinstruct.web.reviewing import Reviewing
from selfinstruct.web.serve import application, serve


def serve_review(
    run: Path,
    port: int,
    host: str,
    fraction: float | None,
    reviewer: str,
    tell: Callable[[str], None],
    ready: Callable[[Desk], Contest] | None = None,
) -> None:
    """The review pages of a run and its dashboard. `tell` is given the address once it answers:
    that of the pairs of the contest that `ready` makes, where it is given.

    Raises `StoreError` where another process decides over the same rows, `UserError` for a host
    beyond this machine.
    """
    with Desk.open(run, fraction=fraction, may_be_empty=ready is not None) as desk:
        contest = None if ready is None else ready(desk)
        sock, address = listen(host, port)
        dashboard = _dashboard(run, address, review=True)
        who = name_of(reviewer, desk.cfg.reviewer)
        routes = [*review_routes(desk, who, address, dashboard), *dashboard.routes()]
        tell(address.review if contest is None else address.pairs(contest.id))
        serve(application(address, routes, review=True, keys=desk.cfg.keys), sock)


def review_routes(
    desk: Desk, reviewer: str, address: Address, dashboard: Dashboard
) -> list[BaseRoute]:
    """What the pages for candidates and for pairs ask."""
    run, home = dashboard.library.name, address.dashboard
    has_pairs = bool(desk.pairs.contests())
    has_rows = desk.progress(EVERYTHING).total > 0
    return [
        *Reviewing(desk, run, reviewer, home, has_pairs).routes(),
        *Pairing(desk.pairs, run, reviewer, home, has_rows).routes(),
    ]


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
