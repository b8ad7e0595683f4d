"""The lock that keeps a database to one writing process, held for as long as that process lives.

The system lets go of it when the process dies, however it dies. What the file says is for people,
but for its second line: that stands there only while the ledger has its write-ahead log, so that a
log which went missing after a crash is noticed.
"""

import errno
import fcntl
import os
import platform
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from selfinstruct.disk.files import open_private
from selfinstruct.errors import StoreError
from selfinstruct.failpoints import failpoint

NAME = "run.lock"
OPEN = "its ledger is open"
LONGEST = 1 << 20
"""Bytes of the file that are read: more than any command line."""


@dataclass(frozen=True)
class Lock:
    """A held lock; `left_open` if whoever held it last did not close the ledger."""

    handle: IO[bytes]
    holder: str
    left_open: bool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def mark_open(self) -> None:
        """Say that the write-ahead log exists from here on."""
        _write(self.handle, f"{self.holder}\n{OPEN}\n")

    def mark_closed(self) -> None:
        """Say that the write-ahead log may go; to be called before it does."""
        _write(self.handle, f"{self.holder}\n")

    def release(self) -> None:
        """Let another process have it."""
        self.handle.close()


def lock(folder: Path, name: str = NAME) -> Lock:
    """Take `run.lock`, or another of that name, at once or not at all.

    Raises `StoreError` that names the holder, or says why the folder cannot be written to.
    """
    try:
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            failpoint("folder.made")
            folder.chmod(0o700)  # whatever the umask; one that was there keeps its owner's choice
        handle = os.fdopen(open_private(folder / name, os.O_RDWR), "r+b", buffering=0)
        try:
            return _take(handle, folder / name)
        except BaseException:
            handle.close()
            raise
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written to: {error.strerror}",
            next_step="mend that, or name another place with out=FOLDER",
        ) from None


def _take(handle: IO[bytes], path: Path) -> Lock:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = (_read(handle) or ["another process"])[0]
        folder = path.parent
        what = str(folder) if path.name == NAME else f"{folder} ({path.stem})"
        raise StoreError(
            f"{what} is in use by {holder}",
            next_step=f"wait for it, or watch it with: selfinstruct status {folder}",
        ) from None
    held = Lock(handle, _me(), OPEN in _read(handle))
    # The mark of the last holder stays until the ledger has been found to be whole.
    held.mark_open() if held.left_open else held.mark_closed()
    return held


def left_open(folder: Path) -> bool:
    """Whether the last line of the file says that a process has, or had, the ledger open."""
    path = folder / NAME
    return path.exists() and OPEN in path.read_text("utf-8", errors="replace").split("\n")


def _me() -> str:
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    # On one line: a setting given on the command line may hold anything.
    return " ".join(f"process {os.getpid()} on {platform.node()} since {since}: {command}".split())


def _read(handle: IO[bytes]) -> list[str]:
    handle.seek(0)
    return handle.read(LONGEST).decode(errors="replace").splitlines()


def _write(handle: IO[bytes], text: str) -> None:
    """Over what stands there, and cut afterwards: on a full disk, or killed in between, the mark
    that was there still is.
    """
    data = text.encode(errors="replace")
    handle.seek(0)
    if handle.write(data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    failpoint("lock.written")
    handle.truncate(len(data))
    os.fsync(handle.fileno())
