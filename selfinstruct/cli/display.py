"""Progress for eyes, on stderr: a live panel on a terminal, a line every ten seconds elsewhere."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.text import escape, seconds
from selfinstruct.types import Progress

PLAIN_EVERY_S = 10.0
SETTLED_S = 2.0


class Display:
    """Call it with each `Progress`; use it as a context manager around the work."""

    def __init__(
        self, console: Console, rounds: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._rounds = rounds
        self._clock = clock
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._stage = ("", -1)
        self._began = clock()
        self._last_line = -PLAIN_EVERY_S
        self._tally = Progress(0, "")
        self._now = Progress(0, "")

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        changed = self._enter_stage(progress)
        self._now = progress
        if progress.target:
            self._tally = progress
        if self._console.is_terminal:
            self._live.update(self._panel())
        elif (
            changed
            or (progress.note and not progress.total)
            or self._clock() - self._last_line >= PLAIN_EVERY_S
        ):
            self._last_line = self._clock()
            self._console.print(self.line(), highlight=False, markup=False, soft_wrap=True)

    def line(self) -> str:
        """The current state as one line of plain text."""
        now = self._now
        parts = [f"round {now.round}/{self._rounds}", now.stage]
        if now.total:
            parts.append(f"{now.done}/{now.total} {now.unit}")
        if now.stage == "generate" and self._tally.target:
            parts.append(self._kept())
        if rate := self._rate():
            parts.append(rate)
        if now.note:
            parts.append(escape(now.note))
        if (left := self._left()) is not None:
            parts.append(f"{seconds(left)} left")
        return " · ".join(parts)

    def _enter_stage(self, progress: Progress) -> bool:
        stage = (progress.stage, progress.round)
        if stage == self._stage and progress.done >= self._now.done:
            return False
        changed = stage != self._stage
        if changed and progress.stage == "generate":
            self._tally = Progress(progress.round, "generate")
        self._stage = stage
        self._began = self._clock()
        return changed

    def _elapsed(self) -> float | None:
        """Seconds in this stage, or None while they are too few to tell a rate from."""
        elapsed = self._clock() - self._began
        return elapsed if elapsed >= SETTLED_S else None

    def _rate(self) -> str:
        elapsed = self._elapsed()
        return f"{self._now.tokens / elapsed:.0f} tokens/s" if elapsed and self._now.tokens else ""

    def _left(self) -> float | None:
        now, elapsed = self._now, self._elapsed()
        if not now.total or not now.done or now.done >= now.total or elapsed is None:
            return None
        return elapsed * (now.total - now.done) / now.done

    def _kept(self) -> str:
        tally = self._tally
        dropped = sum(tally.rejected.values())
        seen = tally.accepted + dropped
        share = f"kept {tally.accepted / seen:.0%}" if seen else ""
        top = ", ".join(f"{reason} {n}" for reason, n in list(tally.rejected.items())[:4])
        accepted = f"accepted {tally.accepted}/{tally.target}"
        return " · ".join(
            part for part in (accepted, share, f"dropped: {top}" if top else "") if part
        )

    def _panel(self) -> RenderableType:
        now = self._now
        head = Text.assemble(
            (f"round {now.round}/{self._rounds} ", "bold"),
            (now.stage, "cyan bold"),
            f"  {escape(now.note)}",
        )
        lines: list[RenderableType] = [head]
        if now.stage == "generate" and self._tally.target:
            lines.append(Text(self._kept()))
        if now.total:
            grid = Table.grid(padding=(0, 1))
            left = self._left()
            grid.add_row(
                ProgressBar(total=now.total, completed=now.done, width=40),
                f"{now.done}/{now.total} {now.unit}",
                self._rate(),
                f"{seconds(left)} left" if left is not None else "",
            )
            lines.append(grid)
        return Group(*lines)
