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


def run_command(
    config: Path, overrides: Sequence[str], rounds: int | None, *, show: bool, close: bool = False
) -> dict[str, Any]:
    """Run to the end, then the summary; printed as tables with `show`. `close` as in `Run`."""
    cfg = load_config(config, overrides)
    console = Output(file=sys.stderr)
    with Display(console, cfg.rounds.max) as display:
        from selfinstruct.runs import Run  # takes a second; a fault in the config is told before

        run = Run(cfg, config.parent, display)
        run.execute(rounds, close=close)
    summary = read_summary(run.folder)
    if show:
        print_summary(stdout(), summary)
        for command in ("report", "compare", "show"):
            console.print(f"next: selfinstruct {command} {run.folder}", style="dim", markup=False)
    return summary
