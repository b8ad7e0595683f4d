"""Run in a fresh interpreter, `python -I -S boxed.py SECONDS BYTES`: `answer.py` beside the working
folder, then `test.py` with its names, under limits that are set here first.

It imports nothing of the package, which is not on its path. What it forbids and what it cannot is
said in `sandbox`.
"""

import ctypes
import math
import os
import resource
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

PASSED = 86
"""Exit status where both files came to their end; a program that leaves by itself says another."""
TOLD = 200
"""Characters of an error that are told."""
FILE_BYTES = 1 << 20
FILES = 64
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000

FORBIDDEN = (
    *("socket.connect", "socket.bind", "socket.send", "socket.get", "subprocess.", "pty."),
    *("os.fork", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.startfile", "os.kill"),
    *("ctypes.", "resource.setrlimit", "resource.prlimit", "signal.pthread_kill"),
    *("sqlite3.enable_load_extension", "sqlite3.load_extension", "dbm.", "syslog."),
)
"""Beginnings of audit events: network, other processes, foreign libraries, and the limits."""
CHANGES = (
    *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.lchown", "os.utime", "os.setxattr", "os.removexattr"),
)
READS = ("os.listdir", "os.scandir", "os.chdir", "sqlite3.connect")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit(seconds: float, memory_bytes: int) -> None:
    """Set what the kernel enforces: processor, memory, files, no processes; no network where it
    lets a user give that up.
    """
    cpu = math.ceil(seconds)
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu, cpu + 1),
        (resource.RLIMIT_FSIZE, FILE_BYTES, FILE_BYTES),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, FILES, FILES),
    ):
        resource.setrlimit(kind, (soft, hard))
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)
        for name in [name for name in sys.modules if name.startswith(("ctypes", "_ctypes"))]:
            del sys.modules[name]


def guard(home: str, *readable: str) -> Callable[[str, tuple[object, ...]], None]:
    """An audit hook that raises `PermissionError` for what is forbidden, for what is read outside
    of `home`, the standard library and what else is `readable`, and for what is changed outside of
    `home`.
    """
    library = (
        *readable,
        str(Path(os.__file__).resolve().parent),
        "/usr/share/zoneinfo",
        "/dev/null",
    )
    opened = 0

    def is_below(path: object, folders: tuple[str, ...]) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return True  # a descriptor, which was opened before
        real = os.path.realpath(os.fsdecode(path))
        return any(real == folder or real.startswith(f"{folder}{os.sep}") for folder in folders)

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal opened
        if event == "open":
            path, _, flags = args
            writes = bool(isinstance(flags, int) and flags & WRITING)
            opened += writes
            allowed = is_below(path, (home,) if writes else (home, *library)) and opened <= FILES
        elif event in CHANGES:
            allowed = all(is_below(arg, (home,)) for arg in args if not isinstance(arg, int))
        elif event in READS:
            allowed = args[0] == ":memory:" or is_below(args[0], (home, *library))
        else:
            allowed = not event.startswith(FORBIDDEN)
        if not allowed:
            raise PermissionError(f"{event} is not allowed here")

    return hook


def tell(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """What an uncaught error says, in a line: a traceback repeats lines of any length."""
    line = " ".join(f"{kind.__name__}: {error}".split()).removesuffix(":")
    sys.stderr.write(f"\n{line[:TOLD]}\n")


def main(seconds: str, memory_bytes: str) -> None:
    """Limit this process, guard it, run the two files, and say that both came to their end."""
    sys.excepthook = tell
    limit(float(seconds), int(memory_bytes))
    home = Path.cwd().resolve()
    answer, test = str(home.with_name("answer.py")), str(home.with_name("test.py"))
    sys.addaudithook(guard(str(home), answer, test))
    try:
        names = runpy.run_path(answer, run_name="answer")
        runpy.run_path(test, names, run_name="test")
    except SystemExit:
        raise RuntimeError("it left before its tests had ended") from None
    os._exit(PASSED)


if __name__ == "__main__":
    main(*sys.argv[1:])
