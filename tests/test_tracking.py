"""Each tracker as a fake that notes what it is told; TensorBoard is real where it is installed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import UserError
from selfinstruct.tracking import SENDERS, Track, end_training, require_trackers, send

NUMBERS = {"gate/gain": 0.25, "gate/accept": 1.0}
WORDS = "accept: better"


class Notes:
    """Stands for any module: every call is noted, by the names that lead to it."""

    def __init__(self, heard: list[tuple[Any, ...]], path: str = "") -> None:
        self._heard = heard
        self._path = path
        self.summary: dict[str, str] = {}

    def __getattr__(self, name: str) -> "Notes":
        return Notes(self._heard, f"{self._path}.{name}")

    def __call__(self, *given: Any, **named: Any) -> "Notes":
        self._heard.append((self._path.removeprefix("."), given, named))
        return self

    def __enter__(self) -> "Notes":
        return self

    def __exit__(self, *_: object) -> None:
        self._heard.append((f"{self._path.removeprefix('.')} ends", (), {}))


def loader(heard: list[tuple[Any, ...]]) -> Callable[[str], Any]:
    return lambda name: Notes(heard, name)


@pytest.mark.parametrize(
    ("to", "calls"),
    [
        (
            "tensorboard",
            [
                ("SummaryWriter", (), {"log_dir": "F/tensorboard/t round-1 gate seed 0"}),
                ("SummaryWriter.add_scalar", ("gate/gain", 0.25, 1), {}),
                ("SummaryWriter.add_scalar", ("gate/accept", 1.0, 1), {}),
                ("SummaryWriter.add_text", ("verdict", WORDS, 1), {}),
                ("SummaryWriter.close", (), {}),
            ],
        ),
        (
            "mlflow",
            [
                ("start_run", (), {"run_name": "t round-1 gate seed 0"}),
                ("log_metrics", (NUMBERS,), {"step": 1}),
                ("set_tag", ("verdict", WORDS), {}),
                ("start_run ends", (), {}),
            ],
        ),
        (
            "wandb",
            [
                ("init", (), {"project": "huggingface", "name": "t round-1 gate seed 0"}),
                ("init.log", (NUMBERS,), {"step": 1}),
                ("init.finish", (), {}),
            ],
        ),
        (
            "trackio",
            [
                ("init", (), {"project": "selfinstruct", "name": "t round-1 gate seed 0"}),
                ("log", ({**NUMBERS, "verdict": WORDS},), {"step": 1}),
                ("finish", (), {}),
            ],
        ),
    ],
)
def test_a_tracker_is_told_numbers_and_verdict(to: str, calls: list[tuple[Any, ...]]) -> None:
    heard: list[tuple[Any, ...]] = []
    send(Track((to,), "t round-1 gate seed 0", Path("F")), 1, NUMBERS, WORDS, loader(heard))
    module = "torch.utils.tensorboard" if to == "tensorboard" else to
    told = [(name.removeprefix(f"{module}."), given, named) for name, given, named in heard]
    assert told == calls


def test_every_tracker_is_told_in_order() -> None:
    heard: list[tuple[Any, ...]] = []
    send(Track(("trackio", "mlflow"), "n", Path("F")), 1, NUMBERS, WORDS, loader(heard))
    firsts = [name for name, *_ in heard if name in ("trackio.init", "mlflow.start_run")]
    assert firsts == ["trackio.init", "mlflow.start_run"]
    assert {*SENDERS} == {"tensorboard", "mlflow", "wandb", "trackio"}


def test_what_a_tracker_raises_is_not_swallowed() -> None:
    def load(name: str) -> Any:
        raise ConnectionError(name)

    with pytest.raises(ConnectionError, match="mlflow"):
        send(Track(("mlflow",), "n", Path("F")), 1, NUMBERS, WORDS, load)


@pytest.mark.parametrize(("to", "calls"), [(("wandb",), 1), (("mlflow", "trackio"), 0)])
def test_what_the_trainer_leaves_open_is_closed(to: tuple[str, ...], calls: int) -> None:
    heard: list[tuple[Any, ...]] = []
    end_training(Track(to, "n", Path("F")), loader(heard))
    assert [name for name, *_ in heard] == ["wandb.finish"] * calls


def test_a_tracker_that_is_not_here_is_refused() -> None:
    require_trackers(())
    with pytest.raises(UserError, match="names no_such_tracker, which is not installed") as raised:
        require_trackers(("json", "no_such_tracker"))
    assert raised.value.next_step == "pip install no_such_tracker"


def test_tensorboard_reads_what_was_sent(tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    reader = importlib.import_module(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator
    track = Track(("tensorboard",), "t round-1 gate seed 0", tmp_path)
    send(track, 3, NUMBERS, WORDS)
    found = reader(str(track.board)).Reload()
    assert [(each.step, each.value) for each in found.Scalars("gate/gain")] == [(3, 0.25)]
    assert "verdict/text_summary" in found.Tags()["tensors"]
