"""LoRA fine-tuning of a small model: rows in, a checkpoint with its adapter folder out.

The tokens, and what is learned of them, come from `chat`, so that training reads what
generation reads. Every training starts from the base: it works on a shell of it that is thrown
away, so equal rows, seed and steps give an equal adapter, whatever was trained before and however
that ended. It knows nothing of rounds and draws no conclusions from the loss.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from selfinstruct import chat
from selfinstruct.checkpoints import weights
from selfinstruct.checkpoints.adapters import load_checkpoint, publish, require_ours
from selfinstruct.config import StudentConfig
from selfinstruct.errors import OutOfMemoryError
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.student.batches import next_smaller, split_batch, world_size
from selfinstruct.student.processes import train_in_processes
from selfinstruct.student.tokens import TokenReader, TokenRow, count_tokens
from selfinstruct.tracking import Track
from selfinstruct.types import Checkpoint, Example

if TYPE_CHECKING:
    from selfinstruct.checkpoints.base import Base

__all__ = [
    "TokenReader",
    "Trained",
    "Workshop",
    "count_tokens",
    "load_checkpoint",
    "train",
    "train_in_processes",
]


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
    that lies at `out` already is replaced. Raises what `Workshop.train` raises.
    """
    with Workshop(base, cfg, target, system) as workshop:
        return workshop.train(rows, out, seed, on_progress, name).checkpoint


@dataclass(frozen=True, slots=True)
class Trained:
    """A new student, and the seconds that its optimiser steps took, without loading or saving.

    `micro_batch` is how many rows were on the device at once, fewer than asked for where they did
    not divide the batch or did not fit into memory. Set, it gives the same student to the bit.
    """

    checkpoint: Checkpoint
    seconds: float
    micro_batch: int


def load(name: str, device: str) -> "Base":
    """`base.load_base`, imported when it is called: its libraries take seconds to load."""
    from selfinstruct.checkpoints.base import load_base  # torch and transformers

    return load_base(name, device)


class Workshop:
    """A base, a way of training, and the token rows read so far; a context manager.

    The base is loaded by the first training, by its name and that of a device, and dropped on
    leaving. With `processes` above 1 every training loads its own, in processes that `accelerate`
    starts.
    """

    def __init__(
        self,
        base: str,
        cfg: StudentConfig,
        target: chat.Target,
        system: str,
        load: Callable[[str, str], "Base"] = load,
    ) -> None:
        self._name = base
        self._load = load
        self._cfg = cfg
        self._target = target
        self._system = system

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.__dict__.pop("_reader", None)
        self.__dict__.pop("_base", None)
        # A trainer and its callbacks hold each other, and the shell and its weights with them. Not
        # after each training: a collection takes as long as ten steps of a tiny student, and the
        # next trainer begins with one of its own.
        gc.collect()

    @property
    def base(self) -> "Base | None":
        """The loaded base, for who scores what was trained here; None with several processes."""
        return None if self._cfg.processes > 1 else self._base

    @cached_property
    def count(self) -> Callable[[Example], int]:
        """A function from an example to the number of tokens that training reads of it."""
        if self._cfg.processes > 1:
            return count_tokens(self._name, self._target, self._system)
        return self._reader.count

    def train(
        self,
        rows: Sequence[Example],
        out: Path,
        seed: int,
        on_progress: OnProgress = silent,
        name: str = "student",
        steps: int | None = None,
        track: Track | None = None,
    ) -> Trained:
        """Train an adapter on the rows and put it at `out`; an adapter there is replaced.

        `steps` stands in for `max_steps`; the trackers of `track` are told, and a fault of theirs
        changes nothing. Progress is reported once a step, as round 0. What does not fit into memory
        is tried again from the base with half as many rows at once, and its steps are told anew.
        Raises `UserError` for rows that cannot be trained on and an `out` that is no adapter,
        `DivergedError` as soon as a loss, gradient or weight is not finite, and `OutOfMemoryError`
        where a single row does not fit into memory.
        """
        require_ours(out)
        cfg = self._cfg if steps is None else self._cfg.model_copy(update={"max_steps": steps})
        processes = max(cfg.processes, world_size())
        micro, _ = split_batch(cfg.batch_size, cfg.micro_batch, processes)
        while True:
            cfg = cfg.model_copy(update={"micro_batch": micro})
            try:
                seconds = self._try(rows, cfg, out, seed, on_progress, track)
                return Trained(load_checkpoint(out, name), seconds, micro)
            except OutOfMemoryError:
                smaller = next_smaller(cfg.batch_size, micro, processes)
                # Of several processes one alone may lack it: who started them all tries again.
                if smaller is None or world_size() > 1:
                    raise
            note = f"no memory for {micro} rows at once: from the beginning with {smaller}"
            on_progress(Progress(0, "train", note=note))
            micro = smaller

    def _try(
        self,
        rows: Sequence[Example],
        cfg: StudentConfig,
        out: Path,
        seed: int,
        on_progress: OnProgress,
        track: Track | None,
    ) -> float:
        """Train with this very micro-batch; the seconds it took. Raises `OutOfMemoryError`, which
        holds nothing of what it was raised over.
        """
        if cfg.processes > 1:
            began = time.monotonic()
            told = (self._target, self._system, out, seed, on_progress)
            train_in_processes(rows, self._name, cfg, *told)
            return time.monotonic() - began
        from selfinstruct.checkpoints.memory import TooLarge, memory_of, within_memory  # torch

        data = self._reader.read(rows, cfg.max_tokens)
        done = within_memory(lambda: self._train_here(data, cfg, out, seed, on_progress, track))
        if not isinstance(done, TooLarge):
            return done
        longest = max(len(row["input_ids"]) for row in data)
        raise OutOfMemoryError(
            f"training ran out of memory with {cfg.micro_batch} row(s) at once",
            why=f"the longest row has {longest} tokens, the base "
            f"{self._base.model.num_parameters() / 1e6:.0f} million parameters, "
            f"{memory_of(self._base.device)}; {done.why}",
            next_step="close what else uses the memory and start the same command again, or begin "
            "a run with a smaller student.name or shorter rows",
        )

    @cached_property
    def _base(self) -> "Base":
        return self._load(self._name, self._cfg.device)

    @cached_property
    def _reader(self) -> TokenReader:
        return TokenReader(self._base.tokenizer, self._target, self._system, self._cfg.train_on)

    def _train_here(
        self,
        data: Sequence[TokenRow],
        cfg: StudentConfig,
        out: Path,
        seed: int,
        on_progress: OnProgress,
        track: Track | None,
    ) -> float:
        from selfinstruct.student.reporting import end_reports  # transformers
        from selfinstruct.student.trainer import Watch, new_trainer  # torch, peft and trl

        with weights.quiet(), tempfile.TemporaryDirectory() as scratch:
            base = self._base
            trainer = new_trainer(base.shell(), base.tokenizer, data, cfg, seed, scratch, track)
            trainer.add_callback(Watch(on_progress))
            began = time.monotonic()
            try:
                trainer.train()
                seconds = time.monotonic() - began
            finally:
                if track is not None:
                    end_reports(trainer, track)
            if trainer.accelerator.is_main_process:
                publish(trainer.model, self._name, out)
            trainer.accelerator.wait_for_everyone()
        return seconds
