"""Work that may not fit into memory, on a GPU or off it: what it came to, or that it did not fit.

An exception keeps its frames alive, and they their tensors. So nothing is tried again before the
error is gone, and what was held is free.
"""

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from accelerate.utils.memory import should_reduce_batch_size

from selfinstruct.errors import OutOfMemoryError

T = TypeVar("T")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TooLarge:
    """Work that did not fit into memory; `why` is what the allocator said."""

    why: str


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, as Python, torch or the driver of a device does.

    accelerate knows the messages of torch's allocators, of which only CUDA's has a type.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and bool(should_reduce_batch_size(error))


def within_memory(work: Callable[[], T]) -> T | TooLarge:
    """What the work gives back, or `TooLarge` once all that it held is free again."""
    try:
        return work()
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        why = str(error).strip().split("\n")[0] or "the process was given no more memory"
    free_memory()  # not above: there the error still holds what it was raised over
    return TooLarge(why)


def free_memory() -> None:
    """Hand back what nobody uses: what refers to itself, and what torch keeps for later."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def memory_of(device: torch.device) -> str:
    """How much memory a device has in all, in words."""
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
    elif device.type == "cpu":
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    else:
        return f"the memory of {device} is not known"
    return f"{device} has {total / 2**30:.1f} GiB"


def in_pieces(work: Callable[[Sequence[Row]], list[T]], rows: Sequence[Row]) -> list[list[T]]:
    """What the work makes of the rows, in order, in as many pieces as memory takes.

    Pieces that are too large are halved. Raises `OutOfMemoryError` where a single row does not fit.
    """
    made = within_memory(lambda: work(rows))
    if not isinstance(made, TooLarge):
        return [made]
    if len(rows) == 1:
        raise OutOfMemoryError(
            "memory ran out over a single row",
            why=made.why,
            next_step="close what else uses the memory, and start the same command again",
        )
    half = len(rows) // 2
    return [*in_pieces(work, rows[:half]), *in_pieces(work, rows[half:])]
