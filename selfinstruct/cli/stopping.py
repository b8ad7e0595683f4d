"""How a command ends before its time: by a signal, by a second one, by a reader that left.

The first signal is raised where the command is, so that what is open is closed; where calls are
under way that are paid for, once they have come in (`signals`). That takes as long as the code
under way, which may be minutes of somebody else's; a second signal waits for nothing. The ledger
bears it as it bears a kill.
"""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import FrameType
from typing import Any

from typer.core import TyperGroup

from selfinstruct.signals import arrive

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OUTPUTS = (1, 2)  # stdout and stderr
SHOW_CURSOR = b"\x1b[?25h"


class ReaderGone(BaseException):
    """Whoever read what is printed has left, as `head` does. Typer and rich would answer 1, which
    means a finding here.
    """

    exit_code = 128 + signal.SIGPIPE


class Commands(TyperGroup):
    """The commands, of which a reader that left is told."""

    def invoke(self, ctx: Any) -> Any:  # typer's context, whose type is its own affair
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            if not _reader_left():  # of another pipe, then
                raise
            raise ReaderGone from None


def listen() -> None:
    """Let the first signal `arrive`, and end the process at a second, whatever it is doing.

    A hangup that is ignored, as under `nohup`, stays ignored.
    """
    terminals = [output for output in OUTPUTS if os.isatty(output)]
    came: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) == 1:
            if number == signal.SIGHUP:
                silence(terminals)
            arrive(number)

    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    # Written to by the system's own handler, so at once; a handler of Python waits for the call
    # under way to return.
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    Thread(target=_end_at_the_second, args=(told, terminals), daemon=True).start()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` inside, as often as it is pressed; it ends nothing."""
    told = signal.set_wakeup_fd(-1)  # where a second signal would end the process
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)


def silence(outputs: list[int] | tuple[int, ...] = OUTPUTS) -> None:
    """Let what is printed from here on go nowhere: nobody is there, and writing would fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in outputs:
        os.dup2(nowhere, output)


def flush() -> None:
    """Print what is still held back. Raises `ReaderGone` where nobody reads it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def _end_at_the_second(told: int, terminals: list[int]) -> None:
    before = False
    while number := os.read(told, 1)[0]:
        # A terminal that is closed hangs up twice, once by its shell.
        if before and number in (signal.SIGINT, signal.SIGTERM):
            for output in terminals[:1]:
                os.write(output, SHOW_CURSOR)  # the live display hides it
            os._exit(128 + number)
        before = before or number in SIGNALS


def _reader_left() -> bool:
    poll = select.poll()
    for output in OUTPUTS:
        poll.register(output, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
