"""A training's trackers as callbacks of the Trainer, each of them spared: see `tracking`."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.integrations.integration_utils import (
    MLflowCallback,
    TensorBoardCallback,
    TrackioCallback,
    WandbCallback,
)

from selfinstruct.tracking import Track, end_training, spare

Integration = Callable[[Track], TrainerCallback]


def _board(track: Track) -> TrainerCallback:
    # Left to itself it would write into the scratch folder, which ends with the training.
    writer = importlib.import_module("torch.utils.tensorboard").SummaryWriter
    return TensorBoardCallback(writer(log_dir=str(track.board)))  # type: ignore[no-untyped-call]


INTEGRATIONS: Mapping[str, Integration] = {
    "tensorboard": _board,
    "mlflow": lambda _: MLflowCallback(),  # type: ignore[no-untyped-call]
    "wandb": lambda _: WandbCallback(),  # type: ignore[no-untyped-call]
    "trackio": lambda _: TrackioCallback(),  # type: ignore[no-untyped-call]
}


class Reporter(TrainerCallback):
    """One tracker's own integration, whose fault ends no training.

    After a first fault it is told no more steps: a server that is gone would take minutes of each.
    It is still told the end, which closes its record. Integrations hear of nothing else here, since
    nothing is saved, predicted or pushed.
    """

    def __init__(self, track: Track, tracker: str, begin: Integration) -> None:
        self._track = track
        self._tracker = tracker
        self._begin = begin
        self._integration: TrainerCallback | None = None
        self._lost = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **told: Any
    ) -> None:
        """Open the tracker and tell it what is trained, and how."""

        def work() -> None:
            self._integration = self._begin(self._track)
            self._integration.on_train_begin(args, state, control, **told)

        self._lost = not spare(self._track, self._tracker, "the beginning", work)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **told: Any
    ) -> None:
        """Tell it a step."""
        integration = self._integration
        if integration is None or self._lost:
            return

        def work() -> None:
            integration.on_log(args, state, control, **told)

        self._lost = not spare(self._track, self._tracker, f"step {state.global_step}", work)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **told: Any
    ) -> None:
        """Tell it the end, once, though called again."""
        integration, self._integration = self._integration, None
        if integration is None:
            return

        def work() -> None:
            integration.on_train_end(args, state, control, **told)

        spare(self._track, self._tracker, "the end", work)


def reporters(track: Track, integrations: Mapping[str, Integration]) -> list[Reporter]:
    """A callback for each tracker of a track."""
    return [Reporter(track, name, integrations[name]) for name in track.to]


def end_reports(trainer: Trainer, track: Track) -> None:
    """Close every tracker's record, also that of a training that failed: the next would join it."""
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, Reporter):
            callback.on_train_end(trainer.args, trainer.state, trainer.control)
    end_training(track)
