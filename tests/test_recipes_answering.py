"""The second half of a recipe: an answer to each question, or why there is none."""

import pytest

from selfinstruct.prompting import SHIPPED
from selfinstruct.recipes.answering import answer, answer_form, with_text
from selfinstruct.recipes.asking import Draft
from selfinstruct.types import Completion, Example, Sampling
from tests.scripted_ask import Scripted, say

HOW = Sampling(temperature=0.3)
FORM = answer_form("label_first/answer.j2")
SHOWN = Example("Reply.", "Where is it?", "On its way.", label="card")
MUTE = Example("Reply.", "Hello", label="card")
ASKED = Draft(Example("Reply.", "Is it lost?", label="card"), (SHOWN, MUTE))


def test_an_answer_comes_after_demonstrations_that_have_one() -> None:
    teacher = Scripted(lambda question, _: say(f"Re: {question}"))
    found = answer([ASKED], FORM, SHIPPED, teacher, HOW)
    assert [row.response for row in found.examples] == ["Re: Is it lost?"]
    assert [message.content for message in teacher.prompts[0].messages] == [
        "Where is it?",
        "On its way.",
        "Is it lost?",
    ]
    assert teacher.prompts[0].parents == (SHOWN.id,)
    assert found.examples[0].attempt == "0/0"


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (say("", "error"), "failed_call"),
        (say("I cannot", "refusal"), "refused"),
        (say("Half of an", "length"), "truncated"),
        (say("  "), "empty"),
    ],
)
def test_a_question_without_an_answer_says_why(completion: Completion, reason: str) -> None:
    found = answer([ASKED], FORM, SHIPPED, Scripted(lambda *_: completion), HOW)
    assert (found.examples, [item.reason for item in found.rejections]) == ((), [reason])


def test_a_text_stands_where_the_demonstrations_have_theirs() -> None:
    assert with_text(Example("Reply."), "Hi").input == "Hi"
    assert with_text(Example(""), "Hi").instruction == "Hi"
