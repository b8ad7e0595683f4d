"""Drafts in, examples and rejections out: every filter in one order, cheapest first, slot by slot.

duplicate > heuristics > contradiction > novelty > contamination. An accepted example joins the
indexes at once, so a later slot of the same batch is judged against it. The order of slots decides,
never the order of arrival.

Instances of one instruction. A teacher may be asked for several instances of one new instruction;
they come in one batch with the same instruction. Novelty is a question to the instruction, so it is
asked once: after the first of them is accepted, the others of that batch pass it. They stay new to
everyone else, since what was accepted in between was itself compared with that instruction. Equal
instances are still duplicates, and the same input with different outputs is still a contradiction.
A labelled example has no such siblings: its question is its input. Nor has any where novelty is of
instruction and input together: then each instance is asked.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from selfinstruct.config import EmbeddingConfig, FiltersConfig, NoveltyConfig
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.filters.embedding import Encoder, MeaningIndex, open_encoder
from selfinstruct.filters.heuristics import check_instance, check_instruction
from selfinstruct.filters.minhash import MinHashIndex
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.text import normalise, question_text
from selfinstruct.types import Drafts, Example, Match, Rejection, Screened

__all__ = ["Indexes", "check_question", "question_text", "screen"]


@dataclass(frozen=True, slots=True)
class Indexes:
    """What candidates are compared with. It grows by what is accepted; the rest never changes."""

    questions: NoveltyIndex | MinHashIndex
    responses: NoveltyIndex
    held_out: HeldOut
    novelty: NoveltyConfig
    meanings: MeaningIndex | None = None
    seen: dict[Hashable, str] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        train: Sequence[Example],
        pool: Iterable[Example],
        held_out_rows: Iterable[Example],
        cfg: FiltersConfig,
        encoder: Callable[[EmbeddingConfig], Encoder] = open_encoder,
    ) -> Self:
        """The training rows and the pool as known, dev, gate and final rows as held out."""
        embedding = cfg.novelty.embedding
        indexes = cls(
            _questions_index(cfg.novelty),
            NoveltyIndex(cfg.novelty.response_threshold),
            HeldOut.build(held_out_rows, cfg.contamination, train),
            cfg.novelty,
            MeaningIndex(encoder(embedding), embedding.threshold) if embedding else None,
        )
        indexes.add(train)
        # A labelled draft that repeats the rows' common instruction as its text is not new either.
        common = {row.instruction: row.id for row in train if row.label is not None and row.input}
        indexes.questions.add_many((id_, instruction) for instruction, id_ in common.items())
        indexes.add(pool)
        return indexes

    def add(self, examples: Iterable[Example]) -> None:
        """Make examples known."""
        new = list(examples)
        if self.meanings is not None:
            self.meanings.add_many((example.id, self.asked(example)) for example in new)
        for example in new:
            self.questions.add(example.id, self.asked(example))
            self.responses.add(example.id, example.response)
            self.seen.setdefault(_content(example), example.id)

    def asked(self, example: Example) -> str:
        """The text that has to be new."""
        if self.novelty.over == "question":
            return question_text(example)
        return f"{example.instruction}\n{example.input}"


def _questions_index(cfg: NoveltyConfig) -> NoveltyIndex | MinHashIndex:
    if cfg.minhash is None:
        return NoveltyIndex(cfg.threshold)
    return MinHashIndex(cfg.threshold, cfg.minhash)


def check_question(example: Example, indexes: Indexes, cfg: FiltersConfig) -> Rejection | None:
    """Why this question would be rejected whatever its answer, asked before the answer is paid for.

    Nothing is added: questions of one wave are not compared with each other here. Where novelty is
    of instruction and input, it waits for the input, which need not be written yet.
    """
    return (
        check_instruction(example, cfg.heuristics)
        or (_too_similar(example, indexes) if cfg.novelty.over == "question" else None)
        or indexes.held_out.leak(example)
    )


def screen(drafts: Drafts, indexes: Indexes, cfg: FiltersConfig) -> Screened:
    """Every draft decided, each with the first reason against it; `indexes` takes in the accepted.

    What the recipe could not read is passed on, so accepted + rejected = candidates in.
    """
    faults = [
        check_instruction(example, cfg.heuristics) or check_instance(example, cfg.heuristics)
        for example in drafts.examples
    ]
    contradictions = _contradictions(drafts.examples, faults)
    known = len(indexes.questions)
    meant = 0 if indexes.meanings is None else len(indexes.meanings)
    near_known = _near_known(drafts.examples, faults, indexes)
    accepted: list[Example] = []
    rejected = list(drafts.rejections)
    instructions: set[str] = set()
    for slot, example in enumerate(drafts.examples):
        is_sibling = (
            cfg.novelty.over == "question"
            and example.label is None
            and example.instruction in instructions
        )
        rejection = (
            _duplicate(example, indexes)
            or faults[slot]
            or contradictions.get(slot)
            or near_known.get(slot)
            or (None if is_sibling else _too_similar(example, indexes, known))
            or _response_too_similar(example, indexes, known)
            or (None if is_sibling else _same_meaning(example, indexes, meant))
            or indexes.held_out.leak(example)
        )
        if rejection is None:
            accepted.append(example)
            instructions.add(example.instruction)
            indexes.add([example])
        else:
            rejected.append(rejection)
    return Screened(tuple(accepted), tuple(rejected))


def _duplicate(example: Example, indexes: Indexes) -> Rejection | None:
    known = indexes.seen.get(_content(example))
    return None if known is None else Rejection(example, "duplicate", neighbour=known)


def _near_known(
    drafts: Sequence[Example], faults: Sequence[Rejection | None], indexes: Indexes
) -> dict[int, Rejection]:
    """Slots near what was known before the batch, all asked at once, in half of the time.

    The first accepted instance of an instruction was near nothing, and so are its siblings.
    """
    slots = [slot for slot, fault in enumerate(faults) if fault is None]
    sound = [drafts[slot] for slot in slots]
    asked = indexes.questions.closest_many(map(indexes.asked, sound))
    said = indexes.responses.closest_many(example.response for example in sound)
    rejections = {}
    for slot, example, question, response in zip(slots, sound, asked, said, strict=True):
        rejection = _near(example, "too_similar", question, indexes.questions) or _near(
            example, "response_too_similar", response, indexes.responses
        )
        if rejection is not None:
            rejections[slot] = rejection
    rest = [slot for slot in slots if slot not in rejections]
    return rejections | _same_meanings({slot: drafts[slot] for slot in rest}, indexes)


def _same_meanings(
    drafts: Mapping[int, Example], indexes: Indexes, since: int = 0
) -> dict[int, Rejection]:
    """The slots whose question has the meaning of a known one, all encoded at once."""
    if indexes.meanings is None:
        return {}
    found = indexes.meanings.closest_many(map(indexes.asked, drafts.values()), since)
    return {
        slot: Rejection(example, "same_meaning", near.cosine, indexes.meanings.threshold, near.id)
        for (slot, example), near in zip(drafts.items(), found, strict=True)
        if near is not None
    }


def _same_meaning(example: Example, indexes: Indexes, since: int) -> Rejection | None:
    return _same_meanings({0: example}, indexes, since).get(0)


def _too_similar(example: Example, indexes: Indexes, since: int = 0) -> Rejection | None:
    match = indexes.questions.closest(indexes.asked(example), since)
    return _near(example, "too_similar", match, indexes.questions)


def _response_too_similar(example: Example, indexes: Indexes, since: int) -> Rejection | None:
    match = indexes.responses.closest(example.response, since)
    return _near(example, "response_too_similar", match, indexes.responses)


def _near(
    example: Example, reason: str, match: Match | None, index: NoveltyIndex | MinHashIndex
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
            question = (draft.instruction.strip(), draft.input.strip())
            asked[question].append((slot, normalise(answer)))
    rejections = {}
    for answers in asked.values():
        for slot, answer in answers:
            other = next((drafts[place] for place, said in answers if said != answer), None)
            if other is not None:
                rejections[slot] = Rejection(drafts[slot], "contradiction", neighbour=other.id)
    return rejections
