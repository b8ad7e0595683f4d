"""Named places where a process can be made to die, or to find the disk full, on purpose.

They cost one comparison each until a test arms one through the environment:

    SELFINSTRUCT_FAILPOINT=wave.committed:2        kill -9 itself at the second time it gets there
    SELFINSTRUCT_FAILPOINT=wave.committed:2:full   "No space left on device" there, once

A name stands in the code at its place and in no list: `names` reads it from there.
"""

import ast
import errno
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VARIABLE = "SELFINSTRUCT_FAILPOINT"
POINTS = {
    "failpoint": ("",),
    "transaction": (".uncommitted", ".committed"),
    "replacing": (".aside", ".renamed"),
}
"""The functions whose first text argument names a place, and what each appends to it."""

_watch: Callable[[str], None] | None = None


def failpoint(name: str) -> None:
    """Nothing, unless somebody watches."""
    if _watch is not None:
        _watch(name)


def watch(each: Callable[[str], None] | None) -> None:
    """Have this called with the name of every place that is reached from now on; None ends it."""
    global _watch
    _watch = each


def arm(wanted: str) -> None:
    """Die in one place, chosen as by `VARIABLE`; "" chooses none.

    Raises `ValueError` for a name that no place has, and for anything but NAME:COUNT[:full].
    """
    watch(_read(wanted) if wanted else None)


@dataclass
class _Armed:
    name: str
    left: int
    full: bool

    def __call__(self, name: str) -> None:
        if name != self.name:
            return
        self.left -= 1
        if self.left != 0:
            return
        if self.full:
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} (failpoint {name})")
        os.kill(os.getpid(), signal.SIGKILL)


def _read(wanted: str) -> _Armed:
    name, _, rest = wanted.partition(":")
    count, _, how = rest.partition(":")
    if not (count.isascii() and count.isdigit() and int(count) > 0 and how in ("", "full")):
        raise ValueError(f"{VARIABLE} is {wanted!r}; it is NAME:COUNT or NAME:COUNT:full")
    if name not in names():
        raise ValueError(f"{VARIABLE} names {name!r}; there are {', '.join(names())}")
    return _Armed(name, int(count), full=how == "full")


@cache
def names() -> tuple[str, ...]:
    """Every failpoint of the package, as often as it stands there."""
    files = sorted(Path(__file__).parent.rglob("*.py"))
    sources = (path.read_text(encoding="utf-8") for path in files)
    return tuple(name for source in sources for name in named_in(source))


def named_in(source: str) -> Iterator[str]:
    """The failpoints of one source text."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call):
            values = [word.value for word in call.args if isinstance(word, ast.Constant)]
            texts = [value for value in values if isinstance(value, str)]
            ends = POINTS.get(called(call), ())
            yield from (f"{text}{end}" for text in texts[:1] for end in ends)


def called(call: ast.Call) -> str:
    """The name of what is called, without what stands before its last dot."""
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))
