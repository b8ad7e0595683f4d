"""Known questions made harder or rarer, and those that gained nothing dropped (WizardLM).

A row of train, or one that was kept before, is rewritten by one of several wishes: in depth, by a
constraint, a detail or a step more, or in breadth, by a rarer one of the same field (Xu et al.,
arXiv 2304.12244, section 3.2). Of a labelled row the wishes leave the label as it is: they make it
messier, as real ones are. Then the paper's elimination (section 3.3): what says the same as before,
and what copies the words of the wish or its example, is no evolution. Refusals are for the filters
to find.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from selfinstruct.config import GenerateConfig
from selfinstruct.prompting import Form, Prompts, choose_demos, choose_row
from selfinstruct.recipes.answering import answer, answer_form, yes_or_no
from selfinstruct.recipes.asking import (
    COPIED_WORDS,
    FREE_ORDER,
    FULL_ORDER,
    Ask,
    Draft,
    Material,
    Order,
    Wave,
    answers,
    conceive,
    copied_run,
    draft_texts,
    request_of,
    sift,
)
from selfinstruct.recipes.parse import read_text
from selfinstruct.recipes.wishes import BREADTH, DEPTH, LATE_PARCEL, MESSIER, Wish
from selfinstruct.text import question_text
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection

REWRITE = Form(
    "evolve/rewrite.j2",
    {
        "order": FULL_ORDER,
        "label": "fee",
        "text": "A fee?",
        "wish": "Say it in fewer words.",
        "example": {"label": "card", "before": "My card is lost.", "after": "lost card"},
    },
    {"order": FREE_ORDER, "label": None},
)
GAIN = Form(
    "evolve/gain.j2", {"label": "fee", "first": "A fee?", "second": "Why a fee?"}, {"label": None}
)
ANSWER = answer_form("evolve/answer.j2")


@dataclass(frozen=True, slots=True)
class _Plan:
    """An order, the row that is rewritten, by which wish, and what the new rows have in common."""

    order: Order
    parent: Example
    wish: Wish
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


def _wish(parent: Example, cfg: GenerateConfig, rng: random.Random) -> Wish:
    if parent.label is not None:
        return rng.choice(MESSIER)
    return BREADTH if rng.random() < cfg.evolve.breadth else rng.choice(DEPTH)


def _rewrite_prompt(plan: _Plan, prompts: Prompts) -> Prompt:
    label, wish = plan.parent.label, plan.wish
    return prompts.build(
        REWRITE,
        (plan.parent,),
        order=plan.order,
        label=label,
        text=request_of(plan.parent),
        wish=wish.words,
        example={
            "label": None if label is None else LATE_PARCEL,
            "before": wish.before,
            "after": wish.after,
        },
    )


def _rewritings(plan: _Plan, completion: Completion) -> tuple[list[Draft], list[Rejection]]:
    """The rewriting that an answer holds, or why it is none."""
    drafts, lost = draft_texts(plan.blank, completion, read_text)
    own: list[Draft] = []
    copied: list[Rejection] = []
    for draft in drafts:
        told = question_text(draft.example)
        run = copied_run(told, plan.wish.words) or copied_run(told, plan.wish.after)
        if run is None:
            own.append(draft)
        else:
            copied.append(Rejection(draft.example, "copied_prompt", run, COPIED_WORDS))
    return own, [*copied, *lost]


def _eliminate(
    drafts: Sequence[Draft], origins: Mapping[str, _Plan], prompts: Prompts, ask: Ask
) -> tuple[list[Draft], list[Rejection]]:
    """The drafts that say something new beside what they were made from; of which that is not said
    clearly, is not known.
    """
    plans = [origins[draft.example.id] for draft in drafts]
    asked = [
        prompts.build(
            GAIN,
            (),
            draft.example.attempt,
            label=plan.parent.label,
            first=request_of(plan.parent),
            second=question_text(draft.example),
        )
        for draft, plan in zip(drafts, plans, strict=True)
    ]
    gained: list[Draft] = []
    dropped: list[Rejection] = []
    for draft, plan, same in zip(drafts, plans, yes_or_no(drafts, asked, ask), strict=True):
        if isinstance(same, Rejection):
            dropped.append(same)
        elif same is False:
            gained.append(draft)
        else:
            reason = "no_gain" if same else "gain_unclear"
            dropped.append(Rejection(draft.example, reason, neighbour=plan.parent.id))
    return gained, dropped
