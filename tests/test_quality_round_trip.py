import pytest

from selfinstruct.filters.screen import Verified
from selfinstruct.quality.round_trip import back_to_instruction, back_to_label, instruction_prompt
from selfinstruct.types import Completion, Example, Sampling
from tests.bad_rows import bad_rows
from tests.fake_students import asks

LABELS = ("fee", "refund")
ROW = Example("Name three red fruits.", response="apple, cherry, strawberry")
SHOWN = [Example("Name a colour.", response="red"), Example("", response="blue")]


def test_the_teacher_names_one_label_greedily_and_a_second_time_if_it_named_none() -> None:
    heard: list[float] = []

    def answer(text: str, _: int, how: Sampling) -> str:
        heard.append(how.temperature)
        return "refund" if "money" in text or how.temperature else "who knows"

    rows = [Example("Name it.", words, label="refund") for words in ("my money", "my card")]
    found = back_to_label(rows, asks(answer), LABELS, (), 8)
    assert found == [{"refund": 1.0}, {"refund": 1.0}]
    assert heard[:2] == [0.0, 0.0]
    assert heard[2] > 0
    lost = back_to_label(rows, asks(lambda *_: "who knows"), LABELS, (), 8)
    assert lost == [None, None]


def back(said: str | Completion, row: Example = ROW, least: float = 0.4) -> Verified:
    return back_to_instruction([row], asks(lambda *_: said), SHOWN, least, 64)


@pytest.mark.parametrize(
    ("said", "value", "kept"),
    [
        ("Name three red fruits.", 1.0, True),
        ("List three fruits", 4 / 7, True),
        ("Write a poem about trains", 0.0, False),
        ("<think>fruits...</think>Name some red fruits", 0.75, True),
    ],
)
def test_the_instruction_found_must_be_like_the_real_one(
    said: str, value: float, kept: bool
) -> None:
    found = back(said)
    (score,) = found.scores
    assert score.name == "round_trip"
    assert score.value == pytest.approx(value)
    reasons = [(each.reason, each.threshold) for each in found.rejections.values()]
    assert reasons == ([] if kept else [("round_trip", 0.4)])


def test_zero_is_a_limit_that_all_pass() -> None:
    assert back("Write a poem", least=0.0).rejections == {}


def test_an_input_that_is_guessed_too_is_no_fault() -> None:
    row = Example("Add.", "1 and 2", "3")
    assert back("Add 1 and 2", row).scores[0].value == 1.0
    assert back("Add", row).scores[0].value == 1.0


@pytest.mark.parametrize("said", ["", "<think>fruits", Completion("", "error", error="503")])
def test_a_teacher_that_finds_no_way_back_has_not_judged(said: str | Completion) -> None:
    found = back(said)
    assert [each.reason for each in found.rejections.values()] == ["unjudged"]
    assert found.scores == ()


def test_only_rows_that_have_an_instruction_are_shown() -> None:
    prompt = instruction_prompt(ROW, SHOWN)
    assert prompt.about == ROW.id
    assert [turn.role for turn in prompt.messages] == ["user", "assistant", "user"]
    assert prompt.messages[1].content == "Name a colour."
    assert "<response>\napple, cherry, strawberry\n</response>" in prompt.messages[2].content


def test_bad_rows_are_decided() -> None:
    rows = bad_rows(None)
    found = back_to_instruction(rows, asks(lambda *_: "Name it"), SHOWN, 0.5, 64)
    assert len(found.scores) == len(rows)
    assert len(found.rejections) == 9
