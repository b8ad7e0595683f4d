"""A signal ends the work at once, unless something is under way that is worth waiting for.

Then who waits is told, ends in its own time, and the signal is raised after that. A second one
waits for nothing; that is the business of `cli.stopping`, which listens.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Stopped(BaseException):
    """A signal arrived. Not KeyboardInterrupt, which typer would swallow."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number


@dataclass
class _Waiting:
    tell: Callable[[], None]
    number: int | None = None


_waiting: list[_Waiting] = []
"""Who is told of a signal, the last one first: as signals are, one list for the whole process."""


def arrive(number: int) -> None:
    """A signal is here, in the main thread. Raises `Stopped` where nobody waits for anything."""
    if not _waiting:
        raise Stopped(number)
    _waiting[-1].number = number
    _waiting[-1].tell()


@contextmanager
def told_of_signals(tell: Callable[[], None]) -> Iterator[None]:
    """Within, a signal calls `tell`, between any two steps of the main thread; `Stopped` is raised
    at the end, unless an error ends it. In another thread, where no signal arrives, nothing is
    done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    here = _Waiting(tell)
    _waiting.append(here)
    try:
        yield
    finally:
        _waiting.remove(here)
    if here.number is not None:
        raise Stopped(here.number)
