"""LoRA fine-tuning of a small model: rows in, a checkpoint with its adapter folder out.

The tokens, and what is learned of them, come from `chat.encode`, so that training reads what
generation reads. Every training starts from the base. It knows nothing of rounds and draws no
conclusions from the loss.
"""

import gc
import tempfile
from collections.abc import Sequence
from pathlib import Path

from selfinstruct import chat, weights
from selfinstruct.adapters import load_checkpoint, publish, require_ours
from selfinstruct.config import StudentConfig
from selfinstruct.student.processes import train_in_processes
from selfinstruct.student.tokens import count_tokens, tokenise
from selfinstruct.types import Checkpoint, Example, OnProgress, silent

__all__ = ["count_tokens", "load_checkpoint", "tokenise", "train", "train_in_processes"]


def train(
    rows: Sequence[Example],
    base: str,
    cfg: StudentConfig,
    target: chat.Target,
    system: str,
    out: Path,
    seed: int,
    on_progress: OnProgress = silent,
    name: str = "student",
) -> Checkpoint:
    """Train a LoRA adapter of `base` on the rows and put it at `out`; equal inputs, equal adapter.

    `base` is what `weights.locate` knows. Progress is reported once a step, as round 0. An adapter
    that lies at `out` already is replaced. Raises `UserError` for rows that cannot be trained on
    and an `out` that is no adapter, `IncompleteError` as soon as a loss or gradient is not finite.
    """
    require_ours(out)
    if cfg.processes > 1:
        train_in_processes(rows, base, cfg, target, system, out, seed, on_progress)
    else:
        _train_here(rows, base, cfg, target, system, out, seed, on_progress)
        gc.collect()  # a trainer and its callbacks hold each other, and the model with them
    return load_checkpoint(out, name)


def _train_here(
    rows: Sequence[Example],
    base: str,
    cfg: StudentConfig,
    target: chat.Target,
    system: str,
    out: Path,
    seed: int,
    on_progress: OnProgress,
) -> None:
    from selfinstruct.student.trainer import Watch, load_base, new_trainer  # torch, peft and trl

    source = weights.locate(base)
    with weights.quiet(), tempfile.TemporaryDirectory() as scratch:
        model, tokenizer = load_base(source, cfg.device)
        data = tokenise(rows, tokenizer, cfg.max_tokens, target, system)
        trainer = new_trainer(model, tokenizer, data, cfg, seed, scratch)
        trainer.add_callback(Watch(on_progress))
        trainer.train()
        if trainer.accelerator.is_main_process:
            publish(trainer.model, base, out)
        trainer.accelerator.wait_for_everyone()
