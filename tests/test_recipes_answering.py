"""The second half of a recipe: an answer to each question, or why there is none."""

from dataclasses import replace

import pytest

from selfinstruct.prompting import SHIPPED
from selfinstruct.recipes.answering import YES_OR_NO, answer, answer_form, yes_or_no
from selfinstruct.recipes.asking import Draft
from selfinstruct.types import Completion, Example, Rejection, Sampling
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


@pytest.mark.parametrize(
    ("completion", "said"),
    [
        (say("Yes."), True),
        (say("<think>No?</think> yes, it does"), True),
        (say("No"), False),
        (say("Perhaps"), None),
        (say("<think>Yes", "length"), None),
    ],
)
def test_a_question_about_a_draft_is_answered_greedily(
    completion: Completion, said: bool | None
) -> None:
    asked = SHIPPED.build(FORM, (), shown=(), text="Is it so?")
    assert yes_or_no([ASKED], [asked], Scripted(lambda *_: completion)) == [said]
    assert YES_OR_NO.temperature == 0


def test_of_a_call_that_failed_neither_answer_is_taken() -> None:
    asked = SHIPPED.build(FORM, (), shown=(), text="Is it so?")
    (found,) = yes_or_no([ASKED], [asked], Scripted(lambda *_: say("Yes", "error")))
    assert found == Rejection(replace(ASKED.example, attempt="0/0"), "failed_call")
