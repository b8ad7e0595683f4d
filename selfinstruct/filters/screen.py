"""Drafts in, examples and rejections out: every filter in one order, cheapest first, slot by slot.

Three steps. Each draft is held against itself and against what is known: duplicate > turns >
heuristics > the real rows' standards (script, length, format, language) > contradiction > novelty >
contamination > memorisation > too many children > execution. Those that stand are shown to
`verify`, which may ask models and so costs the most. What is left is decided in slot order, against
the rows of the same batch that were accepted before it. The order of slots decides, never the order
of arrival; and a row that models turned down is nobody's neighbour.

Instances of one instruction. A teacher may be asked for several instances of one new instruction;
they come in one batch with the same instruction. Novelty is a question to the instruction, so it is
asked once: after the first of them is accepted, the others of that batch pass it. Equal instances
are still duplicates, and the same input with different outputs is still a contradiction. A labelled
example has no such siblings: its question is its input. Nor has any where novelty is of instruction
and input together: then each instance is asked.

Of a conversation the question is all that was said before the answer, so the same last turn after
other turns is neither known nor a contradiction.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.contradiction import contradictions_within
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.indexes import Indexes, Sizes
from selfinstruct.filters.turns import check_turns
from selfinstruct.types import Drafts, Example, Rejection, Score, Screened


@dataclass(frozen=True, slots=True)
class Verified:
    """What models say of candidates: why not, by position; and everything they measured."""

    rejections: Mapping[int, Rejection] = field(default_factory=dict)
    scores: tuple[Score, ...] = ()


Verify = Callable[[Sequence[Example]], Verified]


def unverified(_: Sequence[Example]) -> Verified:
    """No model is asked."""
    return Verified()


def check_question(example: Example, indexes: Indexes, cfg: FiltersConfig) -> Rejection | None:
    """Why this question would be rejected whatever its answer, asked before the answer is paid for.

    Nothing is added: questions of one wave are not compared with each other here. Where novelty is
    of instruction and input, it waits for the input, which need not be written yet.
    """
    return (
        check_turns(example, cfg.heuristics)
        or check_instruction(example, cfg.heuristics)
        or indexes.standards.question_fault(example)
        or indexes.answers.contradiction(example)
        or (None if indexes.siblings_are_asked else indexes.too_similar(example, Sizes()))
        or indexes.held_out.leak(example)
        or indexes.real.copied(example)
        or indexes.children.fault(example)
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
    known = indexes.sizes
    accepted: list[Example] = []
    instructions: set[Hashable] = set()
    for slot in standing:
        if slot in why:
            continue
        example = examples[slot]
        asked = (example.turns, example.instruction)
        is_sibling = example.label is None and asked in instructions
        rejection = (
            indexes.duplicate(example)
            or indexes.answers.contradiction(example)
            or indexes.near(example, known, is_sibling and not indexes.siblings_are_asked)
            or indexes.children.fault(example)
        )
        if rejection is None:
            accepted.append(example)
            instructions.add(asked)
            indexes.add([example])
        else:
            why[slot] = rejection
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
        or indexes.standards.fault(example)
        for example in examples
    ]
    contradictions = contradictions_within(examples, faults)
    sound = {slot: example for slot, example in enumerate(examples) if faults[slot] is None}
    near = indexes.near_many(sound)
    found = {
        slot: indexes.duplicate(example)
        or faults[slot]
        or contradictions.get(slot)
        or indexes.answers.contradiction(example)
        or near.get(slot)
        or indexes.held_out.leak(example)
        or indexes.real.copied(example)
        or indexes.children.fault(example)
        or indexes.executables.fault(example)
        for slot, example in enumerate(examples)
    }
    return {slot: rejection for slot, rejection in found.items() if rejection is not None}
