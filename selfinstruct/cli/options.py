"""What every verb of the command line shares: the application, arguments, and one way to print."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from selfinstruct.cli.stopping import Commands
from selfinstruct.disk.files import as_utf8

app = typer.Typer(
    name="selfinstruct",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Bootstrap a small student model from a few hundred real examples, and know if it helped.",
)

ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file; see configs/.")]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY.PATH=VALUE", help="Settings that replace those of the file."),
]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run's folder, such as runs/quickstart.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
HeldOut = Annotated[
    bool,
    typer.Option(
        "--held-out",
        help="Show the words of gate and final rows too. Whoever reads them while a run goes on "
        "begins to choose by them, and what the gate says is worth less.",
    ),
]


def examples(*commands: str) -> str:
    """The commands a help page ends with."""
    return "\n\n".join(["Examples:" if len(commands) > 1 else "Example:", *commands])


def print_json(value: dict[str, Any]) -> None:
    """One object on stdout."""
    print(as_utf8(json.dumps(value, ensure_ascii=False, allow_nan=False)).decode())
