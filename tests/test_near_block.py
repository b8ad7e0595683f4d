import numpy as np
import pytest

from selfinstruct.near.block import SCANNED, Block, Rows, Tail, Ways
from selfinstruct.near.coded import LANES, Query, pack, sketch
from selfinstruct.near.limit import AtLeast, Limit

FOLDS_ALONE = Ways()
POSTINGS_ALONE = Ways(indexed_words=0, worth=1)
VOCABULARY = {str(number): number for number in range(400)}


def block(texts: list[list[int]], ways: Ways, start: int = 0, threshold: float = 0.7) -> Block:
    sketches = np.frombuffer(b"".join(map(sketch, texts)), np.uint64).reshape(-1, LANES)
    lengths = np.array([len(text) for text in texts])
    rows = Rows([pack(text) for text in texts], lengths, sketches)
    return Block(rows, start, Limit(threshold), ways)


def asked(numbers: list[int]) -> Query:
    return Query.of([str(number) for number in numbers], VOCABULARY)


TEXTS = [[1, 2, 3, 4, 5], [], [11, 12, 13, 14], [1, 2, 3, 4, 6], [1, 2, 3, 4, 5, *range(50, 90)]]


@pytest.mark.parametrize("ways", [FOLDS_ALONE, POSTINGS_ALONE])
@pytest.mark.parametrize(
    ("query", "places"),
    [
        ([1, 2, 3, 4, 5], [100, 103]),
        ([14, 13, 12, 11], [102]),  # the same words in another order: only an LCS can tell
        ([1, 2, 3, 399], []),
        ([399, 398], []),
    ],
)
def test_candidates_share_length_and_words(ways: Ways, query: list[int], places: list[int]) -> None:
    sealed = block(TEXTS, ways, start=100)
    assert (sealed.start, sealed.stop, len(sealed)) == (100, 105, 5)
    assert sorted(sealed.candidates(asked(query)).tolist()) == places


def test_a_block_without_words_has_no_candidates() -> None:
    assert block([[], []], POSTINGS_ALONE).candidates(asked([1, 2])).tolist() == []


def test_a_pass_over_more_folds_than_fit_at_once_misses_none() -> None:
    texts = [[row % 300, row // 300, 301, 302] for row in range(2 * SCANNED + 5)]
    places = [0, SCANNED - 1, SCANNED, 2 * SCANNED + 4]
    sealed = block(texts, FOLDS_ALONE)
    for place in places:
        assert place in sealed.candidates(asked(texts[place])).tolist()


def test_the_way_changes_what_it_takes_and_not_what_is_found() -> None:
    texts = [[row % 7, row % 11, row % 13, row % 17, row] for row in range(300)]
    folds, postings = block(texts, FOLDS_ALONE), block(texts, POSTINGS_ALONE)
    for text in texts[::20]:
        found = [set(each.candidates(asked(text)).tolist()) for each in (folds, postings)]
        assert found[1] <= found[0]
        assert texts.index(text) in found[1]


@pytest.mark.parametrize("ways", [FOLDS_ALONE, POSTINGS_ALONE])
def test_what_was_compared_is_asked_again_for_more(ways: Ways) -> None:
    sealed = block(TEXTS, ways)
    compared = sealed.compare(asked([1, 2, 3, 4, 5]))
    bars = [AtLeast(4, 10), AtLeast(5, 10)]
    assert [sorted(sealed.near(compared, bar).tolist()) for bar in bars] == [[0, 3], [0]]


@pytest.mark.parametrize(
    ("threshold", "plain", "bar"), [(0.7, 0, 350), (0.7, 1, 500), (0.7, 1 / 3, 400), (1.0, 0, 500)]
)
def test_plainly_near_is_part_of_the_way_to_equal(threshold: float, plain: float, bar: int) -> None:
    assert Ways(plain=plain).plainly(Limit(threshold)) == AtLeast(bar, 1000)


def test_the_tail_leaves_out_texts_without_words() -> None:
    texts = [[], [1, 2, 3], [7, 8, 9]]
    sketches = np.frombuffer(b"".join(map(sketch, texts)), np.uint64).reshape(-1, LANES)
    tail = Tail(Rows([pack(text) for text in texts], np.array([0, 3, 3]), sketches), 40)
    assert tail.near(asked([1, 2, 3]), Limit(0.7)).tolist() == [41]
    assert tail.near(asked([1, 2, 3]), Limit(0.0, inclusive=True)).tolist() == [41, 42]
