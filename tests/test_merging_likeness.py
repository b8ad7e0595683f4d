import pytest
import torch

from selfinstruct.errors import UserError
from selfinstruct.merging.likeness import Likeness, Said, difference, require_like


def said(*logits: float, answer: tuple[int, ...] = (1, 2)) -> Said:
    return Said(torch.tensor([logits]), answer)


def test_the_difference_is_relative_to_the_largest_logit_of_all() -> None:
    one = [said(1.0, -8.0), said(2.0, 3.0)]
    other = [said(1.0, -8.0), said(2.0, 3.4, answer=(1, 3))]
    found = difference(one, other)
    assert found.logits == pytest.approx(0.4 / 8)
    assert (found.prompts, found.equal_answers) == (2, 1)


@pytest.mark.parametrize(
    ("dtype", "logits", "equal", "mend"),
    [
        ("float32", 1e-5, 2, None),
        ("float32", 1e-3, 2, "tell us"),
        ("float32", 0.0, 1, "tell us"),
        ("float32", float("nan"), 2, "tell us"),
        ("bfloat16", 5e-2, 2, None),
        ("bfloat16", 5e-2, 1, "--dtype float32"),
        ("float16", 5e-2, 2, "--dtype float32"),
    ],
)
def test_what_is_too_far_apart_is_refused(
    dtype: str, logits: float, equal: int, mend: str | None
) -> None:
    found = Likeness(2, logits, equal)
    if mend is None:
        assert require_like(found, dtype, "round-1") == found
        return
    with pytest.raises(UserError, match=f"merged into {dtype}, round-1 does not say") as raised:
        require_like(found, dtype, "round-1")
    assert mend in raised.value.next_step
