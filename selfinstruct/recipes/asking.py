"""What every recipe is handed, and what it makes of a completion: drafts and rejections, never
nothing.

The words of one question belong to its recipe and its template, the call to the teacher.
"""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from selfinstruct.chat import Target, after_thought, has_thought
from selfinstruct.config import GenerateConfig
from selfinstruct.licenses import join_licenses
from selfinstruct.model import CHAT, Speech
from selfinstruct.prompting import SHIPPED, Prompts, Shelf
from selfinstruct.text import ngrams, normalise, question_text, whole_question, words
from selfinstruct.types import Completion, Drafts, Example, Prompt, Rejection, Sampling

T = TypeVar("T")

Ask = Callable[[Sequence[Prompt], Sampling, int], Sequence[Sequence[Completion]]]
"""Prompts, sampling and samples per prompt in; the completions of each prompt in order out."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a recipe may draw from: training rows, the pool so far, every label, the student's
    target, how the teacher may be asked, and with which prompts.

    `check_question` says why a question would be dropped whatever its answer, so that the answer
    need not be paid for. `full` are the ids of rows that have had their share of children; those of
    the pool are off its shelf.
    """

    train: tuple[Example, ...]
    pool: Shelf
    labels: tuple[str, ...]
    target: Target
    check_question: Callable[[Example], Rejection | None]
    speech: Speech = CHAT
    prompts: Prompts = SHIPPED
    full: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Order:
    """What one prompt is to bring: of which recipe, and what the new rows shall have in common.

    `request` is a scenario, format or edge case in words, `persona` who writes, `style` how; empty
    where nothing is asked. `arm` is the prompt it is asked by, where several share a recipe.
    """

    recipe: str
    label: str | None = None
    request: str = ""
    persona: str = ""
    style: str = ""
    arm: str = ""


FULL_ORDER = Order("", "fee", "one with an amount", "a tired parent", "one terse line")
LABEL_ORDER = Order("", "fee")
FREE_ORDER = Order("")
"""Samples of orders, for the trial of a template: all that can be asked, a label alone, nothing."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Which wave of which round asks, the chance it has, its orders, one a prompt, and the terms of
    the teacher it asks.
    """

    round: int
    index: int
    rng: random.Random
    orders: tuple[Order, ...]
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An example whose question or answer is still to come, and the demonstrations shown for it."""

    example: Example
    demos: tuple[Example, ...]


Recipe = Callable[[Material, Ask, GenerateConfig, Wave], Drafts]

COPIED_WORDS = 5
"""A run of so many words of what a prompt says of itself, in what was written, is no chance."""


def answers(
    plans: Sequence[T], prompts: Sequence[Prompt], ask: Ask, how: Sampling, samples: int = 1
) -> Iterator[tuple[T, Completion]]:
    """Each plan with each completion of its prompt, in slot order."""
    for plan, completions in zip(plans, ask(prompts, how, samples), strict=True):
        for completion in completions:
            yield plan, completion


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """The items of a completion, and why the rest of it is none: `lost` is the part that could not
    be used.
    """

    items: tuple[T, ...]
    reason: str | None = None
    lost: str = ""


def read(completion: Completion, reader: Callable[[str], Sequence[T]]) -> Reading[T]:
    """A completion's items, with a reason where it failed, declined, was cut or held none.

    Of a cut completion the last item is always lost: nobody can tell whether it was complete. A
    thought that comes before the answer is no part of it, and one that never ends has none; where
    marks of thought are left, nobody can tell which words are which.
    """
    text = completion.text.replace("\r\n", "\n")
    if completion.finish_reason in ("error", "refusal"):
        reason = "failed_call" if completion.finish_reason == "error" else "refused"
        return Reading((), reason, text or completion.error)
    answer = after_thought(text)
    if answer is None:
        return Reading((), "truncated", text)
    if not answer.strip():
        return Reading((), "empty", text.strip())
    if has_thought(answer):
        return Reading((), "reasoning", text)
    items = tuple(reader(answer))
    if completion.finish_reason == "length":
        return Reading(items[:-1], "truncated", text)
    return Reading(items) if items else Reading((), "unreadable", text)


def conceive(parents: Sequence[Example], order: Order, wave: Wave) -> Example:
    """An example without words that knows where it comes from, and what it was asked for in words.

    It comes under the licences of all its parents, and under the teacher's terms.
    """
    licenses = [parent.license for parent in parents]
    return Example(
        instruction="",
        origin="synthetic",
        round=wave.round,
        parents=tuple(dict.fromkeys(parent.id for parent in parents)),
        depth=1 + max((parent.depth for parent in parents), default=0),
        source=f"recipe:{order.recipe}",
        license=join_licenses([*licenses, *([wave.terms] if wave.terms else [])]),
        request=order.request,
        arm=order.arm,
    )


def conceive_labelled(
    parents: Sequence[Example], order: Order, wave: Wave, train: Sequence[Example]
) -> Example:
    """`conceive`, with the label of an order and what rows of that label share: the kind of task,
    and the instruction where their text is the input beside it.
    """
    model = parents[0] if parents else next(row for row in train if row.label == order.label)
    return replace(
        conceive(parents, order, wave),
        label=order.label,
        kind=model.kind,
        instruction=model.instruction if model.input else "",
    )


def with_text(blank: Example, text: str) -> Example:
    """The text goes where the demonstrations have theirs: beside an instruction, or as it."""
    return replace(blank, input=text) if blank.instruction else replace(blank, instruction=text)


def request_of(row: Example) -> str:
    """All that a row asks, as one text: of a labelled row its text alone, which is what is its own;
    of another the instruction with its input.
    """
    if row.label is not None:
        return question_text(row)
    return "\n\n".join(part for part in (row.instruction, row.input) if part)


def copied_run(text: str, shown: str, size: int = COPIED_WORDS) -> str | None:
    """The first run of `size` words that a text has from what its prompt showed."""
    own = set(ngrams(words(shown), size))
    found = next((run for run in ngrams(words(text), size) if run in own), None)
    return None if found is None else " ".join(found)


def draft_texts(
    blank: Draft, completion: Completion, reader: Callable[[str], Sequence[str]]
) -> tuple[list[Draft], list[Rejection]]:
    """A draft of each text that a completion holds, and why the rest of it is none."""
    reading = read(completion, reader)
    example = replace(blank.example, attempt=completion.attempt)
    drafts = [replace(blank, example=with_text(example, text)) for text in reading.items]
    if reading.reason is None:
        return drafts, []
    return drafts, [Rejection(with_text(example, reading.lost), reading.reason)]


def ask_texts(
    blanks: Sequence[Draft],
    prompts: Sequence[Prompt],
    ask: Ask,
    cfg: GenerateConfig,
    reader: Callable[[str], Sequence[str]],
) -> tuple[list[Draft], list[Rejection]]:
    """`samples_per_prompt` completions of each prompt, and what `draft_texts` makes of them."""
    drafts: list[Draft] = []
    rejections: list[Rejection] = []
    asked = answers(blanks, prompts, ask, cfg.question, cfg.samples_per_prompt)
    for blank, completion in asked:
        found, lost = draft_texts(blank, completion, reader)
        drafts += found
        rejections += lost
    return drafts, rejections


def sift(drafts: Sequence[Draft], material: Material) -> tuple[list[Draft], list[Rejection]]:
    """The drafts worth an answer, and why the others are not: known, unsound, or twice in this
    wave.
    """
    sound: list[Draft] = []
    dropped: list[Rejection] = []
    first: dict[str, str] = {}
    for draft in drafts:
        question = normalise(whole_question(draft.example))
        if question in first:
            dropped.append(Rejection(draft.example, "duplicate", neighbour=first[question]))
        elif (rejection := material.check_question(draft.example)) is not None:
            dropped.append(rejection)
        else:
            first[question] = draft.example.id
            sound.append(draft)
    return sound, dropped
