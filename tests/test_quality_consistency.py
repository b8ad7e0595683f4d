import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import SelfConsistencyConfig
from selfinstruct.filters.screen import Verified
from selfinstruct.quality.consistency import answer_key, answer_prompt, consistent
from selfinstruct.types import Completion, Example
from tests.bad_rows import bad_rows
from tests.fake_students import asks

CFG = SelfConsistencyConfig()
ROW = Example("Add.", "1 and 2", "3")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3", " 3.0 ", True),
        ("1,000", "1000", True),
        ("1,5", "15", False),
        ("-1", "1", False),
        ("3.", "3", True),
        ("\uff13", "3", True),
        ("9" * 30, "9" * 29 + "8", False),
        ('{"a": 1, "b": [2]}', '{"b":[2],\n"a":1}', True),
        ('{"a": 1}', '{"a": 2}', False),
        ("[1, 2]", "[2, 1]", False),
        ("Yes.", "yes", True),
        ("New York", "new  york!", True),
        ("yes", "no", False),
        ("{not json", "{NOT json", True),
    ],
)
def test_answers_that_say_the_same_share_a_key(one: str, other: str, same: bool) -> None:
    keys = answer_key(one, 5), answer_key(other, 5)
    assert None not in keys
    assert (keys[0] == keys[1]) == same


@pytest.mark.parametrize(
    "answer", ["", "  \n", "six words are more than five", "two\nlines", "[" * 5_000 + "x" * 9_000]
)
def test_an_answer_that_cannot_be_compared_has_none(answer: str) -> None:
    assert answer_key(answer, 5) is None


@given(st.text(max_size=60))
def test_any_text_has_a_key_or_none(answer: str) -> None:
    key = answer_key(answer, 5)
    assert key is None or key.split(" ")[0] in ("number", "json", "words")


def asked(said: list[str | Completion], row: Example = ROW, least: float = 0.5) -> Verified:
    cfg = SelfConsistencyConfig(k=len(said), least=least)
    return consistent([row], asks(lambda _, n, __: said[n]), cfg, ())


FAILED = Completion("", "error", error="503")


@pytest.mark.parametrize(
    ("said", "least", "value", "kept"),
    [
        (["3", "3.0", "4"], 0.5, 2 / 3, True),
        (["3", "4"], 0.5, 0.5, True),  # a tie is for the row
        (["3", "4", "4"], 0.0, 1 / 3, False),  # whatever the limit, most say otherwise
        (["3", "4", "5", "6"], 0.5, 0.25, False),
        (["3", "4", "5", "6"], 0.25, 0.25, True),
        (["4", "4"], 0.0, 0.0, False),
        (["it depends on what you mean by it"] * 2, 0.0, 0.0, False),  # nobody said it
        (["I think that it may well be 3", "3"], 0.5, 0.5, True),
        ([FAILED, "3"], 0.5, 0.5, True),
        (["<think>4?</think>3", "3"], 1.0, 1.0, True),
    ],
)
def test_most_must_say_what_the_row_says(
    said: list[str | Completion], least: float, value: float, kept: bool
) -> None:
    found = asked(said, least=least)
    (score,) = found.scores
    assert score.name == "self_consistency"
    assert score.value == pytest.approx(value)
    reasons = [(each.reason, each.value, each.threshold) for each in found.rejections.values()]
    assert reasons == ([] if kept else [("inconsistent", score.value, least)])


def test_where_every_call_failed_nobody_judged() -> None:
    found = asked([FAILED, FAILED])
    assert [each.reason for each in found.rejections.values()] == ["unjudged"]
    assert found.scores == ()


def test_a_long_answer_is_let_through_unasked_and_counted() -> None:
    row = Example("Tell a story.", response="There was a fox that lived in a wood.")

    def answer(*_: object) -> str:
        raise AssertionError("asked")

    found = consistent([row], asks(answer), CFG, ())
    assert found.rejections == {}
    assert [(one.name, one.value) for one in found.scores] == [("self_consistency_abstained", 1.0)]


def test_the_question_is_asked_as_it_stands_after_real_ones() -> None:
    shown = [Example("Add.", "2 and 2", "4"), Example("No answer.")]
    prompt = answer_prompt(ROW, shown)
    assert prompt.about == ROW.id
    assert [turn.content for turn in prompt.messages] == ["Add.\n\n2 and 2", "4", "Add.\n\n1 and 2"]


def test_bad_rows_are_compared_or_counted() -> None:
    rows = bad_rows(None)
    found = consistent(rows, asks(lambda *_: "yes"), CFG, ())
    assert len(found.scores) == len(rows)
    assert sum(one.value == 1.0 and one.name == "self_consistency" for one in found.scores) == 1000
