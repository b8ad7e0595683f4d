"""LoRA fine-tuning of a small model: rows in, a checkpoint with its adapter folder out.

The tokens, and what is learned of them, come from `chat.encode`, so that training reads what
generation reads. Every training starts from the base. It knows nothing of rounds and draws no
conclusions from the loss.
"""

import gc
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from transformers import AutoTokenizer

from selfinstruct import chat, weights
from selfinstruct.adapters import load_checkpoint, publish, require_ours
from selfinstruct.config import StudentConfig
from selfinstruct.errors import UserError
from selfinstruct.student.processes import train_in_processes
from selfinstruct.student.trainer import IGNORED, TokenRow, Watch, load_base, new_trainer
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


def count_tokens(base: str, target: chat.Target, system: str) -> Callable[[Example], int]:
    """A function from an example to the number of tokens that training reads of it."""
    with weights.quiet():
        tokenizer = AutoTokenizer.from_pretrained(weights.locate(base))

    def count(example: Example) -> int:
        encoded = chat.encode(tokenizer, chat.conversation(example, target, system))
        return len(encoded.prompt_ids) + len(encoded.answer_ids)

    return count


def tokenise(
    rows: Sequence[Example],
    tokenizer: chat.Tokenizer,
    max_tokens: int,
    target: chat.Target,
    system: str,
) -> list[TokenRow]:
    """Examples in, token rows out whose loss is that of the answer and the end of its turn alone.

    Raises `UserError` for no rows at all and for rows above `max_tokens`, which are never cut.
    """
    if not rows:
        raise UserError("there are no rows to train on")
    encoded = [chat.encode(tokenizer, chat.conversation(row, target, system)) for row in rows]
    lengths = [len(each.prompt_ids) + len(each.answer_ids) for each in encoded]
    longest = max(range(len(rows)), key=lengths.__getitem__)
    if lengths[longest] > max_tokens:
        above = sum(length > max_tokens for length in lengths)
        raise UserError(
            f"{above} of {len(rows)} rows have more tokens than student.max_tokens, {max_tokens}; "
            f"row {rows[longest].id} ({rows[longest].instruction[:40]!r}) has {lengths[longest]}",
            why="a row is never cut: a cut answer teaches the student to stop early",
            next_step=f"set student.max_tokens={lengths[longest]}, or shorten these rows",
        )
    return [
        {
            "input_ids": each.prompt_ids + each.answer_ids,
            "labels": [IGNORED] * len(each.prompt_ids) + each.answer_ids,
        }
        for each in encoded
    ]


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
