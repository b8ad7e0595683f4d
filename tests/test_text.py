# ruff: noqa: RUF001 - characters that look like others are what is tested here
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from selfinstruct.errors import UserError
from selfinstruct.text import (
    as_fraction,
    exceeds,
    lcs,
    ngrams,
    normalise,
    question_text,
    question_texts,
    rouge_l,
    whole_question,
    without_surrogates,
    words,
)
from selfinstruct.types import Example, Message

# Few words, so that random texts share some.
TOKENS = st.lists(st.sampled_from("abcdefgh"), max_size=14)
TEXTS = TOKENS.map(" ".join)
# Decimals with two places, the ends of the range, and the float that 0.1 + 0.2 gives.
THRESHOLDS = st.one_of(
    st.integers(0, 100).map(lambda share: share / 100), st.just(0.1 + 0.2), st.just(1 / 3)
)


@given(st.text(st.characters(max_codepoint=127)))
def test_words_of_ascii_are_those_of_rouge_score(text: str) -> None:
    assert words(text) == DefaultTokenizer(use_stemmer=False).tokenize(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("?! … — 👍 ❤️", []),
        ("Don’t 3.14 snake_case", ["don", "t", "3", "14", "snake", "case"]),
        ("Café NAÏVE", ["café", "naïve"]),
        ("Привет, мир", ["привет", "мир"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("العربية لغة", ["العربية", "لغة"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("重复扣款，怎么办？", list("重复扣款怎么办")),
        ("用Python写3行", ["用", "python", "写", "3", "行"]),
        ("カードが ﾄﾞﾛｯﾌﾟ", list("カードがドロップ")),
        ("ＡＢＣ　１２", ["abc", "12"]),
        ("co\u00adoperate zero\u200bwidth", ["cooperate", "zero", "width"]),
        ("1️⃣ x²", ["1", "x2"]),
    ],
)
def test_words_of_any_script(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_thai_gives_one_token_a_character() -> None:
    assert words("ที่นี่") == list("ที่นี่")


@given(st.text())
def test_words_do_not_depend_on_how_accents_are_coded(text: str) -> None:
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("Yes", " yes\n", True),
        ("Ｙes", "yes", True),
        ("yes", "yes.", False),
        ("1 + 1", "1 - 1", False),
        ("👍", "👎", False),
    ],
)
def test_normalise_keeps_what_tells_texts_apart(a: str, b: str, same: bool) -> None:
    assert (normalise(a) == normalise(b)) is same


@given(TEXTS, TEXTS)
def test_rouge_l_is_that_of_rouge_score(a: str, b: str) -> None:
    expected = RougeScorer(["rougeL"], use_stemmer=False).score(a, b)["rougeL"].fmeasure
    assert rouge_l(words(a), words(b)) == pytest.approx(expected, abs=1e-12)


@given(TOKENS, TOKENS)
def test_lcs_is_that_of_the_textbook(a: list[str], b: list[str]) -> None:
    row = [0] * (len(b) + 1)
    for token in a:
        above = row[:]
        for place, other in enumerate(b):
            row[place + 1] = (
                above[place] + 1 if token == other else max(row[place], above[place + 1])
            )
    assert lcs(a, b) == row[-1]


@pytest.mark.parametrize(
    ("length", "m", "n", "threshold", "above"),
    [
        (7, 10, 10, 0.7, False),
        (8, 10, 10, 0.7, True),
        (14, 20, 20, 0.7, False),
        (1, 1, 1, 1.0, False),
        (0, 5, 5, 0.0, False),
        (1, 50, 50, 0.0, True),
        (0, 0, 0, 0.0, False),
        (3, 10, 10, 0.1 + 0.2, False),
        (3, 10, 10, 0.3, False),
        (3, 10, 10, 0.29, True),
    ],
)
def test_exceeds_is_strict_and_exact(
    length: int, m: int, n: int, threshold: float, above: bool
) -> None:
    assert exceeds(length, m, n, threshold) is above


def test_no_exact_tie_at_the_papers_threshold_is_above_it() -> None:
    ties = [
        (7 * total // 20, m, total - m) for total in range(20, 160, 20) for m in range(1, total)
    ]
    assert not any(exceeds(length, m, n, 0.7) for length, m, n in ties)
    assert all(exceeds(length + 1, m, n, 0.7) for length, m, n in ties)


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_outside_the_range_is_an_error(threshold: float) -> None:
    with pytest.raises(UserError, match="threshold"):
        as_fraction(threshold)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, [("a",), ("b",), ("c",)]),
        (2, [("a", "b"), ("b", "c")]),
        (3, [("a", "b", "c")]),
        (4, []),
    ],
)
def test_ngrams(n: int, expected: list[tuple[str, ...]]) -> None:
    assert list(ngrams(["a", "b", "c"], n)) == expected


@pytest.mark.parametrize(
    ("example", "asked"),
    [
        (Example("Name a fruit", "red"), "Name a fruit"),
        (Example("Classify", "Where is my card?", label="card"), "Where is my card?"),
        (Example("Where is my card?", label="card"), "Where is my card?"),
    ],
)
def test_question_text_is_what_was_newly_asked(example: Example, asked: str) -> None:
    assert question_text(example) == asked
    assert whole_question(example) == asked


def test_the_whole_question_is_what_was_said_before_the_answer() -> None:
    turns = (Message("system", "s"), Message("user", "Tea?"), Message("assistant", "With milk?"))
    row = Example("Yes please", response="Here.", turns=turns)
    assert whole_question(row) == "Tea?\nWith milk?\nYes please"
    assert question_texts(row) == ("Yes please", "s", "Tea?", "With milk?", whole_question(row))
    assert question_texts(Example("Yes please", response="Here.")) == ("Yes please",)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain \U0001f600 \0", "plain \U0001f600 \0"),
        ("\ud83d", "\ufffd"),
        ("a\udc00\ud800b", "a\ufffd\ufffdb"),
        ("\ud83d\ude00", "\U0001f600"),
    ],
)
def test_half_characters_are_joined_or_marked(text: str, kept: str) -> None:
    assert without_surrogates(text) == kept


@given(st.text(st.characters()))
def test_what_is_left_can_be_stored_and_whole_text_stays(text: str) -> None:
    kept = without_surrogates(text)
    assert kept.encode().decode() == kept
    assert without_surrogates(kept) == kept
    assert len(kept) <= len(text)
