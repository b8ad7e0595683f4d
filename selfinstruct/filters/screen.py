"""Drafts in, examples and rejections out: every filter in one order, cheapest first, slot by slot.

Three steps. Each draft is held against itself and against what is known: duplicate > heuristics >
contradiction > novelty > contamination. Those that stand are shown to `verify`, which may ask
models and so costs the most. What is left is decided in slot order, against the rows of the same
batch that were accepted before it. The order of slots decides, never the order of arrival; and a
row that models turned down is nobody's neighbour.

Instances of one instruction. A teacher may be asked for several instances of one new instruction;
they come in one batch with the same instruction. Novelty is a question to the instruction, so it is
asked once: after the first of them is accepted, the others of that batch pass it. Equal instances
are still duplicates, and the same input with different outputs is still a contradiction. A labelled
example has no such siblings: its question is its input.

Of a conversation the question is all that was said before the answer, so the same last turn after
other turns is neither known nor a contradiction.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.filters.turns import check_turns
from selfinstruct.text import normalise, question_text, whole_question
from selfinstruct.types import Drafts, Example, Match, Rejection, Score, Screened

__all__ = [
    "Indexes",
    "Verified",
    "Verify",
    "check_question",
    "question_text",
    "screen",
    "unverified",
]


@dataclass(frozen=True, slots=True)
class Verified:
    """What models say of candidates: why not, by position; and everything they measured."""

    rejections: Mapping[int, Rejection] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()


Verify = Callable[[Sequence[Example]], Verified]


def unverified(_: Sequence[Example]) -> Verified:
    """No model is asked."""
    return Verified()


@dataclass(frozen=True, slots=True)
class Known:
    """Texts that a candidate must differ from: questions, responses, whole rows."""

    questions: NoveltyIndex
    responses: NoveltyIndex
    seen: dict[Hashable, str] = field(default_factory=dict)

    @classmethod
    def nothing(cls, cfg: FiltersConfig) -> Self:
        """Nothing is known yet."""
        novelty = cfg.novelty
        return cls(NoveltyIndex(novelty.threshold), NoveltyIndex(novelty.response_threshold))

    def add(self, examples: Iterable[Example]) -> None:
        """Make examples known."""
        for example in examples:
            self.questions.add(example.id, whole_question(example))
            self.responses.add(example.id, example.response)
            self.seen.setdefault(_content(example), example.id)


@dataclass(frozen=True, slots=True)
class Indexes:
    """What candidates are compared with. What is accepted becomes known; the rest never changes."""

    known: Known
    held_out: HeldOut

    @classmethod
    def build(
        cls,
        train: Sequence[Example],
        pool: Iterable[Example],
        held_out_rows: Iterable[Example],
        cfg: FiltersConfig,
    ) -> Self:
        """The training rows and the pool as known, dev, gate and final rows as held out."""
        known = Known.nothing(cfg)
        known.add(train)
        # A labelled draft that repeats the rows' common instruction as its text is not new either.
        common = {row.instruction: row.id for row in train if row.label is not None and row.input}
        known.questions.add_many((id_, instruction) for instruction, id_ in common.items())
        known.add(pool)
        return cls(known, HeldOut.build(held_out_rows, cfg.contamination, train))


def check_question(example: Example, indexes: Indexes, cfg: FiltersConfig) -> Rejection | None:
    """Why this question would be rejected whatever its answer, asked before the answer is paid for.

    Nothing is added: questions of one wave are not compared with each other here.
    """
    return (
        check_turns(example, cfg.heuristics)
        or check_instruction(example, cfg.heuristics)
        or _too_similar(example, indexes.known)
        or indexes.held_out.leak(example)
    )


def screen(
    drafts: Drafts, indexes: Indexes, cfg: FiltersConfig, verify: Verify = unverified
) -> Screened:
    """Every draft decided, each with the first reason against it; `indexes` takes in the accepted.

    What the recipe could not read is passed on, so accepted + rejected = candidates in.
    """
    examples = drafts.examples
    why = _against_known(examples, indexes, cfg)
    standing = [slot for slot in range(len(examples)) if slot not in why]
    verified = verify([examples[slot] for slot in standing])
    why |= {standing[position]: rejection for position, rejection in verified.rejections.items()}
    batch = Known.nothing(cfg)
    accepted: list[Example] = []
    instructions: set[Hashable] = set()
    for slot in standing:
        example = examples[slot]
        if slot in why:
            continue
        asked = (example.turns, example.instruction)
        is_sibling = example.label is None and asked in instructions
        rejection = _duplicate(example, batch) or _near_known(example, batch, is_sibling)
        if rejection is not None:
            why[slot] = rejection
            continue
        accepted.append(example)
        instructions.add(asked)
        batch.add([example])
    indexes.known.add(accepted)
    rejected = (*drafts.rejections, *(why[slot] for slot in sorted(why)))
    return Screened(tuple(accepted), rejected, verified.scores)


def _against_known(
    examples: Sequence[Example], indexes: Indexes, cfg: FiltersConfig
) -> dict[int, Rejection]:
    """Why a slot falls whatever the others of its batch, or whatever models say."""
    faults = [
        check_turns(example, cfg.heuristics)
        or check_instruction(example, cfg.heuristics)
        or check_instance(example, cfg.heuristics)
        for example in examples
    ]
    contradictions = _contradictions(examples, faults)
    found = {
        slot: _duplicate(example, indexes.known)
        or faults[slot]
        or contradictions.get(slot)
        or _near_known(example, indexes.known)
        or indexes.held_out.leak(example)
        for slot, example in enumerate(examples)
    }
    return {slot: rejection for slot, rejection in found.items() if rejection is not None}


def _duplicate(example: Example, known: Known) -> Rejection | None:
    twin = known.seen.get(_content(example))
    return None if twin is None else Rejection(example, "duplicate", neighbour=twin)


def _near_known(example: Example, known: Known, is_sibling: bool = False) -> Rejection | None:
    if not is_sibling and (rejection := _too_similar(example, known)) is not None:
        return rejection
    match = known.responses.closest(example.response)
    return _near(example, "response_too_similar", match, known.responses)


def _too_similar(example: Example, known: Known) -> Rejection | None:
    match = known.questions.closest(whole_question(example))
    return _near(example, "too_similar", match, known.questions)


def _near(
    example: Example, reason: str, match: Match | None, index: NoveltyIndex
) -> Rejection | None:
    if match is None:
        return None
    return Rejection(example, reason, match.rouge_l, index.threshold, match.id)


def _content(example: Example) -> Hashable:
    """What two examples share if they are the same one: `id` would tell "Yes" from "yes "."""
    texts = (example.instruction, example.input, example.response)
    turns = (text for turn in example.turns for text in (turn.role, turn.content))
    return (example.label, *map(normalise, (*texts, *turns)))


def _contradictions(
    drafts: Sequence[Example], faults: Sequence[Rejection | None]
) -> dict[int, Rejection]:
    """Slots whose question another sound draft of the batch answers otherwise: nobody knows which
    one is right, so none is kept (Self-Instruct).

    A label is the whole answer, and replies beside one may differ. An instruction without an input,
    such as "tell a joke", has many answers.
    """
    asked: defaultdict[Hashable, list[tuple[int, str]]] = defaultdict(list)
    for slot, (draft, fault) in enumerate(zip(drafts, faults, strict=True)):
        answer = draft.response if draft.label is None else draft.label
        if fault is None and (draft.input.strip() or draft.label is not None):
            question = (draft.turns, draft.instruction.strip(), draft.input.strip())
            asked[question].append((slot, normalise(answer)))
    rejections = {}
    for answers in asked.values():
        for slot, answer in answers:
            other = next((drafts[place] for place, said in answers if said != answer), None)
            if other is not None:
                rejections[slot] = Rejection(drafts[slot], "contradiction", neighbour=other.id)
    return rejections
