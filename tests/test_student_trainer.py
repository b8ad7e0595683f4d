from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from trl import SFTTrainer  # type: ignore[attr-defined]

from selfinstruct.checkpoints.base import load_base
from selfinstruct.config import StudentConfig
from selfinstruct.errors import DivergedError
from selfinstruct.progress import Progress
from selfinstruct.student import trainer
from selfinstruct.student.tokens import IGNORED, TokenRow
from selfinstruct.student.trainer import (
    LoraTrainer,
    SortedBatches,
    new_trainer,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning"),  # PEFT's
    pytest.mark.filterwarnings("error:.gradient_checkpointing.:FutureWarning"),
    pytest.mark.usefixtures("one_thread"),
]

lengths_of_rows = st.lists(st.integers(1, 300), min_size=1, max_size=60)


def token_row(prompt: int, answer: int) -> TokenRow:
    ids = [3 + (7 * n) % 200 for n in range(prompt + answer)]
    return {"input_ids": ids, "labels": [IGNORED] * prompt + ids[prompt:]}


def slices(order: list[int], size: int) -> list[list[int]]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def model_of(built: LoraTrainer) -> torch.nn.Module:
    assert built.model is not None
    return built.model


@pytest.fixture
def ready(tiny_base: Path, tmp_path: Path) -> LoraTrainer:
    """A trainer whose adapter is no longer the identity that LoRA starts from."""
    data = [token_row(9, 4), token_row(3, 12), token_row(17, 1), token_row(5, 5)]
    cfg = StudentConfig(device="cpu", max_steps=2, batch_size=4, micro_batch=4, rank=4)
    base = load_base(str(tiny_base), "cpu")
    built = new_trainer(base.shell(), base.tokenizer, data, cfg, 0, str(tmp_path / "scratch"))
    torch.manual_seed(0)
    for name, weight in model_of(built).named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.2)
    return built


def loss_and_gradients(kind: type[Any], ready: LoraTrainer) -> tuple[float, list[torch.Tensor]]:
    inputs = next(iter(ready.get_train_dataloader()))
    count = (inputs["labels"] != IGNORED).sum()
    model_of(ready).zero_grad()
    loss = kind.compute_loss(ready, model_of(ready), inputs, num_items_in_batch=count)
    loss.backward()
    learned = [weight.grad for weight in model_of(ready).parameters() if weight.requires_grad]
    return loss.item(), [gradient.clone() for gradient in learned if gradient is not None]


def test_the_loss_on_a_cpu_is_that_of_trl(ready: LoraTrainer) -> None:
    ours, our_gradients = loss_and_gradients(LoraTrainer, ready)
    theirs, their_gradients = loss_and_gradients(SFTTrainer, ready)
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert len(our_gradients) == len(their_gradients) == 2 * 2 * 7
    for mine, other in zip(our_gradients, their_gradients, strict=True):
        assert torch.allclose(mine, other, atol=1e-6)
        assert mine.abs().max() > 0


@given(lengths_of_rows, st.integers(1, 17), st.integers(0, 5))
def test_every_batch_is_sorted_and_every_row_is_in_one(
    lengths: list[int], batch: int, seed: int
) -> None:
    order = list(SortedBatches(lengths, batch, seed))
    assert sorted(order) == list(range(len(lengths)))
    for indices in slices(order, batch):
        sizes = [lengths[index] for index in indices]
        assert sizes == sorted(sizes)


@given(lengths_of_rows, st.integers(1, 17))
def test_lengths_decide_the_order_in_a_batch_and_not_its_rows(
    lengths: list[int], batch: int
) -> None:
    ours = list(SortedBatches(lengths, batch, 0))
    even = list(SortedBatches([1] * len(lengths), batch, 0))
    assert [set(rows) for rows in slices(ours, batch)] == [
        set(rows) for rows in slices(even, batch)
    ]


def test_each_epoch_has_an_order_of_its_own_that_the_seed_repeats() -> None:
    sampler, again = SortedBatches([1] * 30, 4, 7), SortedBatches([1] * 30, 4, 7)
    first, second = list(sampler), list(sampler)
    assert first != second
    assert [list(again), list(again)] == [first, second]
    assert list(SortedBatches([1] * 30, 4, 8)) != first


def test_a_small_base_keeps_its_activations(ready: LoraTrainer) -> None:
    assert ready.args.activation_checkpointing is False


@pytest.mark.parametrize(
    ("parameters", "rate"),
    [(135e6, 4e-4), (3e9, 4e-4), (4e9, 2e-4), (8e9, 2e-4), (70e9, 1e-4)],
)
def test_the_learning_rate_falls_with_the_size_of_the_base(parameters: float, rate: float) -> None:
    assert trainer.default_learning_rate(int(parameters)) == rate


@pytest.mark.parametrize(
    ("logs", "diverged"),
    [
        ({"loss": 2.5, "grad_norm": 1.0}, False),
        ({"loss": float("nan"), "grad_norm": 1.0}, True),
        ({"loss": 2.5, "grad_norm": float("inf")}, True),
    ],
)
def test_the_watch_reports_numbers_and_stops_at_what_is_none(
    ready: LoraTrainer, logs: dict[str, float], diverged: bool
) -> None:
    seen: list[Progress] = []
    watch = trainer.Watch(seen.append)
    given_logs = {**logs, "learning_rate": 1e-4}
    if diverged:
        with pytest.raises(DivergedError, match=r"learning rate 0\.0001"):
            watch.on_log(ready.args, ready.state, ready.control, logs=given_logs)
    else:
        watch.on_log(ready.args, ready.state, ready.control, logs=given_logs)
    assert [(p.note, p.loss) for p in seen] == ([] if diverged else [("loss 2.500", 2.5)])


def test_the_summary_at_the_end_is_no_step(ready: LoraTrainer) -> None:
    seen: list[Progress] = []
    trainer.Watch(seen.append).on_log(
        ready.args, ready.state, ready.control, logs={"train_loss": 1.0}
    )
    assert seen == []
