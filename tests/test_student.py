import gc
import importlib.util
import json
import math
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from selfinstruct import chat, student
from selfinstruct.checkpoints.base import Base, load_base
from selfinstruct.config import StudentConfig
from selfinstruct.errors import DivergedError, OutOfMemoryError, UserError
from selfinstruct.models import open_student
from selfinstruct.progress import Progress
from selfinstruct.student.tokens import IGNORED
from selfinstruct.student.trainer import LoraTrainer, new_trainer
from selfinstruct.tracking import Fault, Track
from selfinstruct.types import Checkpoint, Example, Message
from tests import tiny
from tests.narrow import Narrow

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
    base = load_base(str(tiny_base), "cpu")
    tokenizer = base.tokenizer
    data = student.TokenReader(tokenizer, "response", SYSTEM).read(ROWS, 512)
    trainer = new_trainer(base.shell(), tokenizer, data, CFG, 0, str(tmp_path))
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
    seen: list[float] = []
    cfg = CFG.model_copy(update={"max_steps": 15, "learning_rate": 2e-2})
    train(cfg=cfg, on_progress=lambda progress: seen.append(progress.loss or math.nan))
    assert seen[-1] < seen[0] / 2


TALKS = tuple(
    Example(
        "And you?",
        response="fine " * (n % 3 + 1),
        turns=(
            Message("user", f"Say no {n} times."),
            Message("assistant", "no " * n),
            Message("user", "Thanks."),
            Message("assistant", "Welcome."),
        ),
    )
    for n in range(1, 5)
)
EVERY = CFG.model_copy(update={"train_on": "every_assistant_turn"})


def test_the_loss_is_the_mean_over_every_turn_as_evaluation_scores_it(
    train: Train, tiny_base: Path
) -> None:
    seen: list[float] = []
    train(rows=TALKS, cfg=EVERY, on_progress=lambda told: seen.append(told.loss or math.nan))
    talks = [chat.conversation(row, "response", SYSTEM) for row in TALKS]
    ends = [talk[:end] for talk in talks for end in (3, 5, 7)]
    base = Checkpoint("base", str(tiny_base), None, "")
    with closing(open_student(base, "cpu", 4)) as model:
        scored = model.nll(ends)
    tokens = sum(found.tokens for found in scored)
    expected = sum(found.mean * found.tokens for found in scored) / tokens
    assert seen[0] == pytest.approx(expected, rel=1e-5)


def test_rows_of_one_answer_give_the_same_student_to_the_bit(train: Train) -> None:
    assert train(out="last").digest == train(cfg=EVERY, out="every").digest
    last, every = (train(rows=TALKS, cfg=cfg, out="talks") for cfg in (CFG, EVERY))
    assert last.digest != every.digest


def test_every_step_is_reported(train: Train) -> None:
    seen: list[Progress] = []
    train(on_progress=seen.append)
    assert [(p.stage, p.done, p.total, p.unit) for p in seen] == [
        ("train", step, 2, "steps") for step in (1, 2)
    ]
    assert all(p.loss is not None and p.note == f"loss {p.loss:.3f}" for p in seen)


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
    with pytest.raises(DivergedError) as caught:
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
    with pytest.raises(DivergedError, match="at step 1 of 2: loss nan"):
        student.train(ROWS, str(folder), CFG, "response", SYSTEM, tmp_path / "adapter", seed=0)


def test_weights_that_the_last_update_made_no_numbers_are_no_student(
    train: Train, tmp_path: Path
) -> None:
    """The loss is that of the weights before; 1e39 is more than a float32 holds."""
    seen: list[Progress] = []
    cfg = CFG.model_copy(update={"learning_rate": 1e39, "max_steps": 1, "warmup": 0.0})
    with pytest.raises(DivergedError, match="at the last of 1 steps: weights are no numbers"):
        train(cfg=cfg, on_progress=seen.append)
    assert [progress.loss is not None for progress in seen] == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_base_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be loaded"):
        student.train(ROWS, str(tmp_path), CFG, "response", SYSTEM, tmp_path / "adapter", seed=0)


@pytest.fixture
def workshop(tiny_base: Path) -> Iterator[student.Workshop]:
    with student.Workshop(str(tiny_base), CFG, "response", SYSTEM) as opened:
        yield opened


def content(workshop: student.Workshop) -> dict[str, torch.Tensor]:
    assert workshop.base is not None
    return {name: value.clone() for name, value in workshop.base.model.state_dict().items()}


def assert_same(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> None:
    assert before.keys() == after.keys()
    for name, value in before.items():
        assert torch.equal(value, after[name]), name


def nlls(checkpoint: Checkpoint, base: Base | None) -> list[float]:
    with closing(open_student(checkpoint, "cpu", 4, base)) as model:
        rows = [chat.conversation(row, "response", SYSTEM) for row in ROWS]
        return [score.mean for score in model.nll(rows)]


def test_a_student_trained_third_in_a_workshop_is_the_one_trained_alone(
    workshop: student.Workshop, train: Train, tmp_path: Path
) -> None:
    before = content(workshop)
    for seed, rows in enumerate((ROWS[:3], ROWS[2:])):
        workshop.train(rows, tmp_path / f"other{seed}", seed + 7)
        assert_same(before, content(workshop))
    third, alone = workshop.train(ROWS, tmp_path / "third", 0).checkpoint, train(out="alone")
    assert third.digest == alone.digest
    shared = nlls(third, workshop.base)
    assert shared == nlls(alone, None)
    assert_same(before, content(workshop))
    plain = Checkpoint("base", third.base, None, "")
    assert nlls(plain, workshop.base) == nlls(plain, None) != shared


def test_scoring_between_two_trainings_changes_neither(
    workshop: student.Workshop, tmp_path: Path
) -> None:
    first = workshop.train(ROWS, tmp_path / "a", 0).checkpoint
    scores = nlls(first, workshop.base)
    again = workshop.train(ROWS, tmp_path / "b", 0).checkpoint
    assert again.digest == first.digest
    assert nlls(again, workshop.base) == scores


@pytest.mark.parametrize("failure", ["diverges", "has a row too long", "is stopped"])
def test_a_training_that_fails_leaves_the_base_as_it_was(
    failure: str, tiny_base: Path, train: Train, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        if failure == "is stopped":
            raise KeyboardInterrupt(progress.stage)

    rate = 1e30 if failure == "diverges" else None
    cfg = CFG.model_copy(update={"learning_rate": rate})
    rows = (*ROWS, Example("Count", response="many " * 200)) if "row" in failure else ROWS
    with student.Workshop(str(tiny_base), cfg, "response", SYSTEM) as workshop:
        before = content(workshop)
        with pytest.raises((UserError, KeyboardInterrupt)):
            workshop.train(rows, tmp_path / "failed", 0, stop)
        assert_same(before, content(workshop))
        if failure != "diverges":
            after = workshop.train(ROWS, tmp_path / "after", 0).checkpoint
            assert after.digest == train(out="alone").digest
    assert not (tmp_path / "failed").exists()


def test_the_steps_of_one_training_can_be_set(workshop: student.Workshop, tmp_path: Path) -> None:
    seen: list[Progress] = []
    trained = workshop.train(ROWS, tmp_path / "a", 0, seen.append, steps=1)
    assert [(progress.done, progress.total) for progress in seen] == [(1, 1)]
    assert trained.seconds > 0


def test_tensorboard_is_told_every_step_and_the_student_is_the_same(
    workshop: student.Workshop, tmp_path: Path
) -> None:
    if importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    reader = importlib.import_module(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator
    heard: list[Progress] = []
    faults: list[Fault] = []
    track = Track(("tensorboard",), "t round-1 seed 0", tmp_path / "trackers", faults.append)
    told = workshop.train(ROWS, tmp_path / "a", 0, heard.append, track=track)
    losses = [each.loss for each in heard if each.loss is not None]
    found = reader(str(track.board)).Reload().Scalars("train/loss")
    assert [each.value for each in found] == pytest.approx(losses, abs=1e-4)
    assert told.checkpoint.digest == workshop.train(ROWS, tmp_path / "b", 0).checkpoint.digest
    assert faults == []


def test_a_workshop_loads_nothing_before_it_is_needed_and_keeps_nothing(tiny_base: Path) -> None:
    with student.Workshop("no/such/model/anywhere", CFG, "response", SYSTEM):
        pass
    with student.Workshop(str(tiny_base), CFG, "response", SYSTEM) as workshop:
        assert workshop.base is workshop.base is not None
        assert workshop.count(ROWS[0]) > 0
        model = weakref.ref(workshop.base.model)
    gc.collect()
    assert model() is None


def test_with_several_processes_nothing_is_shared(tiny_base: Path) -> None:
    cfg = CFG.model_copy(update={"processes": 2})
    workshop = student.Workshop(str(tiny_base), cfg, "response", SYSTEM)
    alone = student.count_tokens(str(tiny_base), "response", SYSTEM)
    assert workshop.base is None
    assert [workshop.count(row) for row in ROWS] == [alone(row) for row in ROWS]


WIDE = CFG.model_copy(update={"batch_size": 6, "micro_batch": 6})


@pytest.mark.parametrize(("most", "tried"), [(3, [6, 3]), (2, [6, 3, 1]), (1, [6, 3, 1])])
def test_what_does_not_fit_is_trained_as_if_less_had_been_asked_for(
    tiny_base: Path, train: Train, tmp_path: Path, most: int, tried: list[int]
) -> None:
    device, seen = Narrow(most), list[Progress]()
    with student.Workshop(str(tiny_base), WIDE, "response", SYSTEM, device.load) as workshop:
        trained = workshop.train(ROWS, tmp_path / "narrow", 0, seen.append)
    assert sorted(set(device.tried), reverse=True) == tried
    assert trained.micro_batch == tried[-1]
    told: list[Progress] = []
    cfg = WIDE.model_copy(update={"micro_batch": tried[-1]})
    assert trained.checkpoint.digest == train(cfg=cfg, on_progress=told.append).digest
    notes = [step.note for step in seen if step.loss is None]
    assert notes == [
        f"no memory for {rows} rows at once: from the beginning with {fewer}"
        for rows, fewer in pairwise(tried)
    ]
    assert [step for step in seen if step.loss is not None] == told


def test_memory_that_runs_out_in_the_middle_begins_anew(
    tiny_base: Path, train: Train, tmp_path: Path
) -> None:
    seen: list[int] = []

    def run_out_once(progress: Progress) -> None:
        seen.append(progress.done)
        if seen == [1]:
            raise MemoryError("no room for the optimiser")

    with student.Workshop(str(tiny_base), CFG, "response", SYSTEM) as workshop:
        trained = workshop.train(ROWS, tmp_path / "again", 0, run_out_once)
    assert seen == [1, 0, 1, 2]
    cfg = CFG.model_copy(update={"micro_batch": 1})
    assert trained.checkpoint.digest == train(cfg=cfg).digest


def test_a_failed_try_holds_no_trainer_when_the_next_begins(
    tiny_base: Path, tmp_path: Path
) -> None:
    alive: list[int] = []

    def count(_: Progress) -> None:
        alive.append(sum(type(thing) is LoraTrainer for thing in gc.get_objects()))

    device = Narrow(3)
    with student.Workshop(str(tiny_base), WIDE, "response", SYSTEM, device.load) as workshop:
        workshop.train(ROWS, tmp_path / "narrow", 0, count)
    assert alive == [0, 1, 1]  # at the note, and at each of two steps


def test_a_row_that_does_not_fit_alone_is_told_with_the_sizes(
    tiny_base: Path, tmp_path: Path
) -> None:
    device = Narrow(0)
    with student.Workshop(str(tiny_base), WIDE, "response", SYSTEM, device.load) as workshop:
        with pytest.raises(OutOfMemoryError, match=r"with 1 row\(s\) at once") as caught:
            workshop.train(ROWS, tmp_path / "narrow", 0)
        longest = max(map(workshop.count, ROWS))
    assert device.tried == [6, 3, 1]
    assert f"longest row has {longest} tokens" in caught.value.why
    assert all(word in caught.value.why for word in ("0 million parameters", "cpu has", "CUDA out"))
    assert list(tmp_path.iterdir()) == []


def test_the_rows_at_once_are_told_where_they_do_not_divide_the_batch(
    tiny_base: Path, tmp_path: Path
) -> None:
    cfg = CFG.model_copy(update={"batch_size": 6, "micro_batch": 4})
    with student.Workshop(str(tiny_base), cfg, "response", SYSTEM) as opened:
        assert opened.train(ROWS, tmp_path / "a", 0).micro_batch == 3


LIMITED = """
import gc, resource, sys
from pathlib import Path
import torch
from selfinstruct import student
from selfinstruct.config import StudentConfig
from selfinstruct.types import Example

torch.set_num_threads(1)
base, out = sys.argv[1:]
rows = tuple(Example(f"Say {n}.", response=f"{n} and so on " * 100) for n in range(32))

def digest(micro, name):
    cfg = StudentConfig(
        device="cpu", max_steps=1, batch_size=32, micro_batch=micro, max_tokens=2000, rank=2
    )
    with student.Workshop(base, cfg, "response", "") as workshop:
        trained = workshop.train(rows, Path(out, name), 0)
    return trained.micro_batch, trained.checkpoint.digest

first = digest(1, "first")  # loads every library
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 200 * 2**20, resource.RLIM_INFINITY))
fitted, found = digest(32, "limited")
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert fitted < 32, fitted
assert found == digest(fitted, "unlimited")[1]
print("trained with", fitted)
"""


@pytest.mark.slow
def test_a_process_that_is_given_little_memory_trains_with_less(
    tiny_base: Path, tmp_path: Path
) -> None:
    """32 rows at once take a gigabyte more than one does, and 200 MiB are allowed."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tiny_base), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("trained with ")
