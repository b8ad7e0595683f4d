"""The commands that ask what filters do: their options, and what is printed where.

Loaded for every `--help`, so each command loads what it needs when it is called.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from selfinstruct.cli.options import AsJson, RunPath, examples, print_json

REFILTER = examples(
    "selfinstruct refilter runs/quickstart filters.novelty.threshold=0.6",
    "selfinstruct refilter runs/quickstart --curve novelty.threshold",
    "selfinstruct refilter runs/quickstart filters.heuristics.min_words=3 --apply looser",
)
ABLATE = examples(
    "selfinstruct ablate runs/quickstart",
    "selfinstruct ablate runs/quickstart --filters novelty.threshold,heuristics --seeds 5",
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
