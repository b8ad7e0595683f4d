from dataclasses import FrozenInstanceError, replace

import pytest

from selfinstruct.progress import TOLD_EVERY, Progress, Used, counted, silent


def test_a_step_and_what_was_used_are_told_anew_and_never_changed() -> None:
    step = Progress(1, "train", done=3, total=9, used=(Used("calls", 3.0),))
    with pytest.raises(FrozenInstanceError):
        step.done = 4  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        step.used[0].spent = 4.0  # type: ignore[misc]
    assert replace(step, done=4).done == 4


def test_a_step_shares_its_counts_with_no_other() -> None:
    assert Progress(1, "generate").rejected is not Progress(1, "generate").rejected
    assert Used("calls", 3.0).limit is None  # which is off, and 0 a limit


@pytest.mark.parametrize(
    ("items", "told"), [(0, []), (1, []), (1000, []), (1001, [1000]), (3500, [1000, 2000, 3000])]
)
def test_a_long_list_tells_how_far_it_is_and_a_short_one_says_nothing(
    items: int, told: list[int]
) -> None:
    assert TOLD_EVERY == 1000
    steps: list[Progress] = []
    step = Progress(0, "reading", total=items, unit="rows")
    assert list(counted(range(items), step, steps.append)) == list(range(items))
    assert steps == [replace(step, done=done) for done in told]
    assert list(counted("ab", step, silent)) == ["a", "b"]
