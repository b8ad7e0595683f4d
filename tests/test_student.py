import gc
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from selfinstruct import chat, student
from selfinstruct.config import StudentConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.student.tokens import IGNORED
from selfinstruct.student.trainer import LoraTrainer, load_base, new_trainer
from selfinstruct.types import Checkpoint, Example, Progress
from tests import tiny

SYSTEM = "Answer shortly."
CFG = StudentConfig(device="cpu", max_steps=2, batch_size=4, micro_batch=2, rank=4)
ROWS = tuple(
    Example(f"Say yes {n % 5 + 1} times.", input="now" * (n % 3), response="yes " * (n % 5 + 1))
    for n in range(6)
)

Train = Callable[..., Checkpoint]

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def train(tiny_base: Path, tmp_path: Path) -> Train:
    def run(
        rows: tuple[Example, ...] = ROWS,
        cfg: StudentConfig = CFG,
        seed: int = 0,
        out: str = "adapter",
        target: chat.Target = "response",
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> Checkpoint:
        return student.train(
            rows, str(tiny_base), cfg, target, SYSTEM, tmp_path / out, seed, on_progress, "pupil"
        )

    return run


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_trl_trains_on_these_very_labels(tiny_base: Path, tmp_path: Path) -> None:
    model, tokenizer = load_base(tiny_base, "cpu")
    data = student.tokenise(ROWS, tokenizer, 512, "response", SYSTEM)
    trainer = new_trainer(model, tokenizer, data, CFG, 0, str(tmp_path))
    answers = []
    for batch in trainer.get_train_dataloader():
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
            kept = labels != IGNORED
            assert torch.equal(ids[kept], labels[kept])
            answers.append(tokenizer.decode(labels[kept]))
    expected = [chat.reference(row, "response") + "<|im_end|>" for row in ROWS]
    assert sorted(answers) == sorted(expected)


def test_two_runs_give_the_same_adapter_and_another_seed_another(train: Train) -> None:
    first, again, other = train(out="a"), train(out="b"), train(out="c", seed=1)
    assert first.digest == again.digest != other.digest
    assert first.name == "pupil"


def test_the_size_on_the_device_changes_no_more_than_the_last_digits(train: Train) -> None:
    losses: dict[int, list[str]] = {1: [], 4: []}
    for micro, notes in losses.items():
        cfg = CFG.model_copy(update={"micro_batch": micro})
        train(cfg=cfg, out=str(micro), on_progress=lambda p, notes=notes: notes.append(p.note))
    assert losses[1] == losses[4] != []


def test_the_student_learns(train: Train) -> None:
    notes: list[float] = []
    cfg = CFG.model_copy(update={"max_steps": 15, "learning_rate": 2e-2})
    train(cfg=cfg, on_progress=lambda progress: notes.append(float(progress.note.split()[1])))
    assert notes[-1] < notes[0] / 2


def test_every_step_is_reported(train: Train) -> None:
    seen: list[Progress] = []
    train(on_progress=seen.append)
    assert [(p.stage, p.done, p.total, p.unit) for p in seen] == [
        ("train", step, 2, "steps") for step in (1, 2)
    ]
    assert all(progress.note.startswith("loss ") for progress in seen)


@pytest.mark.parametrize(("epochs", "steps"), [(1.0, 2), (2.0, 4), (0.5, 1)])
def test_epochs_count_passes_over_the_rows(train: Train, epochs: float, steps: int) -> None:
    seen: list[Progress] = []
    train(cfg=CFG.model_copy(update={"max_steps": None, "epochs": epochs}), on_progress=seen.append)
    assert seen[-1].done == seen[-1].total == steps


def test_training_says_nothing_and_leaves_only_the_adapter(
    train: Train, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train()
    assert capfd.readouterr() == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]
    assert {path.name for path in (tmp_path / "adapter").iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    }


def test_the_adapter_names_no_folder_of_this_machine(train: Train, tiny_base: Path) -> None:
    checkpoint = train()
    assert checkpoint.adapter is not None
    settings = json.loads((checkpoint.adapter / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == tiny_base.name
    assert settings["target_modules"] == sorted(settings["target_modules"])
    assert checkpoint.base == str(tiny_base)


def test_the_model_is_gone_when_training_is_done(train: Train) -> None:
    train()
    assert not [thing for thing in gc.get_objects() if type(thing) is LoraTrainer]


def test_an_adapter_in_the_way_is_replaced_and_anything_else_is_not(
    train: Train, tmp_path: Path
) -> None:
    old = train(cfg=CFG.model_copy(update={"max_steps": 1}))
    assert train().digest != old.digest
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="exists and is no adapter"):
        train(out="mine")


def test_a_row_that_is_too_long_is_refused_by_name_before_training(
    train: Train, tmp_path: Path
) -> None:
    long = Example("Count far", response="many " * 200)
    with pytest.raises(UserError) as caught:
        train(rows=(*ROWS, long))
    assert all(word in str(caught.value) for word in ("1 of 7", long.id, "512", "never cut"))
    assert list(tmp_path.iterdir()) == []


def test_no_rows_are_refused(train: Train) -> None:
    with pytest.raises(UserError, match="no rows to train on"):
        train(rows=())


def test_training_stops_at_the_first_loss_that_is_no_number(train: Train, tmp_path: Path) -> None:
    seen: list[Progress] = []
    with pytest.raises(IncompleteError) as caught:
        train(cfg=CFG.model_copy(update={"learning_rate": 1e30}), on_progress=seen.append)
    assert "diverged at step 2 of 2" in caught.value.what
    assert "learning rate" in caught.value.what
    assert "student.learning_rate=" in caught.value.next_step
    assert [progress.done for progress in seen] == [1]
    assert list(tmp_path.iterdir()) == []


def test_a_poisoned_base_is_noticed_at_once(tmp_path: Path) -> None:
    folder = tiny.save_tiny_model(tmp_path / "poisoned")
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][0] = math.nan
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(IncompleteError, match="at step 1 of 2: loss nan"):
        student.train(ROWS, str(folder), CFG, "response", SYSTEM, tmp_path / "adapter", seed=0)


def test_a_base_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be loaded"):
        student.train(ROWS, str(tmp_path), CFG, "response", SYSTEM, tmp_path / "adapter", seed=0)
