import random
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.errors import UserError
from selfinstruct.near.block import Ways
from selfinstruct.near.coded import CODE_POINTS
from selfinstruct.near.index import CROWDED, FEW, TOGETHER, Near, RougeIndex
from selfinstruct.text import lcs, rouge_l, words

# Few words, so that random texts share some and ties at a threshold are frequent.
TOKENS = st.lists(st.sampled_from("abcdefgh"), max_size=14)
# Decimals with two places, the ends of the range, and the float that 0.1 + 0.2 gives.
THRESHOLDS = st.one_of(
    st.integers(0, 100).map(lambda share: share / 100), st.just(0.1 + 0.2), st.just(1 / 3)
)
# Every way to an answer: the tail alone, folds alone, postings whatever they cost, all of them.
WAYS = st.sampled_from(
    [
        Ways(),
        Ways(sealed=1, shrink=1),
        Ways(sealed=1, shrink=1, indexed_words=0, sketched=0),
        Ways(sealed=3, shrink=2, indexed_words=20, worth=2, sketched=5),
        Ways(sealed=1, shrink=1, guessed=0),
        Ways(sealed=4, shrink=1, indexed_words=30, guessed=2, plain=0.1),
    ]
)
BAD_INPUT = [
    "",
    "👍 ❤️ 🎉",
    "\ud800 \udfff",
    "null \0 byte",
    "\u202eright to left\u202c marks",
    "смесь of письменностей 混在 ที่นี่",
    "word " * 500,
    " ".join(f"w{number % 977}" for number in range(100_000)),
]


def is_near(a: Sequence[str], b: Sequence[str], threshold: float, inclusive: bool = False) -> bool:
    if not a or not b:
        return False
    score, limit = Fraction(2 * lcs(a, b), len(a) + len(b)), Fraction(str(threshold))
    return score >= limit if inclusive else score > limit


def exhaustive(
    pool: Sequence[Sequence[str]], query: Sequence[str], threshold: float, inclusive: bool
) -> tuple[list[int], list[float]]:
    places = [i for i, text in enumerate(pool) if is_near(query, text, threshold, inclusive)]
    return places, [rouge_l(query, pool[place]) for place in places]


def lists(near: Near) -> tuple[list[int], list[float]]:
    return near.positions.tolist(), near.rouge_l.tolist()


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_outside_the_range_is_an_error(threshold: float) -> None:
    with pytest.raises(UserError, match="threshold"):
        RougeIndex(threshold)


@given(st.lists(TOKENS, max_size=8), TOKENS, THRESHOLDS, st.booleans(), WAYS)
def test_index_finds_what_trying_every_text_finds(
    pool: list[list[str]], query: list[str], threshold: float, inclusive: bool, ways: Ways
) -> None:
    index = RougeIndex(threshold, inclusive=inclusive, ways=ways)
    for text in pool:
        index.add(text)
    near = index.near([*query, "unheard"])
    assert lists(near) == exhaustive(pool, [*query, "unheard"], threshold, inclusive)


@given(st.lists(st.lists(TOKENS, max_size=4), max_size=6), THRESHOLDS, st.booleans(), WAYS)
def test_every_answer_between_two_additions_is_exact(
    waves: list[list[list[str]]], threshold: float, inclusive: bool, ways: Ways
) -> None:
    index = RougeIndex(threshold, inclusive=inclusive, ways=ways)
    pool: list[list[str]] = []
    for wave in waves:
        found = index.near_many(wave)
        assert [lists(near) for near in found] == [
            exhaustive(pool, query, threshold, inclusive) for query in wave
        ]
        for text in wave:
            index.add(text)
            pool.append(text)
        for since in range(len(pool) + 2):
            for query, near in zip(wave, index.near_many(wave, since), strict=True):
                places, scores = exhaustive(pool, query, threshold, inclusive)
                late = [place for place in places if place >= since]
                assert lists(near) == (late, scores[len(scores) - len(late) :])


def first_of_the_highest(
    pool: Sequence[Sequence[str]],
    query: Sequence[str],
    threshold: float,
    inclusive: bool,
    since: int,
) -> tuple[int, float] | None:
    near = [
        (-Fraction(2 * lcs(query, text), len(query) + len(text)), place)
        for place, text in enumerate(pool)
        if place >= since and is_near(query, text, threshold, inclusive)
    ]
    return (min(near)[1], -float(min(near)[0])) if near else None


@given(
    st.lists(TOKENS, max_size=24),
    st.lists(TOKENS, min_size=1, max_size=4),
    THRESHOLDS,
    st.booleans(),
    WAYS,
    st.data(),
)
def test_the_closest_is_the_first_of_the_highest(
    pool: list[list[str]],
    queries: list[list[str]],
    threshold: float,
    inclusive: bool,
    ways: Ways,
    data: st.DataObject,
) -> None:
    index = RougeIndex(threshold, inclusive=inclusive, ways=ways)
    sealed_early = data.draw(st.integers(0, len(pool)))
    for place, text in enumerate(pool):
        if place == sealed_early:
            index.near(text)
        index.add(text)
    queries = [*queries, *([*query, "unheard"] for query in queries), *pool[:2]]
    for since in {0, data.draw(st.integers(0, len(pool) + 1))}:
        assert index.closest_many(queries, since) == [
            first_of_the_highest(pool, query, threshold, inclusive, since) for query in queries
        ]


@pytest.mark.parametrize("guessed", [0, 1 << 30])
@pytest.mark.parametrize("threshold", [0.3, 0.7, 0.8])
def test_the_closest_of_many_is_that_of_all_near_ones(guessed: int, threshold: float) -> None:
    rng = random.Random(5)
    pool = [rng.choices("abcdefghijklmnopqrst", k=rng.randint(1, 20)) for _ in range(300)]
    for _ in range(900):
        text = list(rng.choice(pool))
        for _ in range(rng.randint(0, 5)):
            text[rng.randrange(len(text))] = rng.choice("abcdefghijklmnopqrstuvw")
        pool.append(text)
    queries = [[*text[1:], *rng.choices("axyz", k=rng.randint(0, 4))] for text in pool[::7]]
    index = RougeIndex(threshold, ways=Ways(sealed=500, shrink=2, guessed=guessed))
    for place, text in enumerate(pool):
        index.add(text)
        if place == 600:
            index.near(text)
    every = [lists(near) for near in index.near_many(queries)]
    expected = [
        (places[scores.index(max(scores))], max(scores)) if scores else None
        for places, scores in every
    ]
    assert index.closest_many(queries) == expected
    assert sum(nearest is not None for nearest in expected) > 50


@pytest.mark.parametrize("ways", [Ways(), Ways(sealed=20, indexed_words=100, worth=1, sketched=9)])
@pytest.mark.parametrize("size", [3, 40, 300])
def test_index_is_exact_when_texts_have_more_words_than_a_sketch_has_bits(
    size: int, ways: Ways
) -> None:
    rng = random.Random(size)
    vocabulary = [f"w{number}" for number in range(700)]
    pool = [rng.choices(vocabulary, k=rng.randint(1, size)) for _ in range(60)]
    pool += [[*rng.sample(text, k=len(text) * 4 // 5), "new"] for text in pool]
    pool += [[*text[: len(text) * 9 // 10], "end"] for text in pool]
    index = RougeIndex(0.7, ways=ways)
    found = []
    for text in pool:
        found.append(index.near(text).positions.tolist())
        index.add(text)
    expected = [[i for i in range(j) if is_near(pool[i], pool[j], 0.7)] for j in range(len(pool))]
    assert found == expected
    assert any(expected)


def test_many_queries_are_answered_as_each_alone() -> None:
    rng = random.Random(1)
    pool = [rng.choices("abcdefghijklmnop", k=rng.randint(0, 9)) for _ in range(400)]
    queries = [rng.choices("abcdefghijklmnopq", k=rng.randint(0, 9)) for _ in range(400)]
    assert len(queries) > TOGETHER
    index = RougeIndex(0.7)
    assert [near.positions.size for near in index.near_many(queries)] == [0] * 400
    for text in pool:
        index.add(text)
    together = index.near_many(queries)
    alone = [index.near(query) for query in queries]
    assert [lists(near) for near in together] == [lists(near) for near in alone]
    assert index.near_many([]) == []


def test_index_outgrows_the_code_points() -> None:
    index = RougeIndex(0.7, ways=Ways(sealed=2))
    index.add([str(number) for number in range(CODE_POINTS - 1)])
    index.add(["the", "last", "code", "point", "is", "passed"])
    index.add(["1", "2", "3", "4", "5", "6"])
    assert index.near(["the", "last", "code", "point", "is", "here"]).positions.tolist() == [1]
    assert index.near(["1", "2", "3", "4", "5", "passed"]).positions.tolist() == [2]


def test_index_without_a_threshold_finds_nothing() -> None:
    index = RougeIndex(None)
    index.add(["a"])
    assert not index.near(["a"]).positions.size


@pytest.mark.parametrize("ways", [Ways(), Ways(sealed=2, indexed_words=0, worth=1, sketched=0)])
def test_bad_input_is_near_itself_where_it_has_words(ways: Ways) -> None:
    pool = [words(text) for text in BAD_INPUT]
    index = RougeIndex(0.7, ways=ways)
    for tokens in pool:
        index.add(tokens)
    found = [near.positions.tolist() for near in index.near_many(pool)]
    assert found == [[place] if tokens else [] for place, tokens in enumerate(pool)]


def test_texts_that_share_nothing_pass_where_the_limit_is_at_zero() -> None:
    index = RougeIndex(0.0, inclusive=True, ways=Ways(sealed=1, indexed_words=0))
    index.add(["a", "b"])
    index.add([])
    assert lists(index.near(["c"])) == ([0], [0.0])


def test_every_one_of_a_thousand_copies_is_found() -> None:
    index = RougeIndex(0.7, ways=Ways(sealed=300, indexed_words=0, worth=1))
    for _ in range(1000):
        index.add(["name", "three", "red", "fruits"])
    found = index.near(["name", "three", "red", "fruits", "now"])
    assert found.positions.tolist() == list(range(1000))
    assert set(found.rouge_l.tolist()) == {8 / 9}


def crowd(seed: str, size: int) -> list[list[str]]:
    """Texts of few words, so that many of them are near each other."""
    rng = random.Random(seed)
    return [rng.choices("abcd", k=rng.randint(3, 9)) for _ in range(size)]


@pytest.mark.parametrize("threshold", [0.3, 0.4, 0.5])
def test_in_a_crowd_each_query_finds_what_trying_every_text_finds(threshold: float) -> None:
    pool, asked = crowd("pool", 400), [*crowd("asked", 20), [], ["e"]]
    index = RougeIndex(threshold, ways=Ways(sealed=150))
    for text in pool:
        index.add(text)
    found = index.near_many(asked)
    assert sum(len(near.positions) for near in found) > CROWDED * len(asked)
    expected = [exhaustive(pool, query, threshold, False) for query in asked]
    assert [lists(near) for near in found] == expected
    nearest = index.closest_many(asked)
    assert [near and near.rouge_l for near in nearest] == [
        max(b, default=None) for _, b in expected
    ]


@pytest.mark.parametrize(("threshold", "groups"), [(0.0, 3), (0.6, 1), (0.6, 40), (0.7, 400)])
def test_the_groups_near_a_text_are_those_of_all_near_texts(threshold: float, groups: int) -> None:
    pool, rng = crowd("pool", 400), random.Random("groups")
    index = RougeIndex(threshold, ways=Ways(sealed=150))
    for text in pool:
        index.add(text)
    group_of = np.array([rng.randrange(groups) for _ in pool], np.int64)
    most = 0
    for query in crowd("asked", 30):
        near = index.near(query).positions
        assert sorted(index.groups_near(query, group_of)) == sorted(set(group_of[near].tolist()))
        most = max(most, len(near))
    assert most > FEW
    assert index.groups_near([], group_of) == []
    assert RougeIndex(None).groups_near(["a"], group_of) == []
