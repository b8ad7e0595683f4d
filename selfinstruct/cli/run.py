"""`run`: start or resume a run under the display, then show what it came to."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfinstruct.cli.display import Display
from selfinstruct.cli.tables import print_summary, stdout
from selfinstruct.cli.text import Output
from selfinstruct.config import load_config
from selfinstruct.summary import read_summary

PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}


def run_command(
    config: Path,
    overrides: Sequence[str],
    rounds: int | None,
    *,
    show: bool,
    close: bool = False,
    fork: str | None = None,
) -> dict[str, Any]:
    """Run to the end, then the summary; printed as tables with `show`. `close` as in `Run`.

    With `fork`, the run of that name, begun from the config's if it is not there yet.
    """
    cfg = load_config(config, overrides)
    console = Output(file=sys.stderr)
    with Display(console, cfg.rounds.max) as display:
        from selfinstruct.runs import Run  # takes a second; a fault in the config is told before

        run = Run(cfg, config.parent, display)
        if fork is not None:
            run, forked = run.fork(fork)
            if forked is not None:
                _tell(console, forked)
        run.execute(rounds, close=close)
    summary = read_summary(run.folder)
    if show:
        print_summary(stdout(), summary)
        for command in ("report", "compare", "show"):
            console.print(f"next: selfinstruct {command} {run.folder}", style="dim", markup=False)
    return summary


def _tell(console: Output, forked: dict[str, Any]) -> None:
    """What a fork keeps and what it does again, before it begins."""
    console.print(f"reused from {forked['run']}: {', '.join(forked['reused'])}", **PLAIN)
    console.print(f"to do again: {', '.join(forked['again'])}", **PLAIN)
