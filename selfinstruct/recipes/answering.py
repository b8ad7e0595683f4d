"""Questions in, rows with their answers out: the second half of recipes that ask in two steps; and
what a teacher says of a question between the two.
"""

from collections.abc import Sequence
from dataclasses import replace

from selfinstruct.chat import after_thought
from selfinstruct.prompting import Form, Prompts
from selfinstruct.recipes.asking import Ask, Draft, answers, read
from selfinstruct.recipes.parse import read_text, read_yes_no
from selfinstruct.text import question_text
from selfinstruct.types import Drafts, Example, Prompt, Rejection, Sampling

YES_OR_NO = Sampling(temperature=0.0, top_p=1.0, max_tokens=4)
SHOWN = ({"text": "What is this charge?", "response": "It is a fee."},)


def answer_form(name: str) -> Form:
    """The form of a template that asks for the answer to one text, after others with theirs."""
    return Form(name, {"shown": SHOWN, "text": "Why was I charged?"}, {"shown": ()})


def answer(
    questions: Sequence[Draft], form: Form, prompts: Prompts, ask: Ask, how: Sampling
) -> Drafts:
    """One answer to each question, after demonstrations that have one; why not, for the others."""
    asked = [_prompt(question, form, prompts) for question in questions]
    examples: list[Example] = []
    rejections: list[Rejection] = []
    for question, completion in answers(questions, asked, ask, how):
        reading = read(completion, read_text)
        draft = replace(question.example, attempt=completion.attempt)
        examples += [replace(draft, response=item) for item in reading.items]
        if reading.reason is not None:
            rejections.append(Rejection(replace(draft, response=reading.lost), reading.reason))
    return Drafts(tuple(examples), tuple(rejections))


def yes_or_no(
    drafts: Sequence[Draft], asked: Sequence[Prompt], ask: Ask
) -> list[bool | Rejection | None]:
    """Whether what is asked of each draft is so, None where the answer is neither; where the call
    failed the draft is dropped.
    """
    found: list[bool | Rejection | None] = []
    for draft, completion in answers(drafts, asked, ask, YES_OR_NO):
        if completion.finish_reason == "error":
            what = replace(draft.example, attempt=completion.attempt)
            found.append(Rejection(what, "failed_call"))
        else:
            found.append(read_yes_no(after_thought(completion.text) or ""))
    return found


def _prompt(question: Draft, form: Form, prompts: Prompts) -> Prompt:
    demos = [demo for demo in question.demos if demo.response]
    shown = [{"text": question_text(demo), "response": demo.response} for demo in demos]
    asked = question.example
    return prompts.build(form, demos, asked.attempt, shown=shown, text=question_text(asked))
