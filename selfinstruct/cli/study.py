"""The verbs of an experiment: students compared, shares and filters tried. Each loads what it needs
when it is called.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from selfinstruct.cli.options import (
    AsJson,
    ConfigPath,
    HeldOut,
    RunPath,
    app,
    examples,
    print_json,
)


@app.command(
    epilog=examples(
        "selfinstruct compare runs/quickstart",
        "selfinstruct compare runs/old runs/new:round-1 --fail-if-worse accuracy:0.02",
    )
)
def compare(
    students: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN[:STUDENT]...",
            help="Champions, or base, real-only, round-N; all others are held to the first.",
        ),
    ],
    fail_if_worse: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC:EPS",
            help="Exit 1 where the whole 95 % interval of the gain is below -EPS.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Compare what they share though scored differently.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--md", help="Print Markdown.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures.")
    ] = None,
    held_out: HeldOut = False,
    as_json: AsJson = False,
) -> None:
    """Compare students on the same gate rows: better, worse or inconclusive, metric by metric."""
    from selfinstruct.cli.compare import compare_students
    from selfinstruct.cli.compare_text import as_markdown, print_comparison
    from selfinstruct.cli.tables import stdout

    found = compare_students(students, fail_if_worse or [], force=force, held_out=held_out)
    if html is not None:
        from selfinstruct.disk.files import write_atomic
        from selfinstruct.report import compare_page

        write_atomic(html, compare_page(found))
        print(html, file=sys.stderr)
    if as_json:
        print_json(found)
    elif markdown:
        print(as_markdown(found))
    else:
        print_comparison(stdout(), found)
    if found["failed"]:
        raise typer.Exit(1)


@app.command(
    epilog=examples(
        "selfinstruct check runs/quickstart",
        "selfinstruct check RUN 'kept>=.3' 'dropped.refusal<=2%' 'gate.accuracy>=.85' 'cost<=5'",
    )
)
def check(
    run: RunPath,
    limits: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LIMIT...", help="NAME >= NUMBER; also <= > < =. None: list all there is."
        ),
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", help="Of this round, not of the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold a run's numbers to limits, for a pipeline: exit 1 and some rows where one fails.

    A limit knows nothing of chance: whether one student is worse than another is asked with
    `compare --fail-if-worse`.
    """
    from selfinstruct.cli.check import check_run, print_check

    told = check_run(run, limits or [], round_)
    print_json(told) if as_json else print_check(told)
    if not told["holds"]:
        raise typer.Exit(1)


@app.command(
    epilog=examples(
        "selfinstruct sweep configs/quickstart.yaml --share 0 .1 .25 --seeds 2",
        "selfinstruct sweep my.yaml --design fixed-size --write",
    )
)
def sweep(
    config: ConfigPath,
    given: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SHARE]... [KEY.PATH=VALUE]...", help="More shares; settings."),
    ] = None,
    share: Annotated[
        list[float] | None,
        typer.Option(help="A synthetic share to try; 0 is always among them. [0 .25 .5 .75 .9]"),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Trainings of each share; one cannot see a training's luck.")
    ] = 3,
    design: Annotated[
        Literal["fixed-real", "fixed-size"],
        typer.Option(help="What stays as it is over the shares: every real row, or the row count."),
    ] = "fixed-real",
    metric: Annotated[str, typer.Option(help="The dev score that decides.")] = "nll",
    halving: Annotated[
        bool,
        typer.Option("--halving", help="Short trainings first; drop the worse half if they agree."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Choose a share on fewer than 20 dev rows too.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Put the chosen share into CONFIG.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train the student at several synthetic shares of a run's pool and choose one, on dev rows."""
    from selfinstruct.cli.sweep import print_sweep, read_arguments, sweep_command, write_share
    from selfinstruct.cli.tables import stdout
    from selfinstruct.cli.text import Output

    shares, settings = read_arguments(given or [])
    found = sweep_command(
        config,
        settings,
        [*(share or []), *shares],
        seeds,
        design,
        metric,
        Output(stderr=True),
        halving=halving,
        force=force,
    )
    if write:
        write_share(config, found["chosen"])
    if as_json:
        print_json(found)
    else:
        print_sweep(stdout(), found)
    _draw(found)


def _draw(found: dict[str, Any]) -> None:
    """The picture of a sweep, or what to install for it: the choice does not need it."""
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        print("no picture: pip install 'selfinstruct[report]'", file=sys.stderr)
        return
    from selfinstruct.report import sweep_picture

    for path in sweep_picture(found, Path(found["run"])):
        print(path, file=sys.stderr)


@app.command(
    epilog=examples(
        "selfinstruct refilter runs/quickstart filters.novelty.threshold=0.6",
        "selfinstruct refilter runs/quickstart --curve novelty.threshold",
        "selfinstruct refilter runs/quickstart filters.heuristics.min_words=3 --apply looser",
    )
)
def refilter(
    run: RunPath,
    overrides: Annotated[
        list[str] | None,
        typer.Argument(metavar="filters.KEY=VALUE", help="Filters that replace the run's."),
    ] = None,
    curve: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY[=V,V...]", help="How many rows pass as this threshold moves; all for each."
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=0, help="List so many rows of each kind that moves.")
    ] = 3,
    apply: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Begin the run NAME from RUN with these filters."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw the curves there, as SVG and CSV.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read and filter a run's stored answers again, under other filters; nothing is asked or paid.

    Without settings, check that every candidate still meets its stored fate (exit 1 if not).
    """
    from selfinstruct.cli.refilter import refilter_command
    from selfinstruct.cli.refilter_text import print_refilter
    from selfinstruct.cli.tables import stdout

    found = refilter_command(run, overrides or [], curve or [], rows, apply)
    if picture is not None:
        from selfinstruct.report import thresholds_picture

        for path in thresholds_picture(found, picture):
            print(path, file=sys.stderr)
    if as_json:
        print_json(found)
    else:
        print_refilter(stdout(), found)
    if not found["changed"] and not found["reproduces"]:
        raise typer.Exit(1)


@app.command(
    epilog=examples(
        "selfinstruct ablate runs/quickstart",
        "selfinstruct ablate runs/quickstart --filters novelty.threshold,heuristics --seeds 5",
    )
)
def ablate(
    run: RunPath,
    filters: Annotated[
        str | None,
        typer.Option(
            metavar="A,B...", help="Filters, or whole sections. [each that is on, by itself]"
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Trainings of each pool; one cannot see a training's luck.")
    ] = 3,
    share: Annotated[
        float | None, typer.Option(help="The synthetic share of all students. [the run's]")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train students with one filter off at a time, and say on dev rows what each filter gains."""
    from selfinstruct.cli.ablate import ablate_command, print_ablation
    from selfinstruct.cli.tables import stdout
    from selfinstruct.cli.text import Output

    names = [name for name in (filters or "").split(",") if name]
    found = ablate_command(run, names, seeds, Output(stderr=True), share)
    print_json(found) if as_json else print_ablation(stdout(), found)
