import numpy as np
import pytest

from selfinstruct.near.block import Block, Rows, Tail, Ways
from selfinstruct.near.candidates import Pool
from selfinstruct.near.coded import LANES, Query, pack, sketch
from selfinstruct.near.limit import AtLeast, Limit

VOCABULARY = {str(number): number for number in range(100)}
LIMIT = Limit(0.5)
# Of ten words each: like the query [0..9] in 6, 8, 10 and 7 of them.
TEXTS = [
    [0, 1, 2, 3, 4, 5, 50, 51, 52, 53],
    [0, 1, 2, 3, 4, 5, 6, 7, 60, 61],
    [*range(10)],
    [0, 1, 2, 3, 4, 5, 6, 70, 71, 72],
]


def rows(texts: list[list[int]]) -> Rows:
    sketches = np.frombuffer(b"".join(map(sketch, texts)), np.uint64).reshape(-1, LANES)
    return Rows([pack(text) for text in texts], np.array([*map(len, texts)], np.int64), sketches)


def pool(blocks: list[list[list[int]]], tail: list[list[int]], since: int, guessed: int) -> Pool:
    made: list[Block] = []
    for texts in blocks:
        made.append(Block(rows(texts), made[-1].stop if made else 0, LIMIT, Ways()))
    packed = [pack(text) for some in (*blocks, tail) for text in some]
    start = made[-1].stop if made else 0
    late = [block for block in made if block.stop > since]
    return Pool(packed, late, Tail(rows(tail), start), since, LIMIT, AtLeast(375, 1000), guessed)


def asked(numbers: range) -> Query:
    return Query.of([str(number) for number in numbers], VOCABULARY)


@pytest.mark.parametrize(
    ("blocks", "tail", "since", "guessed", "near", "nearest"),
    [
        # At once: nothing is known that more could be asked for.
        ([TEXTS], [], 0, 99, [0, 1, 2, 3], [0, 1, 2, 3]),
        # Plainly near are 8 and 10 of 10 words: with them, all that may be nearest are found.
        ([TEXTS], [], 0, 1, [0, 1, 2, 3], [1, 2]),
        # None is plainly near: all that may be.
        ([TEXTS[:1], TEXTS[3:]], [], 0, 1, [0, 1], [0, 1]),
        # What a block holds is asked of the tail and of later blocks, equals included.
        ([TEXTS], TEXTS, 0, 1, [*range(8)], [1, 2, 6]),
        ([TEXTS, TEXTS], [], 0, 1, [*range(8)], [1, 2, 6]),
        # A text that is left out is nothing others are held to.
        ([TEXTS], [], 3, 1, [3], [3]),
        ([], TEXTS[:2], 0, 1, [0, 1], [0, 1]),
    ],
)
def test_what_the_lcs_has_to_decide(
    blocks: list[list[list[int]]],
    tail: list[list[int]],
    since: int,
    guessed: int,
    near: list[int],
    nearest: list[int],
) -> None:
    known = pool(blocks, tail, since, guessed)
    assert known.near(asked(range(10))).tolist() == near
    assert known.nearest(asked(range(10))).tolist() == nearest


def test_the_same_words_in_another_order_are_no_bar() -> None:
    known = pool([[[*reversed(range(10))], TEXTS[0]]], [], 0, 1)
    assert known.nearest(asked(range(10))).tolist() == [0, 1]


def test_a_query_without_words_has_no_candidates() -> None:
    known = pool([TEXTS], TEXTS, 0, 1)
    assert known.near(asked(range(0))).tolist() == known.nearest(asked(range(0))).tolist() == []
