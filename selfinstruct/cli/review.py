"""`review`: decide about a round's hardest candidates, look how far that is, take it elsewhere."""

import getpass
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfinstruct.cli.options import AsJson, app, examples, print_json
from selfinstruct.cli.pages import Host, Port
from selfinstruct.errors import UserError

if TYPE_CHECKING:
    from selfinstruct.review.desk import Desk
    from selfinstruct.review.pairs import Contest

FILE_VERBS = ("export", "import")


@app.command(
    epilog=examples(
        "selfinstruct review runs/quickstart",
        "selfinstruct review runs/quickstart --fraction 0.2 --terminal",
        "selfinstruct review runs/quickstart --pairs champion base --rows 50",
        "selfinstruct review export runs/quickstart decisions.jsonl",
    )
)
def review(
    given: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN | export RUN FILE | import RUN FILE",
            help="A run's folder; or a run and a file for its decisions.",
        ),
    ],
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Decide here, by single keys, as over ssh.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Show how far the review is.")] = False,
    reviewer: Annotated[
        str, typer.Option(metavar="NAME", help="Kept with decisions; else review.reviewer.")
    ] = "",
    fraction: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Of the candidates, for rounds without a queue; else the config's."
        ),
    ] = None,
    pairs: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B", help="Two students: which answers dev rows better? You are not told who."
        ),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="With --pairs: dev rows that both answer.")] = 50,
    judge: Annotated[
        bool, typer.Option("--judge", help="With --pairs: the run's judge judges them too.")
    ] = False,
    port: Port = 0,
    host: Host = "127.0.0.1",
    as_json: AsJson = False,
) -> None:
    """Decide about the hardest candidates of a run: accept, edit, reject; every decision is kept.

    It serves a page for this machine alone, or asks here with --terminal. Nothing a round has gone
    on with is changed; review.required makes a round wait. With --pairs, choose between the answers
    of two students, such as champion, base, real-only or round-1.
    """
    if given[0] in FILE_VERBS and len(given) > 1:
        _exchange(given, as_json=as_json)
        return
    if len(given) > 1:
        raise UserError(f"review looks at one run, not at {len(given)}")
    if judge and pairs is None:
        raise UserError("--judge goes with --pairs: selfinstruct review RUN --pairs A B --judge")
    run = Path(given[0])
    if status:
        _status(run, as_json=as_json)
        return
    ready = (
        None
        if pairs is None
        else partial(_make_pairs, run=run, names=pairs, rows=rows, judge=judge)
    )
    if terminal and ready is not None:
        _sit_at_pairs(run, reviewer, fraction, ready)
        return
    if terminal:
        _sit(run, reviewer, fraction)
        return
    from selfinstruct.cli.serving import serve_review, tell_address

    serve_review(run, port, host, fraction, reviewer, tell_address, ready)


def name_of(wanted: str, configured: str) -> str:
    """Who decides: as given, as configured, else the account's name."""
    return wanted or configured or getpass.getuser()


def _sit(run: Path, reviewer: str, fraction: float | None) -> None:
    from selfinstruct.cli.review_terminal import Seat, keys_of
    from selfinstruct.cli.tables import stdout
    from selfinstruct.review.desk import Desk

    with Desk.open(run, fraction=fraction) as desk, keys_of(sys.stdin) as keys:
        Seat(desk, name_of(reviewer, desk.cfg.reviewer), keys, stdout()).sit()


def _sit_at_pairs(
    run: Path, reviewer: str, fraction: float | None, ready: Callable[["Desk"], "Contest"]
) -> None:
    from selfinstruct.cli.pairs_terminal import PairSeat
    from selfinstruct.cli.review_terminal import keys_of
    from selfinstruct.cli.tables import stdout
    from selfinstruct.review.desk import Desk

    with Desk.open(run, fraction=fraction, may_be_empty=True) as desk:
        contest = ready(desk)
        who = name_of(reviewer, desk.cfg.reviewer)
        with keys_of(sys.stdin) as keys:
            PairSeat(desk.pairs, contest.id, who, keys, stdout()).sit()


def _make_pairs(
    desk: "Desk", run: Path, names: tuple[str, str], rows: int, *, judge: bool
) -> "Contest":
    """The contest, with all that is missing of it answered and judged under the display."""
    from rich.console import Console

    from selfinstruct.cli.display import Display
    from selfinstruct.pairing import judge_pairs, make_pairs

    with Display(Console(stderr=True), None) as display:
        contest = make_pairs(desk.pairs, run, names, rows, display)
        if judge:
            judge_pairs(desk.pairs, run, contest, display)
    return contest


def _status(run: Path, *, as_json: bool) -> None:
    from rich.text import Text

    from selfinstruct.cli.pairs_text import outcome_lines, told
    from selfinstruct.cli.review_text import print_progress
    from selfinstruct.cli.tables import stdout
    from selfinstruct.cli.text import escape
    from selfinstruct.review.desk import Desk
    from selfinstruct.review.judging import judge_by_people, to_row
    from selfinstruct.review.nouns import EVERYTHING
    from selfinstruct.review.words import tell_judge
    from selfinstruct.summary import SCHEMA_VERSION

    with Desk.open(run, write=False) as desk:
        progress = desk.progress(EVERYTHING)
        outcomes = [desk.pairs.outcome(each.id) for each in desk.pairs.contests()]
    judge = judge_by_people(run)
    if as_json:
        plain = {"schema_version": SCHEMA_VERSION, "run": str(run), **asdict(progress)}
        by_people = judge and to_row(judge)
        pairs = [told(each) for each in outcomes]
        print_json({**plain, "judge_by_people": by_people, "pairs": pairs})
        return
    console = stdout()
    if progress.total or not outcomes:
        print_progress(console, progress)
    for line in [] if judge is None else tell_judge(judge):
        console.print(Text(escape(line)))
    for outcome in outcomes:
        for line in outcome_lines(outcome):
            console.print(Text(line))


def _exchange(given: list[str], *, as_json: bool) -> None:
    from selfinstruct.review.desk import Desk
    from selfinstruct.review.exchange import export_decisions, import_decisions

    if len(given) != 3:
        raise UserError(
            f"{given[0]} takes a run and a file: selfinstruct review {given[0]} RUN FILE"
        )
    verb, run, path = given[0], Path(given[1]), Path(given[2])
    told: dict[str, Any]
    if verb == "export":
        with Desk.open(run, write=False) as desk:
            told = {"file": str(path), "decisions": export_decisions(desk, path)}
        line = f"{told['decisions']} decisions written to {path}"
    else:
        with Desk.open(run) as desk:
            told = {"file": str(path), **asdict(import_decisions(desk, path))}
        line = f"{told['taken']} decisions taken from {path}, {told['known']} known already"
    if as_json:
        print_json(told)
    else:
        print(line)
