"""Fixtures that several files share."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# What is started here hears a hangup even where this process was told to ignore it, as by nohup.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Cases are not timed: these machines are shared, and a benchmark is where speed is measured.
# And they are the same in every run, so that a commit fails for what it changed; `make hunt` looks
# for new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("hunt", deadline=None, max_examples=1000)
settings.load_profile("same")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Several threads only wait for each other on matrices as small as the tiny model's."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model; nobody writes to it."""
    from tests.tiny import save_tiny_model

    return save_tiny_model(tmp_path_factory.mktemp("tiny") / "model")
