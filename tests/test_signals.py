"""Signals that wait for what is paid for: told of by hand, and sent to a process of its own."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from selfinstruct.signals import Stopped, arrive, told_of_signals
from selfinstruct.store import Store
from tests.stub import Scenario, serving

ROOT = Path(__file__).parents[1]
ASKS = """
import sys
from contextlib import closing
from pathlib import Path
from selfinstruct.cli.stopping import listen
from selfinstruct.config import BudgetConfig, ModelConfig
from selfinstruct.served import ServedModel
from selfinstruct.signals import Stopped
from selfinstruct.store import Store
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import Message, Prompt, Sampling

listen()
url, folder = sys.argv[1:]
model = ServedModel(ModelConfig(backend="openai", name="m", base_url=url, parallel=4))
prompts = [Prompt((Message("user", f"number {n}"),), "t", "1") for n in range(100)]
tell = lambda progress: progress.note and print(progress.note, flush=True)
try:
    with closing(model), Store(Path(folder), write=True) as store:
        ask(Teacher(model, store, BudgetConfig(), on_progress=tell), 1, 0, prompts, Sampling(), 1)
except Stopped as stopped:
    sys.exit(stopped.exit_code)
"""


def test_where_nobody_waits_a_signal_is_raised_at_once() -> None:
    with pytest.raises(Stopped) as stopped:
        arrive(signal.SIGTERM)
    assert stopped.value.exit_code == 143


def test_who_waits_is_told_and_ends_first() -> None:
    heard: list[str] = []
    with (
        pytest.raises(Stopped) as stopped,
        told_of_signals(lambda: heard.append("outer")),
    ):
        with told_of_signals(lambda: heard.append("inner")):
            pass
        arrive(signal.SIGINT)
        heard.append("went on")
    assert (heard, stopped.value.exit_code) == (["outer", "went on"], 130)
    with pytest.raises(Stopped):  # nobody waits any more
        arrive(signal.SIGINT)


def test_without_a_signal_nothing_is_raised_and_an_error_stays_itself() -> None:
    with told_of_signals(lambda: None):
        pass
    with pytest.raises(ValueError, match="own"), told_of_signals(lambda: None):
        arrive(signal.SIGINT)
        raise ValueError("its own")


def test_another_thread_keeps_no_signal_from_the_main_one() -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait() -> None:
        with told_of_signals(lambda: None):
            entered.set()
            leave.wait(60)

    other = threading.Thread(target=wait)
    other.start()
    entered.wait(60)
    with pytest.raises(Stopped):
        arrive(signal.SIGINT)
    leave.set()
    other.join()


def asking(url: str, folder: Path) -> subprocess.Popen[str]:
    """A process that asks the stub at this address and keeps its answers in the folder."""
    return subprocess.Popen(
        [sys.executable, "-c", ASKS, url, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_calls_under_way_come_in_after_a_signal_and_no_more_are_made(
    number: signal.Signals, tmp_path: Path
) -> None:
    with serving(Scenario(latency_s=1.0)) as stub:
        running = asking(stub.url, tmp_path)
        try:
            while len(stub.seen) < 6:  # four came in, and others are under way
                assert running.poll() is None
                time.sleep(0.02)
            running.send_signal(number)
            told, _ = running.communicate(timeout=60)
        finally:
            running.kill()
        asked = len(stub.seen)
    assert running.returncode == 128 + number
    assert told.startswith("stopping: ")
    assert 6 <= asked <= 8
    with Store(tmp_path) as store:
        assert [call["state"] for call in store.calls()].count("done") == asked


def test_a_second_signal_waits_for_no_call(tmp_path: Path) -> None:
    with serving(Scenario(latency_s=30.0)) as stub:
        running = asking(stub.url, tmp_path)
        try:
            while not stub.seen:
                assert running.poll() is None
                time.sleep(0.02)
            running.send_signal(signal.SIGINT)
            assert running.stdout is not None
            assert running.stdout.readline().startswith("stopping: ")
            began = time.monotonic()
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 130
            assert time.monotonic() - began < 10
        finally:
            running.kill()
