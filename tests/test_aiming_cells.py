"""The walk over personas and styles."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.aiming.cells import Cell, walk

NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4)


@given(NAMES, NAMES, st.integers(0, 50), st.integers(0, 60))
def test_no_cell_is_ever_more_than_one_prompt_ahead(
    personas: list[str], styles: list[str], start: int, count: int
) -> None:
    found = walk(personas, styles, "0/1", 0, start + count)
    grid = {Cell(persona, style) for persona in personas or [""] for style in styles or [""]}
    for n in range(len(found) + 1):
        seen = Counter(found[:n])
        assert max(seen.values(), default=0) - min(seen[cell] for cell in grid) <= 1
    assert walk(personas, styles, "0/1", start, count) == found[start:]  # as a resumed round walks


def test_without_either_a_prompt_shows_neither() -> None:
    assert walk((), (), "0/1", 0, 3) == (Cell(),) * 3
    assert set(walk(("a",), (), "0/1", 0, 3)) == {Cell("a")}


def test_every_turn_and_every_round_has_its_own_order() -> None:
    turns = [walk("abcd", "xyz", place, start, 12) for place in ("0/1", "0/2") for start in (0, 12)]
    assert len(set(turns)) == 4
    assert len({frozenset(turn) for turn in turns}) == 1


def test_a_cell_meets_every_label_that_comes_round_in_the_same_rhythm() -> None:
    """Six labels in turn and six cells: without a shuffle each label would have one cell."""
    found = walk("abc", "xy", "0/1", 0, 600)
    assert len({(n % 6, cell) for n, cell in enumerate(found)}) == 36
