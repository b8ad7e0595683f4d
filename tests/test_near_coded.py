from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.near.coded import (
    CODE_POINTS,
    LANES,
    Query,
    alike,
    bounds_of,
    pack,
    sketch,
    unpack,
)
from selfinstruct.near.limit import Limit

NUMBERS = st.lists(st.one_of(st.integers(0, 20), st.integers(0, 2 * CODE_POINTS)), max_size=40)


@given(st.lists(NUMBERS, max_size=5))
def test_what_is_packed_is_unpacked(texts: list[list[int]]) -> None:
    assert unpack([pack(text) for text in texts]).tolist() == [n for text in texts for n in text]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [([], str), ([0xD800, 0], str), ([CODE_POINTS - 1], str), ([1, CODE_POINTS], list)],
)
def test_numbers_are_characters_while_there_are_some(numbers: list[int], kind: type) -> None:
    assert isinstance(pack(numbers), kind)


@given(NUMBERS, NUMBERS)
def test_sketches_and_folds_never_differ_in_more_bits_than_the_texts_in_words(
    a: list[int], b: list[int]
) -> None:
    one, other = (np.frombuffer(sketch(text), np.uint64) for text in (a, b))
    unshared = (Counter(a) - Counter(b)).total() + (Counter(b) - Counter(a)).total()
    assert len(one) == LANES
    assert np.bitwise_count(one ^ other).sum() <= unshared
    folds = np.bitwise_xor.reduce(one), np.bitwise_xor.reduce(other)
    assert np.bitwise_count(folds[0] ^ folds[1]) <= unshared


def test_the_sketch_of_few_words_counts_them() -> None:
    bits = np.frombuffer(sketch([3, 5, 5, 5, 300]), np.uint64)
    assert np.bitwise_count(bits).sum() == 3


def test_words_that_no_text_has_count_against_every_text() -> None:
    known = Query.of(["a", "b", "c", "d"], {"a": 0, "b": 1, "c": 2, "d": 3})
    partly = Query.of(["a", "b", "x", "y"], {"a": 0, "b": 1, "c": 2, "d": 3})
    assert (partly.numbers, partly.unknown, partly.length) == ((0, 1), 2, 4)
    lengths, limit = np.array([4]), Limit(0.7)
    text = np.frombuffer(sketch([0, 1, 2, 3]), np.uint64).reshape(-1, LANES)
    # An LCS of 3 of 8 words leaves 2 unshared; the bits must stay below 3, less the unknown.
    assert bounds_of(known, lengths, limit).tolist() == [3]
    assert bounds_of(partly, lengths, limit).tolist() == [1]
    assert alike(known, text, bounds_of(known, lengths, limit)).tolist() == [True]
    assert alike(partly, text, bounds_of(partly, lengths, limit)).tolist() == [False]
