"""Progress for eyes, on stderr: a live panel on a terminal, a line every ten seconds elsewhere."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from selfinstruct.cli.text import escape
from selfinstruct.progress import Progress, Used
from selfinstruct.telling import seconds

PLAIN_EVERY_S = 10.0
SETTLED_S = 2.0


@dataclass(frozen=True)
class _Mark:
    """Where the counting of the current unit began: rates and times left are told from there.

    The first count comes with what had to be loaded before it, so it is no part of a rate.
    """

    at: float
    done: int
    tokens: int


@dataclass(frozen=True)
class _Bill:
    """What is used: first and last seen in this round, and when rows were last counted.

    `kept_first` rows had been accepted when the first was seen, `kept` by the last count. What is
    used in between tells what a row takes, so a resumed round is not billed for what came before.
    """

    first: tuple[Used, ...]
    told: tuple[Used, ...]
    now: tuple[Used, ...]
    kept_first: int
    kept: int


def _count(bill: _Bill | None, now: tuple[Used, ...], kept: int) -> _Bill:
    return _Bill(now, now, now, kept, kept) if bill is None else replace(bill, now=now)


def _amount(value: float) -> str:
    """Whole numbers in full, others with three digits."""
    return f"{value:.0f}" if value == round(value) else f"{value:.3g}"


class Display:
    """Call it with each `Progress`; use it as a context manager around the work.

    `rounds` is how many there are in all, None for work that has none.
    """

    def __init__(
        self, console: Console, rounds: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._rounds = rounds
        self._clock = clock
        self._spinner = Spinner("dots", style="cyan")
        self._run_began = self._stage_began = clock()
        self._mark = _Mark(clock(), 0, 0)
        self._last_line = -PLAIN_EVERY_S
        self._tally = Progress(0, "")
        self._bill: _Bill | None = None
        self._now = Progress(0, "")
        self._live = Live(
            console=console, refresh_per_second=4, transient=True, get_renderable=self._panel
        )

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
        if kind is None:
            self._leave_stage()
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        changed = (progress.stage, progress.round) != (self._now.stage, self._now.round)
        noted = bool(progress.note) and not progress.total
        full = bool(progress.total) and progress.done == progress.total
        summed_up = full and progress.note != self._now.note  # what a stage came to
        if changed or (noted and not progress.target):
            self._leave_stage()
            self._stage_began = self._clock()
        if changed and progress.stage == "generate":
            self._tally = Progress(progress.round, "generate")
            self._bill = None
        if changed or progress.unit != self._now.unit or progress.done < self._now.done:
            self._mark = _Mark(self._clock(), progress.done, progress.tokens)
        self._now = progress
        if progress.used:
            self._bill = _count(self._bill, progress.used, self._tally.accepted)
        if progress.target:
            self._tally = progress
            if self._bill:
                self._bill = replace(self._bill, told=self._bill.now, kept=progress.accepted)
        due = self._clock() - self._last_line >= PLAIN_EVERY_S
        if not self._console.is_terminal and (changed or noted or summed_up or due):
            self._last_line = self._clock()
            self._print(self.line())

    def line(self) -> str:
        """The current state as one line of plain text."""
        now = self._now
        parts = [*self._round(), now.stage]
        if now.total:
            parts.append(f"{now.done}/{now.total} {now.unit}")
        if now.stage == "generate" and self._tally.target:
            parts.append(self._kept())
        if rate := self._rate():
            parts.append(rate)
        if now.note:
            parts.append(escape(now.note))
        if now.stage == "generate" and self._bill:
            parts.append(self._spent(self._bill))
        if (left := self._left()) is not None:
            parts.append(f"{seconds(left)} left")
        return " · ".join(parts)

    def _round(self) -> list[str]:
        return [] if self._rounds is None else [f"round {self._now.round}/{self._rounds}"]

    def _leave_stage(self) -> None:
        """On a terminal, where the panel will be gone, a line stays of what took a while."""
        took = self._clock() - self._stage_began
        if not self._console.is_terminal or not self._now.stage or took < SETTLED_S:
            return
        now = self._now
        parts = [*self._round(), now.stage]
        if now.stage == "generate" and self._tally.target:
            parts.append(self._kept())
        else:
            parts += [f"{now.done}/{now.total} {now.unit}"] if now.total else []
            parts += [escape(now.note)] if now.note else []
        self._print(" · ".join([*parts, seconds(took)]))

    def _print(self, line: str) -> None:
        style = "dim" if self._console.is_terminal else None
        self._console.print(line, highlight=False, markup=False, soft_wrap=True, style=style)

    def _elapsed(self) -> float | None:
        """Seconds since counting began, or None while they are too few to tell a rate from."""
        elapsed = self._clock() - self._mark.at
        return elapsed if elapsed >= SETTLED_S else None

    def _rate(self) -> str:
        elapsed, written = self._elapsed(), self._now.tokens - self._mark.tokens
        return f"{written / elapsed:.0f} tokens/s" if elapsed and written > 0 else ""

    def _left(self) -> float | None:
        now, elapsed, counted = self._now, self._elapsed(), self._now.done - self._mark.done
        if not now.total or counted <= 0 or now.done >= now.total or elapsed is None:
            return None
        return elapsed * (now.total - now.done) / counted

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

    def _spent(self, bill: "_Bill") -> str:
        """What the run has spent, what is left, and where the end of this round will take it."""
        parts = []
        for at, each in enumerate(bill.now):
            spent = f"{_amount(each.spent)} {each.unit}"
            if each.limit is not None:
                left = max(0.0, each.limit - each.spent)
                spent = f"{_amount(each.spent)} of {_amount(each.limit)} {each.unit}"
                spent += f", {_amount(left)} left"
            kept, missing = bill.kept - bill.kept_first, self._tally.target - bill.kept
            if kept > 0 and missing > 0:
                took = bill.told[at].spent - bill.first[at].spent
                end = bill.told[at].spent + took * missing / kept
                if end > each.spent:  # this wave may keep less than those before it
                    spent += f" (about {_amount(end)} when the round is full)"
            parts.append(spent)
        return f"spent {'; '.join(parts)}"

    def _panel(self) -> RenderableType:
        now = self._now
        head = Table.grid(padding=(0, 1))
        head.add_row(
            self._spinner,
            Text("".join(self._round()), "bold"),
            Text(now.stage, "cyan bold"),
            Text(escape(now.note)),
            Text(seconds(self._clock() - self._run_began), "dim"),
        )
        lines: list[RenderableType] = [head]
        if now.stage == "generate" and self._tally.target:
            lines.append(Text(self._kept()))
        if now.stage == "generate" and self._bill:
            lines.append(Text(self._spent(self._bill)))
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
