"""What candidates are compared with: everything known, what is held out, the real rows' standards.

`screen` says in which order it is asked.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from selfinstruct.config import EmbeddingConfig, FiltersConfig, NoveltyConfig
from selfinstruct.filters.children import Children
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.filters.contradiction import Answers
from selfinstruct.filters.embedding import Encoder, MeaningIndex, open_encoder
from selfinstruct.filters.executable import Executables
from selfinstruct.filters.memorisation import RealRuns
from selfinstruct.filters.minhash import MinHashIndex
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.filters.rewritten import rewritten_from
from selfinstruct.filters.standards import Standards
from selfinstruct.text import normalise, whole_question
from selfinstruct.types import Example, Match, Rejection


class Sizes(NamedTuple):
    """How many texts the indexes held at some time: those a draft was compared with already."""

    questions: int = 0
    responses: int = 0
    meanings: int = 0


@dataclass(frozen=True, slots=True)
class Indexes:
    """It grows by what is accepted; what is held out and what the real rows set as standard never
    changes. The question of a rewriting is not held to the row it was made from (`rewritten`).
    """

    questions: NoveltyIndex | MinHashIndex
    responses: NoveltyIndex
    meanings: MeaningIndex | None
    answers: Answers
    children: Children
    held_out: HeldOut
    real: RealRuns
    standards: Standards
    executables: Executables
    novelty: NoveltyConfig
    seen: dict[Hashable, str] = field(default_factory=dict)
    known: dict[str, Example] = field(default_factory=dict)

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
            MeaningIndex(encoder(embedding), embedding.threshold) if embedding else None,
            Answers(cfg.contradiction),
            Children(cfg.max_children),
            HeldOut.build(held_out_rows, cfg.contamination, train),
            RealRuns.build(train, cfg.memorisation),
            Standards.of(train, cfg),
            Executables.of(cfg.executable),
            cfg.novelty,
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
        self.answers.add(new)
        self.children.add(new)
        for example in new:
            self.questions.add(example.id, self.asked(example))
            self.responses.add(example.id, example.response)
            self.seen.setdefault(_content(example), example.id)
            self.known[example.id] = example

    @property
    def sizes(self) -> Sizes:
        """Of the indexes that are asked for neighbours."""
        meanings = 0 if self.meanings is None else len(self.meanings)
        return Sizes(len(self.questions), len(self.responses), meanings)

    @property
    def siblings_are_asked(self) -> bool:
        """Whether each instance of one instruction has to be new by itself."""
        return self.novelty.over == "instruction_and_input"

    def asked(self, example: Example) -> str:
        """The text that has to be new."""
        if not self.siblings_are_asked:
            return whole_question(example)
        said = [turn.content for turn in example.turns if turn.role != "system"]
        return "\n".join([*said, example.instruction, example.input])

    def duplicate(self, example: Example) -> Rejection | None:
        """The same example, if it is known."""
        twin = self.seen.get(_content(example))
        return None if twin is None else Rejection(example, "duplicate", neighbour=twin)

    def near(self, example: Example, since: Sizes, is_sibling: bool) -> Rejection | None:
        """A known text too near to the example's, of those that came after `since`.

        A sibling's question is known to be new.
        """
        if not is_sibling and (rejection := self.too_similar(example, since)) is not None:
            return rejection
        match = self.responses.closest(example.response, since.responses)
        rejection = _near(example, "response_too_similar", match, self.responses)
        if rejection is not None or is_sibling or self.meanings is None:
            return rejection
        return self._same_meanings({0: example}, self.meanings, since.meanings).get(0)

    def too_similar(self, example: Example, since: Sizes) -> Rejection | None:
        """A known question too near to the example's, of those that came after `since`."""
        but = self._made_from([example])
        (match,) = self.questions.closest_many([self.asked(example)], since.questions, but)
        return _near(example, "too_similar", match, self.questions)

    def near_many(self, examples: Mapping[int, Example]) -> dict[int, Rejection]:
        """The answer of `near` by slot, all asked at once, in half of the time."""
        but = self._made_from(examples.values())
        asked = self.questions.closest_many(map(self.asked, examples.values()), but=but)
        said = self.responses.closest_many(example.response for example in examples.values())
        found: dict[int, Rejection] = {}
        for (slot, example), question, response in zip(examples.items(), asked, said, strict=True):
            rejection = _near(example, "too_similar", question, self.questions) or _near(
                example, "response_too_similar", response, self.responses
            )
            if rejection is not None:
                found[slot] = rejection
        if self.meanings is None:
            return found
        rest = {slot: example for slot, example in examples.items() if slot not in found}
        return found | self._same_meanings(rest, self.meanings, 0)

    def _same_meanings(
        self, examples: Mapping[int, Example], meanings: MeaningIndex, since: int
    ) -> dict[int, Rejection]:
        """The slots whose question has the meaning of a known one, all encoded at once."""
        but = self._made_from(examples.values())
        found = meanings.closest_many(map(self.asked, examples.values()), since, but)
        return {
            slot: Rejection(example, "same_meaning", near.cosine, meanings.threshold, near.id)
            for (slot, example), near in zip(examples.items(), found, strict=True)
            if near is not None
        }

    def _made_from(self, examples: Iterable[Example]) -> dict[int, str]:
        """The places of rewritings to the row that each was made from."""
        made = ((at, rewritten_from(row, self.known)) for at, row in enumerate(examples))
        return {at: parent for at, parent in made if parent is not None}


def _questions_index(cfg: NoveltyConfig) -> NoveltyIndex | MinHashIndex:
    if cfg.minhash is None:
        return NoveltyIndex(cfg.threshold)
    return MinHashIndex(cfg.threshold, cfg.minhash)


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
