"""Read-only pages of runs: a list, a run with its rounds and funnels, two students side by side.
No words of held-out rows stand on them.

Plain HTML that needs no script. Every path begins with the key of this launch, so that no other
user of the machine can read along.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from selfinstruct import sentences, telling
from selfinstruct.pictures import TITLES
from selfinstruct.summary import read_summary
from selfinstruct.web import library
from selfinstruct.web.library import Library
from selfinstruct.web.pages import render

Compare = Callable[[Sequence[str]], dict[str, Any]]
"""Students as `compare` names them in, the object that `compare --json` prints out."""

SEALED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""The policy of a picture on its own: matplotlib writes styles into it, and nothing runs."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The pages of a library; `review` is whether the review page is at `/` of this server."""

    library: Library
    key: str
    compare: Compare
    review: bool = False

    def routes(self) -> list[BaseRoute]:
        """What is answered, by path. Each is a plain function, so that it runs beside the loop."""
        return [
            Route("/{key}/", self._keyed(self.runs)),
            Route("/{key}/runs/{run}", self._keyed(self.run)),
            Route("/{key}/runs/{run}/compare", self._keyed(self.comparison)),
            Route("/{key}/runs/{run}/pictures/{picture}.svg", self._keyed(self.picture)),
        ]

    def runs(self, _: Request) -> Response:
        """Every run of the folder; of one run, its own page."""
        if self.library.is_run:
            return RedirectResponse(f"/{self.key}/runs/{quote(self.library.name, safe='')}")
        found = list(library.lines(self.library))
        return self._page("runs.html.j2", title=self.library.name, runs=found, sign=telling.sign)

    def run(self, request: Request) -> Response:
        """One run: rounds, students, pictures."""
        name, folder = self._found(request)
        summary = read_summary(folder)
        return self._page(
            "run.html.j2",
            title=name,
            name=name,
            folder=folder,
            summary=summary,
            rounds=[_round(each) for each in summary["rounds"]],
            students=[telling.tell_student(each) for each in summary["students"]],
            final=[telling.tell_student(each) for each in summary["final"]],
            opened=sentences.opened(summary["final_seen"]),
            origin=sentences.origin(forked) if (forked := summary["forked_from"]) else "",
            metrics=telling.name_metrics(summary["students"]),
            left_out=sentences.left_out(summary["data"]),
            took=telling.seconds(summary["seconds"]),
            pictures=[(each, TITLES.get(each, each)) for each in self.library.pictures(name)],
        )

    def comparison(self, request: Request) -> Response:
        """Two students of a run on the same rows: `ours` held to `theirs`."""
        name, folder = self._found(request)
        ours, theirs = (request.query_params.get(side, "") for side in ("ours", "theirs"))
        known = [each["name"] for each in read_summary(folder)["students"]]
        if not {ours, theirs} <= set(known):
            raise HTTPException(404, f"the students of {name} are {', '.join(known)}")
        found = self.compare([f"{folder}:{theirs}", f"{folder}:{ours}"])
        return self._page(
            "compare.html.j2",
            title=f"{ours} against {theirs}",
            name=name,
            ours=ours,
            theirs=theirs,
            known=known,
            comparisons=[_compared(each) for each in found["comparisons"]],
        )

    def picture(self, request: Request) -> Response:
        """A picture that `report` or `sweep` has drawn."""
        name, _ = self._found(request)
        path = self.library.pictures(name).get(request.path_params["picture"])
        if path is None:
            raise HTTPException(404, "there is no such picture")
        headers = {"content-security-policy": SEALED}
        return Response(path.read_bytes(), media_type="image/svg+xml", headers=headers)

    def _found(self, request: Request) -> tuple[str, Path]:
        name: str = request.path_params["run"]
        folder = self.library.runs().get(name)
        if folder is None:
            raise HTTPException(404, f"there is no run of that name in {self.library.name}")
        return name, folder

    def _keyed(self, page: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def checked(request: Request) -> Response:
            given: str = request.path_params["key"]
            if not hmac.compare_digest(given.encode(), self.key.encode()):
                raise HTTPException(404, "open the address that the command printed last")
            return page(request)

        return checked

    def _page(self, template: str, **values: Any) -> Response:
        return HTMLResponse(render(template, home=f"/{self.key}/", review=self.review, **values))


def _round(entry: Mapping[str, Any]) -> dict[str, Any]:
    gate = entry["gate"]
    outcome = entry["verdict"] or "unfinished"
    dropped = library.reasons(entry)
    return {
        "index": entry["index"],
        "outcome": outcome,
        "sign": telling.sign(outcome),
        "headline": _headline(gate) if gate else entry["why"] or "not judged yet",
        "why": entry["why"] if gate else "",
        "guards": [
            f"{each['name']} ({each['metric']}): {each['held']}, "
            f"{telling.gain(each['metric'], each['gain'])}"
            for each in (gate or {}).get("guards", ())
        ],
        "alarms": (gate or {}).get("alarms", ()),
        "kept": entry["accepted"],
        "dropped": dropped,
        "seen": entry["accepted"] + sum(n for _, n in dropped),
        "mixture": entry["mixture"],
        "arms": entry["arms"],
    }


def _headline(gate: Mapping[str, Any]) -> str:
    metric = gate["metric"]
    name = telling.NAMES.get(metric, metric)
    return f"{telling.gain(metric, gate['gain'])} {name} on {gate['n']} gate rows"


def _compared(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "n": one["n"],
        "warning": one["warning"],
        "metrics": [_metric(name, found) for name, found in one["metrics"].items()],
        "changed": [(kind, one[kind]) for kind in ("improvements", "regressions")],
    }


def _metric(metric: str, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": telling.name_metric(metric),
        "ours": telling.score(metric, found["value"]),
        "theirs": telling.score(metric, found["reference"]),
        "gain": telling.gain(metric, found["gain"]),
        "counts": f"{found['wins']} / {found['losses']}",
        "verdict": found["verdict"],
    }
