"""Signals and readers that leave, met by processes of their own; whole runs: `test_cli_run.py`."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTENS = """
import hashlib, os, sys, time
from pathlib import Path
from selfinstruct.cli.stopping import listen
from selfinstruct.signals import Stopped
listen()
"""
DEAF = """
while True:
    try:
        print('ready', flush=True)
        {work}
    except Stopped:
        pass
"""
WORK = {
    "swallows what is raised": "time.sleep(600)",
    "is in a call that does not return": "hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)",
}
CLOSES = """
try:
    print('ready', flush=True)
    time.sleep(60)
except Stopped as stopped:
    print('closing', flush=True)
    time.sleep(1)
    Path(sys.argv[1]).write_text('closed')
    sys.exit(stopped.exit_code)
"""


STARTED: list[subprocess.Popen[str]] = []


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    running = subprocess.Popen(
        [sys.executable, "-c", LISTENS + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    STARTED.append(running)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    return running


@pytest.fixture(autouse=True)
def _nobody_is_left() -> Iterator[None]:
    """A test that fails leaves no process that works on."""
    yield
    while STARTED:
        STARTED.pop().kill()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("work", WORK)
def test_a_second_signal_ends_what_does_not_hear_the_first(
    work: str, first: signal.Signals
) -> None:
    running = start(DEAF.format(work=WORK[work]))
    running.send_signal(first)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.3)
    running.send_signal(signal.SIGTERM)
    _, stderr = running.communicate(timeout=60)  # either work takes longer
    assert (running.returncode, stderr) == (143, "")


def test_a_terminal_that_hangs_up_twice_is_heard_once(tmp_path: Path) -> None:
    running = start(CLOSES, str(tmp_path / "done"))
    running.send_signal(signal.SIGHUP)
    assert running.stdout is not None
    assert running.stdout.readline() == "closing\n"
    running.send_signal(signal.SIGHUP)
    assert running.wait(60) == 129
    assert (tmp_path / "done").read_text() == "closed"


def test_under_nohup_a_hangup_is_nothing() -> None:
    code = (
        "import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        f"{LISTENS}os.kill(os.getpid(), signal.SIGHUP)\nprint('still here')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout) == (0, "still here\n")


def test_what_is_closed_after_the_terminal_is_gone_is_closed_to_the_end(tmp_path: Path) -> None:
    """What a command prints on its way out has nowhere to go, and must not be what stops it."""
    own, its = pty.openpty()
    controlled = "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    running = subprocess.Popen(
        [sys.executable, "-c", controlled + LISTENS + CLOSES, str(tmp_path / "done")],
        stdin=its,
        stdout=its,
        stderr=its,
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(its)
    assert os.read(own, 5) == b"ready"
    os.close(own)
    assert running.wait(60) == 129
    assert (tmp_path / "done").read_text() == "closed"
