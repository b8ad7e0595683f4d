"""Questions in, rows with their answers out: the second half of recipes that ask in two steps."""

from collections.abc import Sequence
from dataclasses import replace

from selfinstruct.prompting import build_prompt
from selfinstruct.recipes.asking import Ask, Draft, read
from selfinstruct.recipes.parse import read_text
from selfinstruct.text import question_text
from selfinstruct.types import Drafts, Example, Prompt, Rejection, Sampling


def with_text(blank: Example, text: str) -> Example:
    """The text goes where the demonstrations have theirs: beside an instruction, or as it."""
    return replace(blank, input=text) if blank.instruction else replace(blank, instruction=text)


def answer(questions: Sequence[Draft], template: str, ask: Ask, how: Sampling) -> Drafts:
    """One answer to each question, after demonstrations that have one; why not, for the others."""
    prompts = [_prompt(question, template) for question in questions]
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for question, (completion,) in zip(questions, ask(prompts, how, 1), strict=True):
        reading = read(completion, read_text)
        draft = replace(question.example, attempt=completion.attempt)
        examples += [replace(draft, response=item) for item in reading.items]
        if reading.reason is not None:
            rejections.append(Rejection(replace(draft, response=reading.lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))


def _prompt(question: Draft, template: str) -> Prompt:
    demos = [demo for demo in question.demos if demo.response]
    shown = [{"text": question_text(demo), "response": demo.response} for demo in demos]
    return build_prompt(template, demos, shown=shown, text=question_text(question.example))
