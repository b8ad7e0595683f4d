"""A shelf finds what a look at all rows finds, in their order."""

import random
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.prompting import Kind, Shelf
from selfinstruct.types import Example, Message

KINDS: tuple[Kind, ...] = get_args(Kind)
TURNS = (Message("user", "hello"), Message("assistant", "yes?"))
Made = tuple[str | None, int, str, tuple[Message, ...]]
MADE = st.tuples(
    st.sampled_from(["a", "b", None]),
    st.integers(0, 3),
    st.sampled_from(["", "reply"]),
    st.sampled_from([(), TURNS]),
)


def row(number: int, made: Made) -> Example:
    label, depth, response, turns = made
    return Example(f"row {number}", "", response, turns, label, depth=depth)


def is_kind(row: Example, kind: Kind) -> bool:
    return kind == "row" or bool(row.response and (kind == "answered" or row.turns))


@given(st.lists(st.lists(MADE, max_size=6), max_size=5), st.integers(0, 3), st.integers())
def test_what_is_shown_is_what_a_look_at_all_rows_finds(
    waves: list[list[Made]], depth: int, seed: int
) -> None:
    chance = random.Random(seed)
    shelf, rows, off = Shelf(max_depth=depth), list[Example](), set[str]()
    for number, wave in enumerate(waves):
        new = [row(100 * number + n, made) for n, made in enumerate(wave)]
        shelf.add(new)
        rows += new
        some = [each.id for each in rows if chance.random() < 0.3]
        shelf.take_off([*some, *some[:1], "nobody"])
        off |= set(some)
        for label in (None, "a", "b", "c"):
            own = [each for each in rows if label in (None, each.label)]
            shallow = [each for each in own if each.depth <= depth]
            assert shelf.shallow(label) == shallow
            for kind in KINDS:
                shown = [e for e in shallow if e.id not in off and is_kind(e, kind)]
                assert list(shelf.of(label, kind)) == shown
                assert shelf.of(label, kind)[1:3] == shown[1:3]
                assert shelf.count(label, kind) == sum(is_kind(each, kind) for each in own)
    assert shelf.rows == rows
