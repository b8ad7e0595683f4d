"""The command line: verbs, options, exit codes. Each command loads what it needs when called.

Exit codes: 0 done, 1 a negative finding was asked for, 2 usage or configuration, 3 incomplete but
resumable, 4 store locked or damaged, 129, 130 and 143 stopped by a hangup, Ctrl-C or SIGTERM with
everything kept, 141 nobody read the output.
"""

import json
import os
import shlex
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, NoReturn

import typer

from selfinstruct import __version__, failpoints
from selfinstruct.cli import filters
from selfinstruct.cli.options import AsJson, ConfigPath, Overrides, RunPath, examples
from selfinstruct.cli.options import print_json as _print_json
from selfinstruct.cli.stopping import Commands, ReaderGone, Stopped, flush, listen, silence
from selfinstruct.errors import UserError

app = typer.Typer(
    name="selfinstruct",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Bootstrap a small student model from a few hundred real examples, and know if it helped.",
)


def main() -> None:
    """The `selfinstruct` command."""
    listen()
    try:
        _arm_failpoint()
        _answer()
    except UserError as error:
        _fail(error)
    except Stopped as stopped:
        print("\nstopped; nothing that was finished is lost. To go on:", file=sys.stderr)
        print(f"  selfinstruct {shlex.join(sys.argv[1:])}", file=sys.stderr)
        sys.exit(stopped.exit_code)
    except ReaderGone as gone:
        silence()
        sys.exit(gone.exit_code)
    except Exception:
        sys.excepthook = _tell_bug
        raise


def _answer() -> None:
    try:
        app()
    except SystemExit:  # as every command of typer ends
        flush()
        raise


def _arm_failpoint() -> None:
    try:
        failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
    except ValueError as error:
        raise UserError(str(error), why="it makes this command kill itself, for tests") from None


def _tell_bug(kind: type[BaseException], bug: BaseException, trace: TracebackType | None) -> None:
    """The traceback as always, but for the keys: this text is pasted into bug reports."""
    from selfinstruct.cli.text import escape

    told = "".join(traceback.format_exception(kind, bug, trace))
    print(escape(_without_keys(told)), end="", file=sys.stderr)


def _without_keys(text: str) -> str:
    from selfinstruct.redaction import redact, secrets_in

    return redact(text, secrets_in(os.environ))


def _fail(error: UserError) -> NoReturn:
    from selfinstruct.cli.text import escape

    if "--json" in sys.argv:
        fault = {"message": error.what, "why": error.why, "hint": error.next_step}
        told = {name: _without_keys(text) for name, text in fault.items()}
        print(json.dumps({"error": {**told, "code": error.exit_code}}))
    print(f"error: {escape(_without_keys(str(error)))}", file=sys.stderr)
    sys.exit(error.exit_code)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


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
        _print_json(summary)


@app.command(epilog=examples("selfinstruct finish configs/quickstart.yaml"))
def finish(config: ConfigPath, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Open the final rows now, once, for the champion of the rounds so far; no round comes after.

    A run that reaches its last round does so by itself.
    """
    from selfinstruct.cli.run import run_command

    summary = run_command(config, overrides or [], 0, show=not as_json, close=True)
    if as_json:
        _print_json(summary)


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
            help="Make so many real calls at most, for an estimate; the run reuses them.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a run would do, before anything is spent, and what its gate could see."""
    from selfinstruct.cli.plan import plan_run, print_plan

    planned = plan_run(config, overrides or [], pilot)
    if as_json:
        _print_json(planned)
    else:
        print_plan(planned)


@app.command(epilog=examples("selfinstruct status runs/quickstart --json"))
def status(run: RunPath, as_json: AsJson = False) -> None:
    """Show how far a run is: students, rounds, verdicts, spending. Works while it runs."""
    from selfinstruct.cli.tables import print_summary, stdout
    from selfinstruct.summary import read_summary

    summary = read_summary(run)
    if as_json:
        _print_json(summary)
    else:
        print_summary(stdout(), summary)


@app.command(
    epilog=examples(
        "selfinstruct show runs/quickstart 3fa9",
        "selfinstruct show runs/quickstart --rejected too_similar",
    )
)
def show(
    run: RunPath,
    row: Annotated[
        str | None, typer.Argument(metavar="ID", help="The id of a row, or its first digits.")
    ] = None,
    rejected: Annotated[
        str | None, typer.Option(metavar="REASON", help="List what was dropped for this reason.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show one row with the prompt and the call it came from, or what was dropped for a reason."""
    from selfinstruct.cli.show import print_rejected, print_row, rejected_rows, row_story

    if row is not None:
        story = row_story(run, row)
        _print_json(story) if as_json else print_row(story)
    else:
        found = rejected_rows(run, rejected, limit)
        _print_json(found) if as_json else print_rejected(found)


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
    as_json: AsJson = False,
) -> None:
    """Compare students on the same gate rows: better, worse or inconclusive, metric by metric."""
    from selfinstruct.cli.compare import compare_students
    from selfinstruct.cli.compare_text import as_markdown, print_comparison
    from selfinstruct.cli.tables import stdout

    found = compare_students(students, fail_if_worse or [], force=force)
    if html is not None:
        from selfinstruct.files import write_atomic
        from selfinstruct.report import compare_page

        write_atomic(html, compare_page(found))
        print(html, file=sys.stderr)
    if as_json:
        _print_json(found)
    elif markdown:
        print(as_markdown(found))
    else:
        print_comparison(stdout(), found)
    if found["failed"]:
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
        _print_json(found)
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


app.command(epilog=filters.REFILTER)(filters.refilter)
app.command(epilog=filters.ABLATE)(filters.ablate)


@app.command(epilog=examples("selfinstruct report runs/quickstart"))
def report(run: RunPath, as_json: AsJson = False) -> None:
    """Write RUN/report.html: verdicts in words, eleven pictures, rows kept and dropped."""
    from selfinstruct.cli.report import report_command

    written = report_command(run)
    if as_json:
        _print_json(written)
    else:
        print(written["page"])
        print(f"with {len(written['files']) - 1} pictures and tables beside it", file=sys.stderr)


@app.command(
    epilog=examples(
        "selfinstruct doctor runs/quickstart",
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
    as_json: AsJson = False,
) -> None:
    """Check this installation, and the digests of a run: what to paste into a bug report.

    With --teacher: a dozen short calls to every endpoint of the config's teacher. Does it answer,
    count tokens, keep limits and seeds, read long prompts whole?
    """
    from selfinstruct.cli.doctor import examine, examine_teacher, print_findings

    if teacher is not None:
        findings = examine_teacher(teacher, given or [])
    elif given and len(given) > 1:
        raise UserError(f"doctor looks at one run, not at {len(given)}")
    else:
        findings = examine(Path(given[0]) if given else None)
    _print_json(findings) if as_json else print_findings(findings)
    if not findings["healthy"]:
        raise typer.Exit(1)


@app.command(epilog=examples("selfinstruct init my-tickets"))
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
) -> None:
    """Write a config and a seed file to start from."""
    from selfinstruct.cli.init import write_starter

    for path in write_starter(folder):
        print(path)
    print(f"next: selfinstruct run {folder / 'config.yaml'}", file=sys.stderr)
