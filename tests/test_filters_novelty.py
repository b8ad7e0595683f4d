import random
from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from selfinstruct.errors import UserError
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.text import words
from selfinstruct.types import Match

SCORER = RougeScorer(["rougeL"], use_stemmer=False)
TEXTS = st.lists(st.sampled_from("abcdefgh"), max_size=12).map(" ".join)


def by_rouge_score(pool: Sequence[str], query: str, threshold: str) -> Match | None:
    best: tuple[Fraction, str] | None = None
    for place, text in enumerate(pool):
        total = len(words(query)) + len(words(text))
        length = round(SCORER.score(text, query)["rougeL"].fmeasure * total / 2)
        score = Fraction(2 * length, total) if total else Fraction(0)
        if score > Fraction(threshold) and (best is None or score > best[0]):
            best = (score, str(place))
    return None if best is None else Match(best[1], float(best[0]))


@given(st.lists(TEXTS, max_size=8), TEXTS, st.sampled_from(["0.0", "0.5", "0.7", "0.9", "1.0"]))
def test_closest_decides_as_a_rouge_score_loop(pool: list[str], query: str, threshold: str) -> None:
    index = NoveltyIndex(float(threshold))
    index.add_many((str(place), text) for place, text in enumerate(pool))
    assert index.closest(query) == by_rouge_score(pool, query, threshold)


@given(
    st.lists(TEXTS, max_size=8),
    st.lists(TEXTS, min_size=2, max_size=3),
    st.integers(0, 3),
    st.integers(0, 8),
)
def test_a_text_that_is_left_out_might_as_well_be_unknown(
    pool: list[str], queries: list[str], left_out: int, since: int
) -> None:
    """Of ids that stand for several texts, all are left out; other queries see them as before."""
    index = NoveltyIndex(0.5)
    index.add_many((str(place % 4), text) for place, text in enumerate(pool))
    known = [(place % 4, text) for place, text in enumerate(pool)][since:]
    found = index.closest_many(queries, since, {0: str(left_out)})
    for place, (query, match) in enumerate(zip(queries, found, strict=True)):
        held = [each for each in known if place or each[0] != left_out]
        best = by_rouge_score([text for _, text in held], query, "0.5")
        assert match == (best and Match(str(held[int(best.id)][0]), best.rouge_l))


def test_in_place_of_a_text_that_is_left_out_comes_the_next_nearest() -> None:
    index = NoveltyIndex(0.5)
    pool = ("a b c d e", "a b", "a b c d", "a b c", "a b c d e f", "a b c")
    index.add_many(zip("012345", pool, strict=True))
    query = "a b c d"
    assert index.closest_many([query], but={0: "2"}) == [Match("0", 8 / 9)]
    assert index.closest_many([query], 1, {0: "2"}) == [Match("3", 6 / 7)]  # of equals the first
    assert index.closest_many([query], 4, {0: "5"}) == [Match("4", 0.8)]
    assert index.closest_many(["?", query, query], 2, {1: "2"}) == [
        *(None, Match("3", 6 / 7), Match("2", 1.0))
    ]


def test_every_answer_on_the_way_is_exact() -> None:
    rng = random.Random(7)
    vocabulary = [f"w{number}" for number in range(50)]
    index = NoveltyIndex(0.7)
    pool: list[str] = []
    matches = 0
    for place in range(150):
        tokens = rng.choices(vocabulary, k=rng.randint(3, 12))
        if place % 2:
            tokens = rng.choice(pool).split()
            tokens[rng.randrange(len(tokens))] = rng.choice(vocabulary)
        text = " ".join(tokens)
        expected = by_rouge_score(pool, text, "0.7")
        assert index.closest(text) == expected
        matches += expected is not None
        index.add(str(place), text)
        pool.append(text)
    assert 0 < matches < 150


def test_closest_many_answers_in_order_and_adds_nothing() -> None:
    index = NoveltyIndex()
    index.add_many([("a", "name three red fruits"), ("b", "list the kings of France")])
    queries = ["list the kings of France", "prove it", "name three red fruits", "prove it"]
    assert index.closest_many(queries) == [Match("b", 1.0), None, Match("a", 1.0), None]
    assert index.closest_many(iter(queries)) == [index.closest(query) for query in queries]
    assert len(index) == 2


def test_what_was_compared_already_is_left_out() -> None:
    index = NoveltyIndex()
    index.add_many([("a", "name three red fruits"), ("b", "list the kings of France")])
    since = len(index)
    index.add("c", "name three red fruits now")
    assert index.closest("name three red fruits", since) == Match("c", 8 / 9)
    asked = ["name three red fruits", "list the kings of France"]
    assert index.closest_many(asked, since) == [Match("c", 8 / 9), None]
    assert index.closest_many(asked, len(index)) == [None, None]


TEN = "a b c d e f g h i j"


@pytest.mark.parametrize(
    ("threshold", "inclusive", "known", "query", "found"),
    [
        (0.7, False, TEN, "a b c d e f g x y z", None),
        (0.7, True, TEN, "a b c d e f g x y z", 0.7),
        (0.7, False, TEN, "a b c d e f g h y z", 0.8),
        (0.7, False, TEN, "j i h g f e d c b a", None),
        (0.0, False, TEN, "j", 2 / 11),
        (0.0, False, TEN, "x", None),
        (0.0, True, TEN, "x", 0.0),
        (1.0, False, TEN, TEN, None),
        (1.0, True, TEN, TEN, 1.0),
        (None, False, TEN, TEN, None),
        (0.0, True, "", "", None),
        (0.0, True, TEN, "?!", None),
        (0.0, True, "?!", TEN, None),
        (0.7, False, "Wie HEISST du?", "wie heißt du", 1.0),
        (0.7, False, "我的订阅被重复扣款了", "我的订阅被重复扣款", 18 / 19),
        (0.7, False, "我的订阅被重复扣款了", "如何升级到年度套餐", None),
    ],
)
def test_thresholds(
    threshold: float | None, inclusive: bool, known: str, query: str, found: float | None
) -> None:
    index = NoveltyIndex(threshold, inclusive=inclusive)
    index.add("known", known)
    assert index.closest(query) == (None if found is None else Match("known", found))


def test_of_equal_matches_the_first_added_is_named() -> None:
    index = NoveltyIndex(0.5)
    index.add_many([("worse", "a b c x"), ("first", "a b c d y"), ("second", "z a b c d")])
    assert index.closest("a b c d") == Match("first", 8 / 9)


def test_an_empty_index_matches_nothing() -> None:
    assert NoveltyIndex().closest("name three red fruits") is None


def test_a_threshold_outside_the_range_is_an_error() -> None:
    with pytest.raises(UserError, match="70"):
        NoveltyIndex(70)


@pytest.mark.parametrize(
    ("known", "nearly", "other"),
    [
        ("请把这封信翻译成英文", "请将这封信翻译为英文", "把下面的数字从小到大排序"),
        ("我的快递什么时候能到", "请问我的快递什么时候到", "怎样才能睡得更好"),
        (
            "パスワードを忘れました。再設定する方法を教えてください。",
            "パスワードを忘れてしまいました。再設定の方法を教えてください。",
            "この数学の問題の解き方を教えてください",
        ),
        (
            "この文を英語に翻訳してください",
            "この文章を英語に翻訳して下さい",
            "次の数字を小さい順に並べてください",
        ),
        (
            "ฉันลืมรหัสผ่าน จะตั้งใหม่ได้อย่างไร",
            "ฉันลืมรหัสผ่าน ต้องตั้งใหม่อย่างไร",
            "ทำอย่างไรให้นอนหลับดีขึ้น",
        ),
        (
            "พัสดุของฉันจะมาถึงเมื่อไหร่",
            "พัสดุของผมจะมาถึงเมื่อไร",
            "อยากเปลี่ยนเป็นแพ็กเกจรายปี",
        ),
    ],
)
def test_the_papers_threshold_tells_near_from_other_in_scripts_without_spaces(
    known: str, nearly: str, other: str
) -> None:
    index = NoveltyIndex(0.7)
    index.add("known", known)
    assert index.closest(nearly) is not None
    assert index.closest(other) is None
