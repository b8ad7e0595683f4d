import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.near.coded import Query, pack
from selfinstruct.near.limit import Limit
from selfinstruct.near.postings import CHUNK_WORDS, Postings
from selfinstruct.text import exceeds, lcs

VOCABULARY = {letter: place for place, letter in enumerate("abcdefgh")}
TEXTS = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=12), min_size=1, max_size=12)


def made(texts: list[list[int]], limit: Limit) -> Postings:
    return Postings([pack(text) for text in texts], np.array([len(text) for text in texts]), limit)


def found(postings: Postings, query: Query, lengths: list[int], most: int = 999) -> set[int] | None:
    longer = sum(length < query.length for length in lengths)
    rows = postings.find(query, (0, longer, len(lengths)), most)
    return None if rows is None else set(rows.tolist())


@given(TEXTS, st.lists(st.sampled_from("abcdefghxyz"), min_size=1, max_size=12))
def test_every_near_text_shares_a_rare_word(texts: list[list[int]], asked: list[str]) -> None:
    texts = sorted(texts, key=len)
    named = found(made(texts, Limit(0.7)), Query.of(asked, VOCABULARY), [*map(len, texts)])
    numbers = [VOCABULARY.get(word, -1) for word in asked]
    near = {
        row
        for row, text in enumerate(texts)
        if exceeds(lcs(text, numbers), len(text), len(numbers), 0.7)
    }
    assert named is not None
    assert near <= named


def test_a_text_that_shares_only_common_words_is_not_named() -> None:
    # Ten words of which the first five are in every text: near texts share one of the others.
    texts = [[0, 1, 2, 3, 4, *range(10 * row, 10 * row + 5)] for row in range(1, 9)]
    query = Query(tuple(texts[3]), 0, np.empty(0, np.uint64), np.uint64(0))
    assert found(made(texts, Limit(0.7)), query, [10] * 8) == {3}


def test_words_that_no_text_has_are_the_rarest() -> None:
    # Of ten words and ten, near texts share one of the rarest three: unknown ones are all three.
    postings = made([[row, *range(10, 19)] for row in range(8)], Limit(0.7))
    known = Query((*range(10, 17), 7, 7, 7), 0, np.empty(0, np.uint64), np.uint64(0))
    partly = Query(tuple(range(10, 17)), 3, np.empty(0, np.uint64), np.uint64(0))
    assert found(postings, known, [10] * 8) == {7}
    assert found(postings, partly, [10] * 8) == set()


def test_what_names_more_than_asked_for_is_told_before_it_is_gathered() -> None:
    texts = [[1, 2, 3]] * 40
    query = Query((1, 2, 3), 0, np.empty(0, np.uint64), np.uint64(0))
    postings = made(texts, Limit(0.7))
    named = found(postings, query, [3] * 40)
    assert named == set(range(40))
    assert [found(postings, query, [3] * 40, most) for most in (0, 30, 39)] == [None] * 3


@pytest.mark.parametrize("words", [CHUNK_WORDS // 8, CHUNK_WORDS // 3])
def test_texts_are_sorted_chunk_by_chunk_as_if_at_once(words: int) -> None:
    rng = random.Random(words)
    rows = 2 * CHUNK_WORDS // words
    texts = [rng.choices(range(300), k=words) for _ in range(rows)]
    postings = made(texts, Limit(0.9))
    for row, text in itertools.islice(enumerate(texts), 0, None, 3):
        query = Query(tuple(text), 0, np.empty(0, np.uint64), np.uint64(0))
        named = found(postings, query, [words] * rows, 10**9)
        assert named is not None
        assert row in named
