"""Trackers that fail in the middle: fakes of their integrations, and real ones that are missing."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from selfinstruct import student
from selfinstruct.checkpoints.base import load_base
from selfinstruct.config import StudentConfig
from selfinstruct.errors import DivergedError
from selfinstruct.progress import silent
from selfinstruct.student.reporting import INTEGRATIONS, Reporter, end_reports, reporters
from selfinstruct.student.trainer import Watch, new_trainer
from selfinstruct.tracking import SENDERS, Fault, Track
from selfinstruct.types import Example

CFG = StudentConfig(device="cpu", max_steps=3, batch_size=4, micro_batch=4, rank=2)
ROWS = tuple(Example(f"Say {n}.", response="word " * (n % 3 + 1)) for n in range(6))
SYSTEM = "Answer shortly."

pytestmark = pytest.mark.usefixtures("one_thread")


class Tracker(TrainerCallback):
    """Notes what it is told, and fails where it is asked to."""

    def __init__(self, fails: Sequence[str]) -> None:
        self.heard: list[str] = []
        self._fails = fails

    def _hear(self, event: str) -> None:
        self.heard.append(event)
        if event in self._fails:
            raise ConnectionError("gone")

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self._hear("begin")

    def on_log(self, *given: Any, **_: Any) -> None:
        self._hear(f"step {given[1].global_step}")

    def on_train_end(self, *_: Any, **__: Any) -> None:
        self._hear("end")


def track(faults: list[Fault], *to: str, folder: Path = Path("F")) -> Track:
    return Track(to, "n", folder, faults.append)


@pytest.mark.parametrize(
    ("fails", "heard", "at"),
    [
        ((), ["begin", "step 1", "step 2", "end"], []),
        (("begin",), ["begin", "end"], ["the beginning"]),
        (("step 1",), ["begin", "step 1", "end"], ["step 1"]),
        (("step 2", "end"), ["begin", "step 1", "step 2", "end"], ["step 2", "the end"]),
    ],
)
def test_what_fails_is_told_no_more_steps_but_the_end(
    fails: Sequence[str], heard: list[str], at: list[str], tmp_path: Path
) -> None:
    faults: list[Fault] = []
    tracker = Tracker(fails)
    (reporter,) = reporters(track(faults, "mlflow"), {"mlflow": lambda _: tracker})
    args, control = TrainingArguments(output_dir=str(tmp_path)), TrainerControl()
    reporter.on_train_begin(args, TrainerState(), control)
    for step in (1, 2):
        reporter.on_log(args, TrainerState(global_step=step), control)
    for _ in range(2):  # the second time for a training that failed after its end
        reporter.on_train_end(args, TrainerState(), control)
    assert tracker.heard == heard
    assert faults == [Fault("mlflow", f"{each} of n", "ConnectionError: gone") for each in at]


def test_a_tracker_that_cannot_be_opened_is_told_nothing(tmp_path: Path) -> None:
    def closed(_: Track) -> TrainerCallback:
        raise OSError("the disk is full")

    faults: list[Fault] = []
    reporter = Reporter(track(faults, "tensorboard"), "tensorboard", closed)
    args, control = TrainingArguments(output_dir=str(tmp_path)), TrainerControl()
    reporter.on_train_begin(args, TrainerState(), control)
    reporter.on_log(args, TrainerState(global_step=1), control)
    reporter.on_train_end(args, TrainerState(), control)
    assert faults == [Fault("tensorboard", "the beginning of n", "OSError: the disk is full")]


@pytest.mark.parametrize(("rate", "steps"), [(None, 3), (1e30, 2)])
def test_the_trainer_tells_every_step_and_the_end_of_a_training_that_failed_too(
    rate: float | None, steps: int, tiny_base: Path, tmp_path: Path
) -> None:
    base, tracker = load_base(str(tiny_base), "cpu"), Tracker(())
    data = student.TokenReader(base.tokenizer, "response", SYSTEM).read(ROWS, 512)
    cfg, here = CFG.model_copy(update={"learning_rate": rate}), track([])
    trainer = new_trainer(base.shell(), base.tokenizer, data, cfg, 0, str(tmp_path), here)
    trainer.add_callback(Reporter(here, "mlflow", lambda _: tracker))
    trainer.add_callback(Watch(silent))
    if rate is None:
        trainer.train()
    else:
        with pytest.raises(DivergedError):
            trainer.train()
        assert "end" not in tracker.heard
    end_reports(trainer, here)
    told = [f"step {step}" for step in range(1, steps + 1)]
    assert list(dict.fromkeys(tracker.heard)) == ["begin", *told, "end"]
    assert tracker.heard.count("end") == 1


def test_a_tracker_that_is_gone_costs_no_training_and_changes_no_student(
    tiny_base: Path, tmp_path: Path
) -> None:
    missing = [name for name in SENDERS if importlib.util.find_spec(name) is None]
    if not missing:
        pytest.skip("every tracker is installed")
    faults: list[Fault] = []
    with student.Workshop(str(tiny_base), CFG, "response", SYSTEM) as workshop:
        told = workshop.train(ROWS, tmp_path / "a", 0, track=track(faults, missing[0]))
        alone = workshop.train(ROWS, tmp_path / "b", 0)
    assert told.checkpoint.digest == alone.checkpoint.digest
    assert (faults[0].tracker, faults[0].at) == (missing[0], "the beginning of n")
    assert missing[0] in faults[0].said.lower()


def test_a_training_that_diverges_closes_its_record_too(tiny_base: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("wandb") is not None:
        pytest.skip("wandb is installed")
    faults: list[Fault] = []
    hot = CFG.model_copy(update={"learning_rate": 1e30})
    with (
        student.Workshop(str(tiny_base), hot, "response", SYSTEM) as workshop,
        pytest.raises(DivergedError),
    ):
        workshop.train(ROWS, tmp_path / "a", 0, track=track(faults, "wandb"))
    assert [fault.at for fault in faults] == ["the beginning of n", "the end of n"]


def test_tensorboards_disk_that_takes_no_more_costs_no_training(
    tiny_base: Path, tmp_path: Path
) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    faults: list[Fault] = []
    here = track(faults, "tensorboard", folder=tmp_path / "trackers")
    here.board.parent.mkdir(parents=True)
    here.board.write_text("no folder")  # nothing can be written below it
    with student.Workshop(str(tiny_base), CFG, "response", SYSTEM) as workshop:
        workshop.train(ROWS, tmp_path / "a", 0, track=here)
    assert [fault.at for fault in faults] == ["the beginning of n"]
    assert (tmp_path / "a").is_dir()


def test_there_is_an_integration_for_every_tracker() -> None:
    assert {*INTEGRATIONS} == {*SENDERS}
