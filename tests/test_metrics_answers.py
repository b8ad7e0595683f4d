import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu import sentence_chrf

from selfinstruct import chat
from selfinstruct.chat import Reply
from selfinstruct.metrics.answers import accuracy, chrf, exact_match, rouge_l
from selfinstruct.types import Example

CAPITAL = Example("Name the capital of France", response="It is Paris.", label="Capital City")


@pytest.mark.parametrize(
    ("written", "score"),
    [
        ("Capital City", 1),
        ("capital_city", 1),
        ("Intent: capital city.", 1),
        ("capital", 0),
        ("capital city of France", 0),
        ("", 0),
    ],
)
def test_accuracy_is_for_the_whole_label(written: str, score: float) -> None:
    assert accuracy(CAPITAL, chat.read_answer(written, "label")) == score


@pytest.mark.parametrize(
    ("reference", "response", "score"),
    [
        ("a b c d", "a c d e", 3 / 4),
        ("the cat sat", "", 0),
        ("你好世界", "你好", 2 / 3),
        ("Привет, мир", "привет мир", 1),
    ],
)
def test_rouge_l_reads_every_script(reference: str, response: str, score: float) -> None:
    example = Example("x", response=reference)
    assert rouge_l(example, Reply(None, response)) == pytest.approx(score)


ascii_texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@given(ascii_texts, ascii_texts)
def test_rouge_l_is_rouge_score_on_ascii(reference: str, response: str) -> None:
    oracle = RougeScorer(["rougeL"]).score(reference, response)["rougeL"].fmeasure
    ours = rouge_l(Example("x", response=reference), Reply(None, response))
    assert ours == pytest.approx(oracle)


@pytest.mark.parametrize(
    ("response", "score"),
    [("It is Paris.", 1), ("  it is\nPARIS. ", 1), ("It is Paris", 0), ("", 0)],
)
def test_exact_match_forgives_case_and_spacing_alone(response: str, score: float) -> None:
    assert exact_match(CAPITAL, Reply(None, response)) == score


@given(ascii_texts, ascii_texts)
def test_chrf_is_that_of_sacrebleu(reference: str, response: str) -> None:
    ours = chrf(Example("x", response=reference), Reply(None, response))
    assert ours == pytest.approx(sentence_chrf(response, [reference]).score / 100)
    assert 0 <= ours <= 1
