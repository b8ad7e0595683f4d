from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.student.batches import next_smaller, split_batch


@pytest.mark.parametrize(
    ("batch", "micro", "processes", "expected"),
    [
        (16, 4, 1, (4, 4)),
        (16, 5, 1, (4, 4)),
        (10, 4, 1, (2, 5)),
        (7, 4, 1, (1, 7)),
        (3, 8, 1, (3, 1)),
        (1, 4, 1, (1, 1)),
        (16, 4, 2, (4, 2)),
        (16, 4, 8, (2, 1)),
    ],
)
def test_a_batch_is_cut_without_a_rest(
    batch: int, micro: int, processes: int, expected: tuple[int, int]
) -> None:
    assert split_batch(batch, micro, processes) == expected


@pytest.mark.parametrize(("batch", "next_step"), [(16, "=15"), (2, "=3")])
def test_a_batch_that_cannot_be_shared_out_is_refused(batch: int, next_step: str) -> None:
    with pytest.raises(UserError) as caught:
        split_batch(batch, 4, 3)
    assert caught.value.next_step.endswith(next_step)


@given(st.integers(1, 64), st.integers(1, 70), st.sampled_from([1, 2, 3]))
def test_what_is_tried_falls_to_one_row_and_always_makes_the_same_batch(
    share: int, micro: int, processes: int
) -> None:
    batch = share * processes
    rows: int | None = split_batch(batch, micro, processes)[0]
    tried = []
    while rows is not None:
        tried.append(rows)
        assert split_batch(batch, rows, processes) == (rows, share // rows)
        rows = next_smaller(batch, rows, processes)
    assert tried[-1] == 1
    assert all(later <= before / 2 for before, later in pairwise(tried))
