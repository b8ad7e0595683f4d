"""The command line: what becomes of whatever a verb comes to; the verbs are in `VERBS`.

Exit codes: 0 done, 1 a negative finding was asked for, 2 usage or configuration, 3 incomplete but
resumable, 4 store locked or damaged, 129, 130 and 143 stopped by a hangup, Ctrl-C or SIGTERM with
everything kept, 141 nobody read the output.
"""

import json
import os
import shlex
import sys
import traceback
from types import TracebackType
from typing import Annotated, NoReturn

import typer

from selfinstruct import __version__, failpoints
from selfinstruct.cli import (
    loop,
    pages,
    prompt_verbs,
    review,
    search,
    settings,
    share,
    students,
    study,
)
from selfinstruct.cli.options import app
from selfinstruct.cli.stopping import ReaderGone, flush, listen, silence
from selfinstruct.errors import UserError
from selfinstruct.signals import Stopped

__all__ = ["VERBS", "app", "main"]

VERBS = (loop, settings, study, search, review, pages, students, share, prompt_verbs)
"""Modules whose commands `app` knows by being imported."""


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
