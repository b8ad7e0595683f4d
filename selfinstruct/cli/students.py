"""The verbs of a student that is done: `merge` it into a model of its own, `chat` with it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from selfinstruct.cli.options import AsJson, RunPath, app, examples, print_json


@app.command(
    epilog=examples(
        "selfinstruct merge runs/quickstart -o my-model",
        "selfinstruct merge runs/quickstart --student real-only -o control --dtype bfloat16",
    )
)
def merge(
    run: RunPath,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the model goes.")
    ],
    student: Annotated[
        str, typer.Option(help="champion, real-only or round-N of the run.")
    ] = "champion",
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16"],
        typer.Option(help="How weights are kept; the shorter two take half the room."),
    ] = "float32",
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier merged model at FOLDER.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Work a student's adapter into its base: a model folder that any program loads without us.

    It is read back and must say what the student says, or nothing is written.
    """
    from selfinstruct.cli.merge import merge_command, print_merged

    done = merge_command(run, student, out, dtype, force=force)
    print_json(done) if as_json else print_merged(done)


@app.command(
    epilog=examples(
        "selfinstruct chat runs/quickstart",
        "echo 'where is my refund' | selfinstruct chat runs/quickstart --json",
        "selfinstruct chat runs/quickstart --student round-1 --student real-only",
    )
)
def chat(
    run: RunPath,
    student: Annotated[
        list[str] | None,
        typer.Option(help="Who answers: champion, base, real-only, round-N. [champion and base]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Talk to students of a run side by side, asked as they were trained; each line is answered.

    With --json all that is piped in is one message.
    """
    from selfinstruct.cli.chat import chat_command

    told = chat_command(run, student or [], as_json=as_json)
    if told is not None:
        print_json(told)
