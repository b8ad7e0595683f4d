"""Experiment trackers: where a training reports to, and a round's numbers sent to the same place.

Losses are sent by the Trainer's own integrations. What a round came to goes through each tracker's
own few calls, below. The ledger stays the truth: a tracker is told once, when a round has ended,
and never asked. Where data goes is the tracker's own setting; none is sent anywhere by default but
into the run's folder (TensorBoard) or to what the tracker is set up for.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.errors import UserError

PROJECT = "selfinstruct"
Load = Callable[[str], Any]


@dataclass(frozen=True)
class Track:
    """Where one student's training reports: the trackers, its name there, a folder for files."""

    to: tuple[str, ...]
    name: str
    folder: Path

    @property
    def board(self) -> Path:
        """Where TensorBoard finds it: one folder a training, all below one log directory."""
        return self.folder / "tensorboard" / self.name

    @property
    def others(self) -> tuple[str, ...]:
        """The trackers that keep their records elsewhere."""
        return tuple(name for name in self.to if name != "tensorboard")


def require_trackers(to: Sequence[str]) -> None:
    """Raises `UserError` with the command that installs it for a tracker that is not here."""
    for name in to:
        if importlib.util.find_spec(name) is None:
            raise UserError(
                f"student.report_to names {name}, which is not installed",
                next_step=f"pip install {name}",
            )


def send(
    track: Track,
    step: int,
    numbers: Mapping[str, float],
    words: str,
    load: Load = importlib.import_module,
) -> None:
    """Numbers by name and a sentence to every tracker, as a record of the track's name.

    Raises what a tracker raises: a run that reports nowhere in silence would be no better.
    """
    for name in track.to:
        SENDERS[name](track, step, numbers, words, load)


def end_training(track: Track, load: Load = importlib.import_module) -> None:
    """Close what the Trainer's integrations leave open: wandb's run, which the next would join."""
    if "wandb" in track.to:
        load("wandb").finish()


def _to_tensorboard(
    track: Track, step: int, numbers: Mapping[str, float], words: str, load: Load
) -> None:
    writer = load("torch.utils.tensorboard").SummaryWriter(log_dir=str(track.board))
    for name, value in numbers.items():
        writer.add_scalar(name, value, step)
    writer.add_text("verdict", words, step)
    writer.close()


def _to_mlflow(
    track: Track, step: int, numbers: Mapping[str, float], words: str, load: Load
) -> None:
    mlflow = load("mlflow")
    with mlflow.start_run(run_name=track.name):
        mlflow.log_metrics(dict(numbers), step=step)
        mlflow.set_tag("verdict", words)


def _to_wandb(
    track: Track, step: int, numbers: Mapping[str, float], words: str, load: Load
) -> None:
    # The project that the Trainer's own integration reports to.
    project = os.environ.get("WANDB_PROJECT", "huggingface")
    run = load("wandb").init(project=project, name=track.name)
    run.log(dict(numbers), step=step)
    run.summary["verdict"] = words
    run.finish()


def _to_trackio(
    track: Track, step: int, numbers: Mapping[str, float], words: str, load: Load
) -> None:
    trackio = load("trackio")
    trackio.init(project=PROJECT, name=track.name)
    trackio.log({**numbers, "verdict": words}, step=step)
    trackio.finish()


SENDERS: Mapping[str, Callable[[Track, int, Mapping[str, float], str, Load], None]] = {
    "tensorboard": _to_tensorboard,
    "mlflow": _to_mlflow,
    "wandb": _to_wandb,
    "trackio": _to_trackio,
}
