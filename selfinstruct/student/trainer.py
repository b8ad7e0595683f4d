"""TRL's `SFTTrainer`, set up for small LoRA runs that can be repeated to the bit.

It takes token rows and knows nothing of examples or templates.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from torch.utils.data import Sampler
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from trl import SFTConfig, SFTTrainer  # type: ignore[attr-defined]

from selfinstruct.config import StudentConfig
from selfinstruct.errors import DivergedError
from selfinstruct.progress import OnProgress, Progress
from selfinstruct.student.batches import split_batch, world_size
from selfinstruct.student.reporting import INTEGRATIONS, reporters
from selfinstruct.student.tokens import IGNORED, TokenRow
from selfinstruct.tracking import PROJECT, Track

# Parameters of the base, and the rate that LoRA wants up to there: ten times that of full training
# whatever the rank ("LoRA Without Regret", Thinking Machines 2025; its table at batch 128, scaled
# to 16).
LEARNING_RATES = ((3e9, 4e-4), (8e9, 2e-4), (math.inf, 1e-4))

# Below this, computing activations twice costs a fifth of the time for memory that nobody lacks.
CHECKPOINT_FROM = 1e9


def new_trainer(
    model: Any,
    tokenizer: Any,
    data: Sequence[TokenRow],
    cfg: StudentConfig,
    seed: int,
    scratch: str,
    track: Track | None = None,
) -> "LoraTrainer":
    """A trainer of a LoRA adapter for the model, ready to start; it writes nothing that lasts but
    what the trackers of `track` keep.
    """
    lora = LoraConfig(
        r=cfg.rank,
        lora_alpha=cfg.alpha,
        lora_dropout=cfg.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    trainer = LoraTrainer(
        model=model,
        args=_arguments(cfg, len(data), model, seed, scratch, track),
        train_dataset=Dataset.from_list(list(data)),
        processing_class=tokenizer,
        peft_config=lora,
    )
    trainer.remove_callback(PrinterCallback)
    for reporter in reporters(track, INTEGRATIONS) if track else ():
        trainer.add_callback(reporter)
    return trainer


def _arguments(
    cfg: StudentConfig, rows: int, model: Any, seed: int, scratch: str, track: Track | None
) -> SFTConfig:
    parameters = model.num_parameters()
    bfloat16 = model.dtype == torch.bfloat16
    steps = cfg.max_steps
    if steps is None:
        steps = max(1, math.ceil(cfg.epochs * math.ceil(rows / cfg.batch_size)))
    micro, accumulated = split_batch(cfg.batch_size, cfg.micro_batch, world_size())
    rate = cfg.learning_rate
    # transformers' own `constant` leaves the warmup out.
    scheduler = "constant_with_warmup" if cfg.scheduler == "constant" else cfg.scheduler
    args = SFTConfig(
        output_dir=scratch,
        max_steps=steps,
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=accumulated,
        learning_rate=default_learning_rate(parameters) if rate is None else rate,
        warmup_steps=int(cfg.warmup * steps),  # the first of them learns nothing: its rate is 0
        lr_scheduler_type=scheduler,
        seed=seed,
        use_cpu=cfg.device == "cpu",
        bf16=bfloat16,
        activation_checkpointing=parameters >= CHECKPOINT_FROM,
        max_length=None,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_pin_memory=bfloat16,
        logging_steps=1,
        logging_nan_inf_filter=False,  # the filter shows the mean of earlier steps in place of NaN
        save_strategy="no",
        report_to="none",  # what it names would not be spared: see `reporting`
        run_name=track.name if track else None,
        project=PROJECT,
        disable_tqdm=True,
    )
    if args.n_gpu > 1:
        args._n_gpu = 1  # one process uses one GPU; `student.processes` asks for more
    return args


class LoraTrainer(SFTTrainer):
    """SFTTrainer that pads little, scores no prompt token on a CPU either, and tells nobody."""

    def _send_telemetry(self) -> None:
        """TRL reports each training to the Hub by default; what users train is their own."""

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        data: Any = self.train_dataset if train_dataset is None else train_dataset
        lengths = [len(ids) for ids in data["input_ids"]]
        args = self.args
        batch = args.train_batch_size * args.gradient_accumulation_steps * args.world_size
        return SortedBatches(lengths, batch, args.seed)

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """TRL's loss, the mean negative log-likelihood of the labelled tokens of the batch.

        TRL's kernel spares prompt tokens the vocabulary only on a GPU. On a CPU the same sum is
        taken over those columns alone that hold an answer, in a third less time.
        """
        alone_on_a_cpu = self.args.device.type == "cpu" and self.args.world_size == 1
        if not alone_on_a_cpu or num_items_in_batch is None or return_outputs:
            return super().compute_loss(  # type: ignore[no-untyped-call]
                model, inputs, return_outputs, num_items_in_batch
            )
        labels = inputs["labels"]
        columns = (labels != IGNORED).any(0).nonzero().squeeze(1)
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=columns - 1,
            use_cache=False,
        ).logits
        summed = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1),
            labels[:, columns].flatten(),
            ignore_index=IGNORED,
            reduction="sum",
        )
        return summed / num_items_in_batch


class SortedBatches(Sampler[int]):
    """Row indices in a new random order each epoch, each batch of them sorted by length.

    A gradient sums over its whole batch, so the order inside changes no result; it saves padding
    when the batch is cut into pieces.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths = lengths
        self._batch = batch
        self._rng = random.Random(f"{seed}/order")

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        order = self._rng.sample(range(len(self)), len(self))
        for start in range(0, len(order), self._batch):
            yield from sorted(order[start : start + self._batch], key=self._lengths.__getitem__)


class Watch(TrainerCallback):
    """Reports every step, and stops at the first loss, gradient or weight that is not finite."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress = on_progress

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - passed by name
        model: Any = None,
        **_: Any,
    ) -> None:
        """Called after the last update, which shows in no loss."""
        learned = (weight for weight in model.parameters() if weight.requires_grad)
        if not all(bool(weight.isfinite().all()) for weight in learned):
            raise DivergedError(
                f"training diverged at the last of {state.max_steps} steps: weights are no numbers",
                next_step=_lower(args),
            )

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002 - passed by name
        logs: Mapping[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Called after every optimiser step, and once more with a summary that has no loss."""
        if logs is None or "loss" not in logs:
            return
        loss, gradient, rate = logs["loss"], logs["grad_norm"], logs["learning_rate"]
        if not (math.isfinite(loss) and math.isfinite(gradient)):
            raise DivergedError(
                f"training diverged at step {state.global_step} of {state.max_steps}: loss {loss}, "
                f"gradient norm {gradient}, learning rate {rate:.2g}",
                why="weights that are no numbers do not mend by going on",
                next_step=_lower(args),
            )
        if state.is_world_process_zero:
            note = f"loss {loss:.3f}"
            done, total = state.global_step, state.max_steps
            self._on_progress(Progress(0, "train", done, total, "steps", loss=loss, note=note))


def _lower(args: TrainingArguments) -> str:
    return (
        f"set student.learning_rate={args.learning_rate / 4:.1g}; a run that has begun keeps its"
        " own, so begin one of another name with name=OTHER"
    )


def default_learning_rate(parameters: int) -> float:
    """The LoRA rate for a base of so many parameters."""
    return next(rate for limit, rate in LEARNING_RATES if parameters <= limit)
