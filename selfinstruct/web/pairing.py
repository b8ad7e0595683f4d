"""What the page of pairs asks of the server: two answers, a choice, undo, all as JSON.

As on the review page a choice is stored, in whole, before anything else is answered.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.web import wire
from selfinstruct.web.reviewing import conflict, read_body


@dataclass(frozen=True, slots=True)
class Pairing:
    """The routes below `/api/pairs/`; `rows` is whether there are candidates to go to, `dashboard`
    the path of the read-only pages.
    """

    desk: PairDesk
    run: str
    reviewer: str
    dashboard: str
    rows: bool

    def routes(self) -> list[Route]:
        """What is answered, by path."""
        return [
            Route("/api/pairs/start", self.start),
            Route("/api/pairs/next", self.next),
            Route("/api/pairs/pair", self.pair),
            Route("/api/pairs/progress", self.progress),
            Route("/api/pairs/choose", self.choose, methods=["POST"]),
            Route("/api/pairs/undo", self.undo, methods=["POST"]),
        ]

    async def start(self, _: Request) -> JSONResponse:
        """What the page needs to know once; contests with the one to begin with first, which is the
        first that has open pairs.
        """
        contests = [
            {"id": each.id, "first": each.first, "second": each.second}
            for each in sorted(
                self.desk.contests(), key=lambda each: self.desk.next(each.id) is None
            )
        ]
        return JSONResponse(
            {
                "run": self.run,
                "reviewer": self.reviewer,
                "dashboard": self.dashboard,
                "rows": self.rows,
                "contests": contests,
            }
        )

    async def next(self, request: Request) -> JSONResponse:
        """The next open pair of a contest."""
        return JSONResponse({"pair": self._next(request.query_params.get("of", ""))})

    async def pair(self, request: Request) -> JSONResponse:
        """One pair, by its id."""
        return JSONResponse({"pair": self._shown(request.query_params.get("id", ""))})

    async def progress(self, request: Request) -> JSONResponse:
        """How far a contest is, and at its end what was said."""
        found = self.desk.outcome(request.query_params.get("of", ""))
        return JSONResponse({"progress": wire.from_outcome(found)})

    async def choose(self, request: Request) -> JSONResponse:
        """Store a choice; the answer brings the next pair, so that one call does for both.

        409 where the pair, or the choice that held for it, is not what was on the page.
        """
        body = await read_body(request, {"choice", "seen"})
        choice = wire.to_choice(body.get("choice"), self.reviewer)
        standing = self.desk.standing(choice.pair)
        if standing and standing.id not in (body.get("seen"), choice.id):
            return conflict("decided", "this pair was judged in another tab meanwhile")
        chosen = self.desk.choose(choice)
        if chosen.conflict:
            return conflict("changed", "this pair has changed since it was shown")
        contest = self.desk.pair(choice.pair).contest
        return JSONResponse({"duplicate": chosen.duplicate, "pair": self._next(contest)})

    async def undo(self, request: Request) -> JSONResponse:
        """Take back this person's newest choice; the answer brings the pair that it was of."""
        body = await read_body(request, {"id", "of"})
        contest = self.desk.contest(wire.read_contest(body)).id
        undone = self.desk.undo(contest, self.reviewer, wire.read_uuid(body))
        return JSONResponse({"pair": undone and self._shown(undone.pair)})

    def _next(self, contest: str) -> dict[str, Any] | None:
        pair = self.desk.next(self.desk.contest(contest).id)
        return None if pair is None else self._shown(pair.id)

    def _shown(self, id_: str) -> dict[str, Any]:
        pair = self.desk.pair(id_)
        return wire.from_pair(pair, self.desk.place(pair), self.desk.standing(id_))
