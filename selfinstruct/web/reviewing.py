"""What the review page asks of the server: items, decisions, undo, progress, all as JSON.

Calls of the desk run where the server's loop runs, one after the other: a decision is stored, in
whole, before anything else is answered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from selfinstruct.errors import UserError
from selfinstruct.review.nouns import (
    REASONS,
    Decided,
    Decision,
    Filters,
    Item,
    ItemLine,
    Progress,
)
from selfinstruct.web import wire

MOST_LINES = 200


class Desk(Protocol):
    """What is asked of `review.desk.Desk`."""

    def item(self, id: str) -> Item:  # noqa: A002  # as the desk has it
        """The item with this id; `UserError` where there is none."""
        ...

    def next(self, filters: Filters, after: int = -1) -> Item | None:
        """The next open item."""
        ...

    def listed(self, filters: Filters, start: int, count: int) -> Sequence[ItemLine]:
        """Lines of the queue."""
        ...

    def decide(self, decision: Decision) -> Decided:
        """Store a decision, or say why not."""
        ...

    def undo(self, reviewer: str, id: str) -> Decision | None:  # noqa: A002
        """Take back the newest decision; None where there is none."""
        ...

    def standing(self, id: str) -> Decision | None:  # noqa: A002
        """The decision that holds for an item."""
        ...

    def progress(self, filters: Filters) -> Progress:
        """How far the review is."""
        ...


@dataclass(frozen=True, slots=True)
class Reviewing:
    """The routes below `/api/` for one desk; `dashboard` is the path of the read-only pages."""

    desk: Desk
    run: str
    reviewer: str
    dashboard: str

    def routes(self) -> list[Route]:
        """What is answered, by path."""
        return [
            Route("/api/start", self.start),
            Route("/api/next", self.next),
            Route("/api/item", self.item),
            Route("/api/list", self.listed),
            Route("/api/progress", self.progress),
            Route("/api/decide", self.decide, methods=["POST"]),
            Route("/api/undo", self.undo, methods=["POST"]),
        ]

    async def start(self, _: Request) -> JSONResponse:
        """What the page needs to know once."""
        return JSONResponse(
            {
                "run": self.run,
                "reviewer": self.reviewer,
                "reasons": REASONS,
                "dashboard": self.dashboard,
            }
        )

    async def next(self, request: Request) -> JSONResponse:
        """The next open item after a position, from the beginning again where there is none."""
        after = wire.to_number(request.query_params.get("after", "-1"))
        return JSONResponse({"item": self._next(wire.to_filters(request.query_params), after)})

    async def item(self, request: Request) -> JSONResponse:
        """One item, by its id."""
        return JSONResponse({"item": self._shown(request.query_params.get("id", ""))})

    async def listed(self, request: Request) -> JSONResponse:
        """Lines of the queue from `start` on."""
        start = max(0, wire.to_number(request.query_params.get("start", "0")))
        found = self.desk.listed(wire.to_filters(request.query_params), start, MOST_LINES)
        return JSONResponse({"lines": [wire.from_line(line) for line in found]})

    async def progress(self, request: Request) -> JSONResponse:
        """How far the review is, of the items that the filters mean."""
        found = self.desk.progress(wire.to_filters(request.query_params))
        return JSONResponse({"progress": wire.from_progress(found)})

    async def decide(self, request: Request) -> JSONResponse:
        """Store a decision; the answer brings the next item, so that one call does for both.

        409 where the item, or the decision that held for it, is not what was on the page.
        """
        body = await _body(request, {"decision", "seen", "filters"})
        decision = wire.to_decision(body.get("decision"), self.reviewer)
        filters = wire.to_filters(_strings(body.get("filters", {})))
        standing = self.desk.standing(decision.item)
        if standing and standing.id not in (body.get("seen"), decision.id):
            return _conflict("decided", "this row was decided in another tab meanwhile")
        decided = self.desk.decide(decision)
        if decided.conflict:
            return _conflict("changed", "this row has changed since it was shown")
        if refused := decided.refused:
            told = {"reason": refused.reason, "value": refused.value, "limit": refused.threshold}
            return JSONResponse({"refused": told}, 422)
        position = self.desk.item(decision.item).position
        return JSONResponse(
            {"duplicate": decided.duplicate, "item": self._next(filters, position)},
        )

    async def undo(self, request: Request) -> JSONResponse:
        """Take back this person's newest decision; the answer brings the row that it was of."""
        body = await _body(request, {"id"})
        undone = self.desk.undo(self.reviewer, wire.read_uuid(body))
        return JSONResponse({"item": undone and self._shown(undone.item)})

    def _next(self, filters: Filters, after: int) -> dict[str, Any] | None:
        if filters.state == "decided":
            return None
        found = self.desk.next(filters, after) or self.desk.next(filters)
        return None if found is None else wire.from_item(found, self.desk.standing(found.id))

    def _shown(self, item: str) -> dict[str, Any]:
        return wire.from_item(self.desk.item(item), self.desk.standing(item))


async def _body(request: Request, known: set[str]) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise UserError("what was sent is no JSON") from None
    if not isinstance(body, dict) or not body.keys() <= known:
        raise UserError(f"an object of {', '.join(sorted(known))} is what is read here")
    return body


def _strings(given: Any) -> Mapping[str, str]:
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise UserError("filters are an object of texts")
    return given


def _conflict(code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, 409)
