"""Distance to dev, gate and final: a candidate that resembles a held-out row would fool the
evaluation.

Only words are compared; a paraphrase in other words passes.
"""

from collections.abc import Iterable, Sequence
from typing import Self

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.text import ngrams, question_text, whole_question, words
from selfinstruct.types import Example, Rejection

REASON = "contaminated"


class HeldOut:
    """The held-out rows, and whether a candidate shares too much with one of them.

    Too much is a run of `ngram` words in the question, input, response or an earlier turn (Tulu 3
    uses 8), or a ROUGE-L at or above `rouge_l`: of its question with the row's question, earlier
    turns counted with either, or of an input, response or earlier turn with any of the row's, where
    both have `passage_words` words or more. Shorter ones ("Yes", a label, a thank-you) repeat
    rightly. A run that a training row holds as well does not count, nor does a passage that is as
    near to one of a training row: the teacher
    was shown it and the student learns it rightly. That covers an instruction common to all rows,
    and the stock phrases of replies.
    """

    def __init__(self, cfg: ContaminationConfig) -> None:
        self._cfg = cfg
        self._runs: dict[tuple[str, ...], str] = {}
        self._questions = NoveltyIndex(cfg.rouge_l, inclusive=True)
        self._passages = NoveltyIndex(cfg.rouge_l, inclusive=True)

    @classmethod
    def build(
        cls, rows: Iterable[Example], cfg: ContaminationConfig, train: Iterable[Example] = ()
    ) -> Self:
        """Held-out rows, and the training rows whose words are common property, in."""
        held_out = cls(cfg)
        rows, train = tuple(rows), tuple(train)
        for row in rows:
            held_out._questions.add(row.id, whole_question(row))
            for run in runs_of(row, cfg):
                held_out._runs.setdefault(run, row.id)
        for row in train:
            for run in runs_of(row, cfg):
                held_out._runs.pop(run, None)
        held_out._add_passages(rows, train)
        return held_out

    def _add_passages(self, rows: Iterable[Example], train: Iterable[Example]) -> None:
        """Make the passages known that no training row has one like."""
        taught = NoveltyIndex(self._cfg.rouge_l, inclusive=True)
        for row in train:
            taught.add_many((row.id, passage) for passage in long_passages(row, self._cfg))
        own = [(row.id, text) for row in rows for text in long_passages(row, self._cfg)]
        known = taught.closest_many(text for _, text in own)
        self._passages.add_many(pair for pair, near in zip(own, known, strict=True) if near is None)

    def leak(self, example: Example) -> Rejection | None:
        """What the example shares with a held-out row: the run of words, or the ROUGE-L."""
        for run in runs_of(example, self._cfg):
            row = self._runs.get(run)
            if row is not None:
                return Rejection(example, REASON, " ".join(run), self._cfg.ngram, row)
        match = self._questions.closest(whole_question(example))
        near = self._passages.closest_many(long_passages(example, self._cfg))
        for found in (match, *near):
            if found is not None:
                return Rejection(example, REASON, found.rouge_l, self._cfg.rouge_l, found.id)
        return None


def runs_of(example: Example, cfg: ContaminationConfig) -> Iterable[tuple[str, ...]]:
    """Every run of `cfg.ngram` words in one of the example's texts; none where that is off."""
    if cfg.ngram is None:
        return
    for text in dict.fromkeys((question_text(example), *_parts(example))):
        yield from ngrams(words(text), cfg.ngram)


def long_passages(example: Example, cfg: ContaminationConfig) -> list[str]:
    """The texts beside its question with `cfg.passage_words` words or more; none where that, or
    ROUGE-L, is off.
    """
    if cfg.passage_words is None or cfg.rouge_l is None:
        return []
    asked = question_text(example)
    passages = dict.fromkeys(_parts(example))
    return [text for text in passages if text != asked and len(words(text)) >= cfg.passage_words]


def _parts(example: Example) -> Sequence[str]:
    """The texts of an example beside its question: earlier turns, input and response."""
    return (*(turn.content for turn in example.turns), example.input, example.response)
