import weakref
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from selfinstruct.checkpoints.memory import (
    TooLarge,
    in_pieces,
    is_out_of_memory,
    memory_of,
    within_memory,
)
from selfinstruct.errors import OutOfMemoryError

TOO_MANY = 10**15


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("shape mismatch"), False),
        (RuntimeError(), False),
        (ValueError("CUDA out of memory. "), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_says_that_memory_ran_out(error: BaseException, told: bool) -> None:
    assert is_out_of_memory(error) == told


def allocate_by_torch() -> object:
    return torch.empty(TOO_MANY)


def allocate_by_numpy() -> object:
    return np.empty(TOO_MANY)


@pytest.mark.parametrize("allocate", [allocate_by_torch, allocate_by_numpy])
def test_a_real_allocation_that_fails_is_known_for_what_it_is(allocate: object) -> None:
    assert callable(allocate)
    made = within_memory(allocate)
    assert isinstance(made, TooLarge)
    assert "llocat" in made.why


def test_another_error_stays_what_it_was() -> None:
    def divide() -> float:
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        within_memory(divide)


class Held:
    """Something large that refers to itself, as a trainer and its callbacks do."""

    def __init__(self) -> None:
        self.itself = self


def test_what_failed_work_held_is_free_before_anything_is_tried_again() -> None:
    left: list[weakref.ref[Held]] = []

    def work() -> object:
        held = Held()
        left.append(weakref.ref(held))
        return torch.empty(TOO_MANY)

    assert isinstance(within_memory(work), TooLarge)
    assert [held() for held in left] == [None]


@pytest.mark.parametrize(("most", "sizes"), [(9, [7]), (7, [7]), (4, [3, 4]), (2, [1, 2, 2, 2])])
def test_rows_are_halved_until_they_fit_and_stay_in_order(most: int, sizes: list[int]) -> None:
    def work(rows: Sequence[int]) -> list[int]:
        if len(rows) > most:
            raise MemoryError
        return [row * 10 for row in rows]

    pieces = in_pieces(work, range(7))
    assert [len(piece) for piece in pieces] == sizes
    assert [made for piece in pieces for made in piece] == [row * 10 for row in range(7)]


def test_a_row_that_does_not_fit_alone_ends_it() -> None:
    def work(_: Sequence[int]) -> list[int]:
        raise MemoryError("the last straw")

    with pytest.raises(OutOfMemoryError, match="a single row") as caught:
        in_pieces(work, range(4))
    assert caught.value.why == "the last straw"


def test_the_memory_of_a_device_is_told_in_words() -> None:
    assert memory_of(torch.device("cpu")).startswith("cpu has ")
    assert memory_of(torch.device("meta")) == "the memory of meta is not known"
