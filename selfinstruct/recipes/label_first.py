"""New labelled examples: a label is drawn, a text that has it is asked for, then the reply to it.

The label is known before the text is written, which is how Self-Instruct keeps classification tasks
from leaning to one label (arXiv 2212.10560, section 2.3, "output-first"). Whether the text really
has its label is for the filters to doubt.
"""

from dataclasses import dataclass, replace

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, Prompts, choose_demos
from selfinstruct.recipes.answering import answer, answer_form, with_text
from selfinstruct.recipes.asking import (
    FULL_ORDER,
    LABEL_ORDER,
    Ask,
    Draft,
    Material,
    Order,
    Wave,
    conceive,
    read,
    sift,
)
from selfinstruct.recipes.parse import read_texts
from selfinstruct.text import question_text
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection

QUESTION = Form(
    "label_first/question.j2",
    {"order": FULL_ORDER, "shown": ({"label": "fee", "text": "What is this charge?"},)},
    {"order": LABEL_ORDER, "shown": ()},
)
ANSWER = answer_form("label_first/answer.j2")


@dataclass(frozen=True, slots=True)
class _Plan:
    """An order, the demonstrations shown for it, and what its new examples have in common."""

    order: Order
    demos: tuple[Example, ...]
    blank: Example


def label_first(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """Of each order's label `samples_per_prompt` texts, and one reply to each text.

    Without replies where the student writes labels alone. A text that would be dropped whatever its
    reply gets none.
    """
    plans = [_plan(order, material, cfg, wave) for order in wave.orders]
    prompts = [_question_prompt(plan, material.prompts) for plan in plans]
    questions: list[Draft] = []
    rejections: list[Rejection] = []
    for plan, completions in zip(
        plans, ask(prompts, cfg.question, cfg.samples_per_prompt), strict=True
    ):
        for completion in completions:
            found, lost = _questions(plan, completion)
            questions += found
            rejections += lost
    sound, dropped = sift(questions, material)
    if material.target == "label":
        return Drafts(tuple(question.example for question in sound), (*rejections, *dropped))
    answered = answer(sound, ANSWER, material.prompts, ask, cfg.answer)
    return Drafts(answered.examples, (*rejections, *dropped, *answered.rejections))


def _plan(order: Order, material: Material, cfg: GenerateConfig, wave: Wave) -> _Plan:
    label = order.label
    if label is None:
        raise ValueError("label_first is ordered by label")
    demos = choose_demos(material.train, material.pool, cfg.demos, wave.rng, label, material.full)
    model = demos[0] if demos else next(row for row in material.train if row.label == label)
    blank = replace(conceive(demos, order, wave), label=label, kind=model.kind)
    return _Plan(order, demos, replace(blank, instruction=model.instruction if model.input else ""))


def _question_prompt(plan: _Plan, prompts: Prompts) -> Prompt:
    shown = [{"label": demo.label, "text": question_text(demo)} for demo in plan.demos]
    return prompts.build(QUESTION, plan.demos, order=plan.order, shown=shown)


def _questions(plan: _Plan, completion: Completion) -> tuple[list[Draft], list[Rejection]]:
    reading = read(completion, read_texts)
    blank = replace(plan.blank, attempt=completion.attempt)
    questions = [Draft(with_text(blank, item), plan.demos) for item in reading.items]
    if reading.reason is None:
        return questions, []
    return questions, [Rejection(with_text(blank, reading.lost), reading.reason)]
