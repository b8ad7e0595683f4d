"""Python that nobody has read, run in a process of its own: `boxed` says what it may not do there.

What this is for: answers that loop, leak, fork, write or call home by mistake, and those that end
early to seem right. The kernel bounds the processor's time, the address space and the size of a
file, and gives it no second process or thread, but for root's; on Linux, where user namespaces are
allowed, there is no network either. Python's audit hooks refuse the rest: other processes, sockets,
foreign libraries, reading outside of the standard library, writing outside of a folder that is
deleted afterwards. It has the standard library alone, none of your environment and no input; what
it prints is thrown away.

What it is not: a wall against an attacker. Audit hooks can be got round by whoever sets out to (PEP
578), a bug of the interpreter is no longer contained, and the disk holds what `boxed.FILES` files
of 1 MiB take. If somebody may have written answers to harm you, run all of it in a container or a
virtual machine without secrets.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from selfinstruct.config import ExecutableConfig
from selfinstruct.filters import boxed
from selfinstruct.text import without_surrogates

STARTING_S = 5.0
"""Seconds of the clock on top of `timeout_s`, in which a busy machine starts an interpreter."""


def run_python(answer: str, test: str, cfg: ExecutableConfig) -> str | None:
    """An answer's code and tests that use its names in; None where both came to their end.

    Else what went wrong, in a few words: the last line of the error, `timeout`, or the signal.
    """
    with tempfile.TemporaryDirectory(prefix="selfinstruct-") as name:
        folder = Path(name)
        for file, text in (("answer.py", answer), ("test.py", test)):
            (folder / file).write_text(without_surrogates(text), encoding="utf-8")
        home = folder / "home"
        home.mkdir()
        errors = folder / "errors"
        memory = cfg.memory_mib << 20
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", boxed.__file__]
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                [*command, str(cfg.timeout_s), str(memory)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=home,
                env={},
                start_new_session=True,
            )
        try:
            status = process.wait(cfg.timeout_s + STARTING_S)
        except subprocess.TimeoutExpired:
            return "timeout"
        finally:
            _end(process)
        return _told(status, errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and what it started, none of which is asked."""
    with contextlib.suppress(ProcessLookupError):  # all of them have ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _told(status: int, errors: Path) -> str | None:
    if status == boxed.PASSED:
        return None
    if status == -signal.SIGXCPU:
        return "timeout"
    if status < 0:
        return f"killed by signal {-status}"
    lines = errors.read_text(encoding="utf-8", errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last[: boxed.TOLD] or f"exit status {status}"
