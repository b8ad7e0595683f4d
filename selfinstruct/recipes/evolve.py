"""Known questions made harder or rarer, and those that gained nothing dropped (WizardLM).

A row of train, or one that was kept before, is rewritten by one of several wishes: in depth, by a
constraint, a detail or a step more, or in breadth, by a rarer one of the same field (Xu et al.,
arXiv 2304.12244, section 3.2). Of a labelled row the wishes leave the label as it is: they make it
messier, as real ones are. Then the paper's elimination (section 3.3): what says the same as before,
and what copies the words of the wish, is no evolution. Refusals are for the filters to find.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, Prompts, choose_demos, choose_row
from selfinstruct.recipes.answering import answer, answer_form, yes_or_no
from selfinstruct.recipes.asking import (
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Draft,
    Material,
    Order,
    Wave,
    answers,
    conceive,
    draft_texts,
    sift,
)
from selfinstruct.recipes.parse import read_text
from selfinstruct.text import ngrams, question_text, words
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection

REWRITE = Form(
    "evolve/rewrite.j2",
    {"order": FULL_ORDER, "label": "fee", "text": "A fee?", "wish": "Say it in fewer words."},
    {"order": FREE_ORDER, "label": None},
)
GAIN = Form(
    "evolve/gain.j2", {"label": "fee", "first": "A fee?", "second": "Why a fee?"}, {"label": None}
)
ANSWER = answer_form("evolve/answer.j2")

DEPTH: Mapping[str, str] = {
    "constrain": "Add one more constraint or requirement to it.",
    "deepen": "Make it go further into its subject.",
    "concretise": "Replace what is general in it by something more specific.",
    "reason": "Change it so that it takes several steps of reasoning.",
    "complicate": "Add something to work on: data, a table, code or a short text.",
}
BREADTH = "Think of another one of the same field, about as long and as hard, but rarer."
MESSIER: Mapping[str, str] = {
    "detail": "Say it again with a detail that a real person would mention: a date, an amount.",
    "shorten": "Say it again in as few words as people really type.",
    "indirect": "Say it again without naming the matter outright.",
    "upset": "Say it again as somebody would who is upset or in a hurry.",
    "aside": "Say it again and mention another small matter by the way.",
}
"""What may become of a message without becoming one of another label."""

COPIED_WORDS = 5
"""A run of so many words of the wish in what was written is no chance."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """An order, the row that is rewritten, by which wish, and what the new rows have in common."""

    order: Order
    parent: Example
    wish: str
    blank: Draft


def evolve(material: Material, ask: Ask, cfg: GenerateConfig, wave: Wave) -> Drafts:
    """For each order `samples_per_prompt` rewritings of one row, and an answer to each that says
    something new.
    """
    plans = [_plan(order, material, cfg, wave) for order in wave.orders]
    prompts = [_rewrite_prompt(plan, material.prompts) for plan in plans]
    written: list[Draft] = []
    origins: dict[str, _Plan] = {}
    rejections: list[Rejection] = []
    asked = answers(plans, prompts, ask, cfg.question, cfg.samples_per_prompt)
    for plan, completion in asked:
        drafts, lost = _rewritings(plan, completion)
        written += drafts
        rejections += lost
        origins |= dict.fromkeys((draft.example.id for draft in drafts), plan)
    sound, dropped = sift(written, material)
    gained, same = sound, list[Rejection]()
    if cfg.evolve.eliminate:
        gained, same = _eliminate(sound, origins, material.prompts, ask)
    rejections += [*dropped, *same]
    if material.target == "label":
        return Drafts(tuple(draft.example for draft in gained), tuple(rejections))
    answered = answer(gained, ANSWER, material.prompts, ask, cfg.answer)
    return Drafts(answered.examples, (*rejections, *answered.rejections))


def _plan(order: Order, material: Material, cfg: GenerateConfig, wave: Wave) -> _Plan:
    label = order.label
    parent = choose_row(material.train, material.pool, wave.rng, label, material.full)
    demos: tuple[Example, ...] = ()
    if material.target != "label":
        demos = choose_demos(
            material.train, material.pool, cfg.demos, wave.rng, label, material.full
        )
    blank = replace(conceive((parent, *demos), order, wave), label=parent.label, kind=parent.kind)
    if parent.label is not None and parent.input:
        blank = replace(blank, instruction=parent.instruction)
    return _Plan(order, parent, _wish(parent, cfg, wave.rng), Draft(blank, demos))


def _wish(parent: Example, cfg: GenerateConfig, rng: random.Random) -> str:
    if parent.label is not None:
        return rng.choice([*MESSIER.values()])
    return BREADTH if rng.random() < cfg.evolve.breadth else rng.choice([*DEPTH.values()])


def _whole(row: Example) -> str:
    """What is rewritten: of a labelled row its text, of another the instruction with its input."""
    if row.label is not None:
        return question_text(row)
    return "\n\n".join(part for part in (row.instruction, row.input) if part)


def _rewrite_prompt(plan: _Plan, prompts: Prompts) -> Prompt:
    return prompts.build(
        REWRITE,
        (plan.parent,),
        order=plan.order,
        label=plan.parent.label,
        text=_whole(plan.parent),
        wish=plan.wish,
    )


def _rewritings(plan: _Plan, completion: Completion) -> tuple[list[Draft], list[Rejection]]:
    """The rewriting that an answer holds, or why it is none."""
    drafts, lost = draft_texts(plan.blank, completion, read_text)
    own: list[Draft] = []
    copied: list[Rejection] = []
    for draft in drafts:
        run = copied_run(question_text(draft.example), plan.wish)
        if run is None:
            own.append(draft)
        else:
            copied.append(Rejection(draft.example, "copied_prompt", run, COPIED_WORDS))
    return own, [*copied, *lost]


def copied_run(text: str, wish: str) -> str | None:
    """The first run of `COPIED_WORDS` words that a text has from the wish it was written by."""
    own = set(ngrams(words(wish), COPIED_WORDS))
    found = next((run for run in ngrams(words(text), COPIED_WORDS) if run in own), None)
    return None if found is None else " ".join(found)


def _eliminate(
    drafts: Sequence[Draft], origins: Mapping[str, _Plan], prompts: Prompts, ask: Ask
) -> tuple[list[Draft], list[Rejection]]:
    """The drafts that say something new beside what they were made from."""
    plans = [origins[draft.example.id] for draft in drafts]
    asked = [
        prompts.build(
            GAIN,
            (),
            draft.example.attempt,
            label=plan.parent.label,
            first=_whole(plan.parent),
            second=question_text(draft.example),
        )
        for draft, plan in zip(drafts, plans, strict=True)
    ]
    gained: list[Draft] = []
    dropped: list[Rejection] = []
    for draft, plan, same in zip(drafts, plans, yes_or_no(drafts, asked, ask), strict=True):
        if isinstance(same, Rejection):
            dropped.append(same)
        elif same:
            dropped.append(Rejection(draft.example, "no_gain", neighbour=plan.parent.id))
        else:
            gained.append(draft)
    return gained, dropped
