"""Two answers to one question: with nobody to say which is right, a candidate that answers
otherwise than what is known, or than another candidate of its batch, is not kept.

A label is the whole answer, and replies beside one may differ. An instruction without an input,
such as "tell a joke", has many answers.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from selfinstruct.config import ContradictionConfig
from selfinstruct.near.index import RougeIndex
from selfinstruct.text import normalise, whole_question, words
from selfinstruct.types import Example, Rejection

REASON = "contradiction"


class _Said(NamedTuple):
    question: Hashable
    answer: str


def _said(example: Example) -> _Said | None:
    """What is asked and answered, in words; None where there is no answer or many would do."""
    answer = example.response if example.label is None else example.label
    open_ended = example.label is None and not example.input.strip()
    if open_ended or not answer.strip():
        return None
    turns = tuple((turn.role, normalise(turn.content)) for turn in example.turns)
    texts = (normalise(example.instruction), normalise(example.input))
    question = (example.label is None, turns, *texts)
    return _Said(question, normalise(answer))


class Answers:
    """What is answered so far: by the training rows, by the pool, by this round.

    Near questions count as well where `cfg.rouge_l` is set, between labelled rows alone: another
    wording has the same label, while another input may well have another response.
    """

    def __init__(self, cfg: ContradictionConfig) -> None:
        self._cfg = cfg
        self._answers: defaultdict[Hashable, dict[str, str]] = defaultdict(dict)
        self._near = RougeIndex(cfg.rouge_l)
        self._labelled: list[tuple[str, str]] = []

    def add(self, examples: Iterable[Example]) -> None:
        """Make answers known."""
        for example in examples:
            said = _said(example)
            if said is None:
                continue
            self._answers[said.question].setdefault(said.answer, example.id)
            if example.label is not None and self._cfg.rouge_l is not None:
                self._near.add(words(whole_question(example)))
                self._labelled.append((said.answer, example.id))

    def contradiction(self, example: Example) -> Rejection | None:
        """The known row that answers this question otherwise, the first of several; of near ones
        the nearest, with its ROUGE-L.

        Where real rows themselves answer it in two ways, the one given as the first is right too.
        """
        said = _said(example)
        if said is None:
            return None
        known: Mapping[str, str] = self._answers.get(said.question, {})
        if said.answer in known:
            return None
        if known:
            return Rejection(example, REASON, neighbour=next(iter(known.values())))
        return None if example.label is None else self._near_contradiction(example, said.answer)

    def _near_contradiction(self, example: Example, label: str) -> Rejection | None:
        near = self._near.near(words(whole_question(example)))
        others = [
            (rouge_l, place)
            for place, rouge_l in zip(near.positions.tolist(), near.rouge_l.tolist(), strict=True)
            if self._labelled[place][0] != label
        ]
        if not others:
            return None
        rouge_l, place = max(others, key=lambda other: (other[0], -other[1]))
        return Rejection(example, REASON, rouge_l, self._cfg.rouge_l, self._labelled[place][1])


def contradictions_within(
    drafts: Sequence[Example], faults: Sequence[Rejection | None]
) -> dict[int, Rejection]:
    """Slots whose question another sound draft of the batch answers otherwise: none of them is kept
    (Self-Instruct).
    """
    asked: defaultdict[Hashable, list[tuple[int, str]]] = defaultdict(list)
    for slot, (draft, fault) in enumerate(zip(drafts, faults, strict=True)):
        said = _said(draft) if fault is None else None
        if said is not None:
            asked[said.question].append((slot, said.answer))
    rejections = {}
    for answers in asked.values():
        first: dict[str, int] = {}
        for slot, answer in answers:
            first.setdefault(answer, slot)
        for slot, answer in answers:
            other = next((place for said, place in first.items() if said != answer), None)
            if other is not None:
                rejections[slot] = Rejection(drafts[slot], REASON, neighbour=drafts[other].id)
    return rejections
