"""Experiment trackers: where a training reports to, and a round's numbers sent to the same place.

Losses are sent by the Trainer's own integrations. What a round came to goes through each tracker's
own few calls, below. The ledger stays the truth: a tracker is told once, when a round has ended, or
at the next start where a kill came between, and never asked. Where data goes is the tracker's own
setting; none is sent anywhere by default but into the run's folder (TensorBoard) or to what the
tracker is set up for.

A tracker is a convenience. What can be known of it is asked before anything is spent; from then on
no fault of it ends a training: it goes to the track's listener, in words.
"""

import importlib
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from selfinstruct.errors import UserError
from selfinstruct.redaction import redact, secrets_in

PROJECT = "selfinstruct"
MOST_SAID = 300
"""Characters of a tracker's own words that are kept."""
FAULTS = "tracker_faults"
"""Where a ledger keeps the faults of its run's trackers, the oldest first."""
UNSENT = "unsent"
"""Where a ledger keeps the round that trackers are yet to be told of, from its beginning on."""
PATIENCE_S = 10.0
"""How long an MLflow server may take to answer before a run; its own client tries for minutes."""
Load = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a tracker failed at, such as `step 3 of t round-1 seed 0`, and what it said."""

    tracker: str
    at: str
    said: str

    @property
    def words(self) -> str:
        """As people read it."""
        return f"{self.tracker} failed at {self.at}, and the run went on: {self.said}"


OnFault = Callable[[Fault], None]


@dataclass(frozen=True)
class Track:
    """Where one student's training reports: the trackers, its name there, a folder for files, and
    who hears of a tracker's fault.
    """

    to: tuple[str, ...]
    name: str
    folder: Path
    on_fault: OnFault

    @property
    def board(self) -> Path:
        """Where TensorBoard finds it: one folder a training, all below one log directory."""
        return self.folder / "tensorboard" / self.name


def require_trackers(to: Sequence[str]) -> None:
    """Raises `UserError` with the command that installs it for a tracker that is not here."""
    for name in to:
        if importlib.util.find_spec(name) is None:
            raise UserError(
                f"student.report_to names {name}, which is not installed",
                next_step=f"pip install {name}",
            )


def require_ready(to: Sequence[str], load: Load = importlib.import_module) -> None:
    """Raises `UserError` for a tracker that is known beforehand to take nothing: one that does not
    load, wandb without a key that holds, an MLflow store that does not answer. Nothing is logged.
    """
    for name in to:
        try:
            CHECKS[name](load)
        except Exception as error:
            raise UserError(
                f"student.report_to names {name}, which would take nothing",
                why=_said(error),
                next_step=f"{REMEDIES[name]}, or take {name} out of student.report_to",
            ) from error


def spare(track: Track, tracker: str, at: str, work: Callable[[], object]) -> bool:
    """Do a tracker's work, and whether that went well; its fault is told to the track's listener.

    The one place where whatever an outside library raises is no reason to stop: it would cost a
    training of an hour that has nothing to do with it.
    """
    try:
        work()
    except Exception as error:  # noqa: BLE001 - told and kept, as the docstring says
        track.on_fault(Fault(tracker, f"{at} of {track.name}", _said(error)))
        return False
    return True


def send(
    track: Track,
    step: int,
    numbers: Mapping[str, float],
    words: str,
    load: Load = importlib.import_module,
) -> None:
    """Numbers by name and a sentence to every tracker, as a record of the track's name.

    One that fails is told to the track's listener and keeps none of the others from theirs.
    """
    for name in track.to:
        spare(track, name, "the end", partial(SENDERS[name], track, step, numbers, words, load))


def end_training(track: Track, load: Load = importlib.import_module) -> None:
    """Close what the Trainer's integrations leave open: wandb's run, which the next would join."""
    if "wandb" in track.to:
        spare(track, "wandb", "the end", lambda: load("wandb").finish())


def _said(error: Exception) -> str:
    """An error in one line, without keys."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return redact(said, secrets_in(os.environ))[:MOST_SAID]


def _check_tensorboard(load: Load) -> None:
    load("torch.utils.tensorboard")


def _check_mlflow(load: Load) -> None:
    mlflow = load("mlflow")
    place = str(mlflow.get_tracking_uri())
    if place.startswith(("http://", "https://")):
        try:
            urlopen(place, timeout=PATIENCE_S).close()
        except HTTPError:  # it is there; whether we may ask is for its own client to tell
            pass
        except OSError as error:
            raise ConnectionError(f"{place} does not answer: {error}") from error
    mlflow.MlflowClient().search_experiments(max_results=1)


def _check_wandb(load: Load) -> None:
    wandb = load("wandb")
    if wandb.setup().settings.mode in ("online", "shared") and not wandb.login(prompt=False):
        raise LookupError("there is no key for it on this machine")


def _check_trackio(load: Load) -> None:
    load("trackio")


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
CHECKS: Mapping[str, Callable[[Load], None]] = {
    "tensorboard": _check_tensorboard,
    "mlflow": _check_mlflow,
    "wandb": _check_wandb,
    "trackio": _check_trackio,
}
REMEDIES = {
    "tensorboard": "pip install --upgrade tensorboard",
    "mlflow": "start the server that MLFLOW_TRACKING_URI names, or set it to one that runs",
    "wandb": "wandb login, or set WANDB_MODE=offline to keep its records on this machine",
    "trackio": "pip install --upgrade trackio",
}
"""The command to type for a tracker that a check refuses."""
