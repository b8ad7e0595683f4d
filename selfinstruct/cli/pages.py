"""`ui`: runs in a browser; and the options of every verb that serves pages."""

from pathlib import Path
from typing import Annotated

import typer

from selfinstruct.cli.options import app, examples

Port = Annotated[int, typer.Option(min=0, max=65535, help="The port. [a free one]")]
Host = Annotated[str, typer.Option(help="Another address of this machine itself, such as ::1.")]


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
