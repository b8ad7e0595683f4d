"""What the review page asks of the server: items, decisions, undo, progress, all as JSON.

Calls of the desk run where the server's loop runs, one after the other: a decision is stored, in
whole, before anything else is answered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from selfinstruct.errors import UserError
from selfinstruct.review.nouns import (
    REASONS,
    Asked,
    Decided,
    Decision,
    FieldLine,
    Filters,
    Item,
    ItemLine,
    Progress,
)
from selfinstruct.web import wire
from selfinstruct.web.answers import JSONResponse

MOST_LINES = 200
OPEN = Filters()


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

    def decision(self, id: str) -> Decision | None:  # noqa: A002
        """The line with this id."""
        ...

    def standing(self, id: str) -> Decision | None:  # noqa: A002
        """The decision that holds for an item."""
        ...

    def again(self, reviewer: str, filters: Filters) -> Asked | None:
        """An item that this person is to decide once more, blind; None where none is due."""
        ...

    def asks_again(self, decision: Decision) -> bool:
        """Whether a second look is what is wanted."""
        ...

    def progress(self, filters: Filters) -> Progress:
        """How far the review is."""
        ...

    def fields(self) -> Sequence[FieldLine]:
        """What filters can ask for."""
        ...

    def check(self, filters: Filters) -> None:
        """`UserError` for filters that mean nothing."""
        ...

    def refresh(self) -> None:
        """Make the queues of rounds that are complete since."""
        ...


@dataclass(frozen=True, slots=True)
class Reviewing:
    """The routes below `/api/` for one desk; `dashboard` is the path of the read-only pages,
    `pairs` whether there are pairs of answers to go to.
    """

    desk: Desk
    run: str
    reviewer: str
    dashboard: str
    pairs: bool = False

    def routes(self) -> list[Route]:
        """What is answered, by path."""
        return [
            Route("/api/start", self.start),
            Route("/api/next", self.next),
            Route("/api/item", self.item),
            Route("/api/list", self.listed),
            Route("/api/fields", self.fields),
            Route("/api/progress", self.progress),
            Route("/api/decide", self.decide, methods=["POST"]),
            Route("/api/undo", self.undo, methods=["POST"]),
        ]

    async def start(self, _: Request) -> JSONResponse:
        """What the page needs to know once; rounds that the run has completed meanwhile join."""
        self.desk.refresh()
        return JSONResponse(
            {
                "run": self.run,
                "reviewer": self.reviewer,
                "reasons": REASONS,
                "dashboard": self.dashboard,
                "pairs": self.pairs,
            }
        )

    async def next(self, request: Request) -> JSONResponse:
        """The next open item after a position, from the beginning again where there is none; or one
        that comes again, unless `fresh` asks for none.
        """
        query = request.query_params
        after = wire.to_number(query.get("after", "-1"))
        found = self._next(wire.to_filters(query), after, fresh="fresh" in query)
        return JSONResponse({"item": found})

    async def item(self, request: Request) -> JSONResponse:
        """One item, by its id."""
        return JSONResponse({"item": self._shown(request.query_params.get("id", ""))})

    async def listed(self, request: Request) -> JSONResponse:
        """Lines of the queue from `start` on."""
        start = max(0, wire.to_number(request.query_params.get("start", "0")))
        found = self.desk.listed(wire.to_filters(request.query_params), start, MOST_LINES)
        return JSONResponse({"lines": [wire.from_line(line) for line in found]})

    async def fields(self, _: Request) -> JSONResponse:
        """What can be asked for in `where`, and what is there."""
        return JSONResponse({"fields": [wire.from_field(line) for line in self.desk.fields()]})

    async def progress(self, request: Request) -> JSONResponse:
        """How far the review is, of the items that the filters mean."""
        found = self.desk.progress(wire.to_filters(request.query_params))
        return JSONResponse({"progress": wire.from_progress(found)})

    async def decide(self, request: Request) -> JSONResponse:
        """Store a decision; the answer brings the next item, so that one call does for both.

        409 where the item, or the decision that held for it, is not what was on the page. `after`
        is the position to go on from, where it is not the item's own.
        """
        body = await read_body(request, {"decision", "seen", "filters", "after"})
        decision = wire.to_decision(body.get("decision"), self.reviewer)
        filters = wire.to_filters(_strings(body.get("filters", {})))
        self.desk.check(filters)
        after = wire.to_position(body.get("after", self.desk.item(decision.item).position))
        standing = self.desk.standing(decision.item)
        if standing and standing.id not in (body.get("seen"), decision.id):
            return conflict("decided", "this row was decided in another tab meanwhile")
        if decision.again is not None and not self._wants(decision):
            return conflict("decided", "this row was decided in another tab meanwhile")
        decided = self.desk.decide(decision)
        if decided.conflict:
            return conflict("changed", "this row has changed since it was shown")
        if refused := decided.refused:
            told = {"reason": refused.reason, "value": refused.value, "limit": refused.threshold}
            return JSONResponse({"refused": told}, 422)
        return JSONResponse(
            {"duplicate": decided.duplicate, "item": self._next(filters, after)},
        )

    async def undo(self, request: Request) -> JSONResponse:
        """Take back this person's newest decision; the answer brings the row that it was of."""
        body = await read_body(request, {"id", "after"})
        after = wire.to_position(body.get("after", -1))
        undone = self.desk.undo(self.reviewer, wire.read_uuid(body))
        if undone is not None and undone.again is not None:
            asked = Asked(self.desk.item(undone.item), undone.again)
            return JSONResponse({"item": self._again(asked, after, self.desk.next(OPEN, after))})
        return JSONResponse({"item": undone and self._shown(undone.item)})

    def _wants(self, decision: Decision) -> bool:
        """Whether a second look is what is wanted, or was stored before and is sent again."""
        known = self.desk.decision(decision.id) is not None
        return known or self.desk.asks_again(decision)

    def _next(self, filters: Filters, after: int, *, fresh: bool = False) -> dict[str, Any] | None:
        if filters.state == "decided":
            return None
        found = self.desk.next(filters, after) or self.desk.next(filters)
        asked = None if fresh else self.desk.again(self.reviewer, filters)
        if asked is not None:
            return self._again(asked, after, found)
        return None if found is None else wire.from_item(found, self.desk.standing(found.id))

    def _again(self, asked: Asked, after: int, found: Item | None) -> dict[str, Any]:
        """It passes for the row that would come next, so that its number does not give it away."""
        place = max(after, 0) if found is None else found.position
        return wire.from_again(asked, after, place + 1)

    def _shown(self, item: str) -> dict[str, Any]:
        return wire.from_item(self.desk.item(item), self.desk.standing(item))


async def read_body(request: Request, known: set[str]) -> Mapping[str, Any]:
    """The JSON object that was sent. Raises `UserError` for anything else, and for other fields."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise UserError("what was sent is no JSON") from None
    if not isinstance(body, dict) or not body.keys() <= known:
        raise UserError(f"an object of {', '.join(sorted(known))} is what is read here")
    return body


def _strings(given: Any) -> Mapping[str, str]:
    if not isinstance(given, dict):
        raise UserError("filters are an object of texts")
    return {name: wire.read_text(given, name) for name in given}


def conflict(code: str, message: str) -> JSONResponse:
    """The answer to a decision that was made of something else than there is."""
    return JSONResponse({"error": {"code": code, "message": message}}, 409)
