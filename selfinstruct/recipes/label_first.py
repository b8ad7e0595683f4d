"""New labelled examples: a label is drawn, a text that has it is asked for, then the reply to it.

The label is known before the text is written, which is how Self-Instruct keeps classification tasks
from leaning to one label (arXiv 2212.10560, section 2.3, "output-first"). Whether the text really
has its label is for the filters to doubt.
"""

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, Prompts, choose_demos
from selfinstruct.recipes.answering import answer, answer_form
from selfinstruct.recipes.asking import (
    FULL_ORDER,
    LABEL_ORDER,
    Ask,
    Draft,
    Material,
    Order,
    Wave,
    ask_texts,
    conceive_labelled,
    sift,
)
from selfinstruct.recipes.parse import read_texts
from selfinstruct.text import question_text
from selfinstruct.types import Drafts, Prompt

QUESTION = Form(
    "label_first/question.j2",
    {"order": FULL_ORDER, "shown": ({"label": "fee", "text": "What is this charge?"},)},
    {"order": LABEL_ORDER, "shown": ()},
)
ANSWER = answer_form("label_first/answer.j2")


def label_first(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """Of each order's label `samples_per_prompt` texts, and one reply to each text.

    Without replies where the student writes labels alone. A text that would be dropped whatever its
    reply gets none.
    """
    blanks = [_blank(order, material, cfg, wave) for order in wave.orders]
    prompts = [
        _question_prompt(order, blank, material.prompts)
        for order, blank in zip(wave.orders, blanks, strict=True)
    ]
    questions, rejections = ask_texts(blanks, prompts, ask, cfg, read_texts)
    sound, dropped = sift(questions, material)
    if material.target == "label":
        return Drafts(tuple(question.example for question in sound), (*rejections, *dropped))
    answered = answer(sound, ANSWER, material.prompts, ask, cfg.answer)
    return Drafts(answered.examples, (*rejections, *dropped, *answered.rejections))


def _blank(order: Order, material: Material, cfg: GenerateConfig, wave: Wave) -> Draft:
    label = order.label
    if label is None:
        raise ValueError("label_first is ordered by label")
    demos = choose_demos(material.train, material.pool, cfg.demos, wave.rng, label, material.full)
    return Draft(conceive_labelled(demos, order, wave, material.train), demos)


def _question_prompt(order: Order, blank: Draft, prompts: Prompts) -> Prompt:
    shown = [{"label": demo.label, "text": question_text(demo)} for demo in blank.demos]
    return prompts.build(QUESTION, blank.demos, order=order, shown=shown)
