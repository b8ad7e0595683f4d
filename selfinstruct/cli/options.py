"""What several commands share: arguments, options, examples at the end of help, JSON on stdout.

Loaded for every `--help`, so it imports nothing that takes time.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

ConfigPath = Annotated[Path, typer.Argument(metavar="CONFIG", help="A YAML file; see configs/.")]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY.PATH=VALUE", help="Settings that replace those of the file."),
]
RunPath = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run's folder, such as runs/quickstart.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def examples(*commands: str) -> str:
    """The commands a help page ends with."""
    return "\n\n".join(["Examples:" if len(commands) > 1 else "Example:", *commands])


def print_json(value: dict[str, Any]) -> None:
    """One object on stdout, as it is: no escapes, and no numbers that JSON does not have."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))
