"""The verb of what leaves a run: its rows, its student, a stress set."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from selfinstruct.cli.options import AsJson, RunPath, app, examples, print_json
from selfinstruct.errors import UserError


@app.command(
    epilog=examples(
        "selfinstruct export runs/quickstart --what mixture --format messages -o shared/mixture",
        "selfinstruct export runs/quickstart --what student -o shared/student",
        "selfinstruct export runs/quickstart --as-eval inspect -o shared/stress",
        "selfinstruct export runs/quickstart -o shared/pool --push-to-hub me/tickets --private",
    )
)
def export(
    run: RunPath,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to write, a new one.")
    ],
    what: Annotated[
        Literal["pool", "mixture", "rejects", "student"],
        typer.Option(help="Rows kept, rows a student learned from, rows dropped; or the champion."),
    ] = "pool",
    form: Annotated[
        Literal["jsonl", "parquet", "alpaca", "sharegpt", "messages"],
        typer.Option("--format", help="The form of the rows."),
    ] = "jsonl",
    index: Annotated[
        int | None,
        typer.Option("--round", min=0, help="One round. [all; of a mixture the champion's]"),
    ] = None,
    as_eval: Annotated[
        Literal["inspect", "lm-eval", "promptfoo"] | None,
        typer.Option(help="A stress set for this tool, kept out of training from here on."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of a stress set at most.")] = 100,
    push_to_hub: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Upload it; the token is HF_TOKEN's.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="For the owner's eyes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Upload without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an export in DIR.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write rows, student or a stress set into a folder, with a card and digests; push it if asked.

    Rows of dev, gate and final are never among them.
    """
    from selfinstruct.cli.export import Wanted, export_command, print_export, push

    wanted = Wanted(what, form, index, as_eval, limit)
    if push_to_hub is None and private:
        raise UserError("--private is said of nothing", next_step="add --push-to-hub OWNER/NAME")
    if push_to_hub is not None:
        from selfinstruct.export.hub import require_ready

        require_ready(push_to_hub)
    done = export_command(run, out, wanted, force=force)
    if push_to_hub is not None:
        done["pushed"] = push(out, push_to_hub, wanted, _sure(yes), private=private)
    if as_json:
        print_json(done)
    else:
        print_export(done, sys.stderr)


def _sure(yes: bool) -> bool | None:
    """True where nobody need be asked, None where somebody is there to ask."""
    if yes:
        return True
    return None if sys.stdin.isatty() else False
