"""The verbs of a run: begin it, look at it, end it. Each loads what it needs when it is called."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from selfinstruct.cli.options import (
    AsJson,
    ConfigPath,
    HeldOut,
    Overrides,
    RunPath,
    app,
    examples,
    print_json,
)
from selfinstruct.errors import UserError


@app.command(
    epilog=examples(
        "selfinstruct init my-tickets",
        "selfinstruct init my-tickets --from tickets.csv",
    )
)
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    rows: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Your rows: the config says what their columns hold, with its reasons.",
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="That of the file, where it is not UTF-8, such as cp1252 or shift_jis."),
    ] = None,
) -> None:
    """Write a config to start from: with seeds that run as they are, or for a file of your own."""
    from selfinstruct.cli.display import Display
    from selfinstruct.cli.init import write_for, write_starter
    from selfinstruct.cli.text import Output, escape

    if rows is None and encoding is not None:
        raise UserError("--encoding is that of a file", next_step="name the file with --from")
    if rows is None:
        for path in write_starter(folder):
            print(path)
        print(f"next: selfinstruct run {shlex.quote(str(folder / 'config.yaml'))}", file=sys.stderr)
        return
    with Display(Output(file=sys.stderr), None) as display:
        written, told = write_for(folder, rows, encoding, display)
    for path in written:
        print(path)
    for line in told:
        print(escape(line), file=sys.stderr)
    print(f"next: selfinstruct plan {shlex.quote(str(written[0]))}", file=sys.stderr)


@app.command(
    epilog=examples(
        "selfinstruct plan configs/billing_openai.yaml",
        "selfinstruct plan configs/quickstart.yaml --pilot 8",
    )
)
def plan(
    config: ConfigPath,
    overrides: Overrides = None,
    pilot: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="CALLS",
            help="Make so many real calls at most, for an estimate; the run reuses them, unless it "
            "aims by generate.focus and its control is not scored yet.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, before anything is spent, and what its gate could see."""
    from selfinstruct.cli.plan import plan_run
    from selfinstruct.cli.plan_text import print_plan

    planned = plan_run(config, overrides or [], pilot)
    if as_json:
        print_json(planned)
    else:
        print_plan(planned)


@app.command(
    epilog=examples(
        "selfinstruct run configs/quickstart.yaml",
        "selfinstruct run my.yaml name=try2 mixture.synthetic_share=0.3",
        "selfinstruct run my.yaml gate.min_gain=0.02 --fork stricter",
    )
)
def run(
    config: ConfigPath,
    overrides: Overrides = None,
    rounds: Annotated[
        int | None, typer.Option(min=0, help="Stop after so many more rounds; go on later.")
    ] = None,
    fork: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Begin the run NAME from CONFIG's, with these settings and all that still fits.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run bootstrap rounds, or resume them: start the same command again after any stop."""
    from selfinstruct.cli.run import run_command

    summary = run_command(config, overrides or [], rounds, show=not as_json, fork=fork)
    if as_json:
        print_json(summary)


@app.command(epilog=examples("selfinstruct finish configs/quickstart.yaml"))
def finish(config: ConfigPath, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Open the final rows now, once, for the champion of the rounds so far; no round comes after.

    A run that reaches its last round does so by itself.
    """
    from selfinstruct.cli.run import run_command

    summary = run_command(config, overrides or [], 0, show=not as_json, close=True)
    if as_json:
        print_json(summary)


@app.command(epilog=examples("selfinstruct status runs/quickstart --json"))
def status(run: RunPath, as_json: AsJson = False) -> None:
    """Show how far a run is: students, rounds, verdicts, spending. Works while it runs."""
    from selfinstruct.cli.tables import print_summary, stdout
    from selfinstruct.cli.text import escape
    from selfinstruct.review.words import judge_lines
    from selfinstruct.summary import read_summary

    summary, by_people = read_summary(run), judge_lines(run)
    if as_json:
        print_json({**summary, "judge_by_people": by_people})
        return
    print_summary(stdout(), summary)
    for line in by_people:
        print(escape(line))


@app.command(
    epilog=examples(
        "selfinstruct show runs/quickstart 3fa9",
        "selfinstruct show runs/quickstart --rejected too_similar",
    )
)
def show(
    run: RunPath,
    row: Annotated[
        str | None, typer.Argument(metavar="ID", help="A row or a call, by its first digits.")
    ] = None,
    rejected: Annotated[
        str | None, typer.Option(metavar="REASON", help="List what was dropped for this reason.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    held_out: HeldOut = False,
    as_json: AsJson = False,
) -> None:
    """Show one row with the prompt and the call it came from, a call with what became of its answer
    (`log` lists them), or what was dropped for a reason.
    """
    from selfinstruct.cli.listing import call_story, print_call
    from selfinstruct.cli.show import is_call, print_rejected, print_row, rejected_rows, row_story

    if row is not None and is_call(run, row):
        call = call_story(run, row, held_out=held_out)
        print_json(call) if as_json else print_call(call)
    elif row is not None:
        story = row_story(run, row, held_out=held_out)
        print_json(story) if as_json else print_row(story)
    else:
        found = rejected_rows(run, rejected, limit)
        print_json(found) if as_json else print_rejected(found)


@app.command(epilog=examples("selfinstruct report runs/quickstart"))
def report(run: RunPath, as_json: AsJson = False) -> None:
    """Write RUN/report.html: verdicts in words, twelve pictures, rows kept and dropped."""
    from selfinstruct.cli.report import report_command

    written = report_command(run)
    if as_json:
        print_json(written)
    else:
        print(written["page"])
        print(f"with {len(written['files']) - 1} pictures and tables beside it", file=sys.stderr)


@app.command(
    epilog=examples(
        "selfinstruct doctor runs/quickstart",
        "selfinstruct doctor runs/quickstart --rebuild-search",
        "selfinstruct doctor --teacher configs/billing_openai.yaml teacher.name=my-model",
    )
)
def doctor(
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN | KEY.PATH=VALUE", help="A run to check; settings with --teacher."
        ),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG", help="Ask the teacher of a config what it can do."),
    ] = None,
    rebuild_search: Annotated[
        bool,
        typer.Option(
            "--rebuild-search", help="Make anew what lists and searches of the run go by."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check this installation, and the digests of a run: what to paste into a bug report.

    With --teacher: a dozen short calls to every endpoint of the config's teacher. Does it answer,
    count tokens, keep limits and seeds, read long prompts whole?
    """
    from selfinstruct.cli.doctor import examine, examine_teacher, print_findings, rebuild

    if teacher is not None:
        findings = examine_teacher(teacher, given or [])
    elif given and len(given) > 1:
        raise UserError(f"doctor looks at one run, not at {len(given)}")
    else:
        run = Path(given[0]) if given else None
        if rebuild_search:
            rebuild(run)
        findings = examine(run)
    print_json(findings) if as_json else print_findings(findings)
    if not findings["healthy"]:
        raise typer.Exit(1)
