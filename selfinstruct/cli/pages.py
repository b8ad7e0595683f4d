"""The verbs that open pages in a browser. Each loads what it needs when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from selfinstruct.cli.options import RunPath, app, examples

Port = Annotated[int, typer.Option(min=0, max=65535, help="The port. [a free one]")]
Host = Annotated[str, typer.Option(help="Another address of this machine itself, such as ::1.")]


@app.command(
    epilog=examples(
        "selfinstruct review runs/quickstart", "selfinstruct review runs/quickstart --fraction 0.2"
    )
)
def review(
    run: RunPath,
    port: Port = 0,
    host: Host = "127.0.0.1",
    fraction: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Of the candidates so many. [review.fraction]"),
    ] = None,
    reviewer: Annotated[str, typer.Option(help="Who decides. [review.reviewer]")] = "",
) -> None:
    """Judge the hardest candidates of a run on a page of this machine, one key a row."""
    from selfinstruct.cli.serving import serve_review, tell_address

    serve_review(run, port, host, fraction, reviewer, tell_address)


@app.command(epilog=examples("selfinstruct ui", "selfinstruct ui runs/quickstart --port 8500"))
def ui(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A run, or the folder that runs stand in.")
    ] = Path("runs"),
    port: Port = 0,
    host: Host = "127.0.0.1",
) -> None:
    """Show runs in a browser: rounds with verdicts, funnels, students side by side. Read-only."""
    from selfinstruct.cli.serving import serve_dashboard, tell_address

    serve_dashboard(folder, port, host, tell_address)
