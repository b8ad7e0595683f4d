"""Questions in, rows with their answers out: the second half of recipes that ask in two steps."""

from collections.abc import Sequence
from dataclasses import replace

from selfinstruct.prompting import Form, Prompts
from selfinstruct.recipes.asking import Ask, Draft, read
from selfinstruct.recipes.parse import read_text
from selfinstruct.text import question_text
from selfinstruct.types import Drafts, Example, Prompt, Rejection, Sampling

SHOWN = ({"text": "What is this charge?", "response": "It is a fee."},)


def answer_form(name: str) -> Form:
    """The form of a template that asks for the answer to one text, after others with theirs."""
    return Form(name, {"shown": SHOWN, "text": "Why was I charged?"}, {"shown": ()})


def with_text(blank: Example, text: str) -> Example:
    """The text goes where the demonstrations have theirs: beside an instruction, or as it."""
    return replace(blank, input=text) if blank.instruction else replace(blank, instruction=text)


def answer(
    questions: Sequence[Draft], form: Form, prompts: Prompts, ask: Ask, how: Sampling
) -> Drafts:
    """One answer to each question, after demonstrations that have one; why not, for the others."""
    asked = [_prompt(question, form, prompts) for question in questions]
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for question, (completion,) in zip(questions, ask(asked, how, 1), strict=True):
        reading = read(completion, read_text)
        draft = replace(question.example, attempt=completion.attempt)
        examples += [replace(draft, response=item) for item in reading.items]
        if reading.reason is not None:
            rejections.append(Rejection(replace(draft, response=reading.lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))


def _prompt(question: Draft, form: Form, prompts: Prompts) -> Prompt:
    demos = [demo for demo in question.demos if demo.response]
    shown = [{"text": question_text(demo), "response": demo.response} for demo in demos]
    asked = question.example
    return prompts.build(form, demos, asked.attempt, shown=shown, text=question_text(asked))
