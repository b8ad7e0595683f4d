"""How a batch is cut into what one device holds at once, and what is tried where that is too much.

An update sums over its whole batch, so the cut changes the last digits of it and nothing else.
"""

import os

from selfinstruct.errors import UserError


def world_size() -> int:
    """How many processes train together, this one included; `accelerate launch` tells them."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def split_batch(batch: int, micro: int, processes: int) -> tuple[int, int]:
    """(rows at once, times accumulated) of each process, so that an update sees `batch` rows.

    Rows at once is the largest divisor that is no larger than `micro`. Raises `UserError` where the
    batch cannot be shared out evenly.
    """
    share, left = divmod(batch, processes)
    if left:
        raise UserError(
            f"student.batch_size {batch} cannot be shared out evenly over {processes} processes",
            next_step=f"set student.batch_size={processes * max(1, share)}",
        )
    rows = max(size for size in range(1, min(micro, share) + 1) if share % size == 0)
    return rows, share // rows


def next_smaller(batch: int, rows: int, processes: int) -> int | None:
    """The rows at once to try after so many did not fit: at most half; None after a single one."""
    return None if rows == 1 else split_batch(batch, rows // 2, processes)[0]
