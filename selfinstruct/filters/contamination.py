"""Distance to dev, gate and final: a candidate that resembles a held-out row would fool the
evaluation.

Only words are compared; a paraphrase in other words passes.
"""

from collections.abc import Iterable
from typing import Self

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.novelty import NoveltyIndex
from selfinstruct.text import ngrams, question_text, whole_question, words
from selfinstruct.types import Example, Rejection

REASON = "contaminated"


class HeldOut:
    """The held-out rows, and whether a candidate shares too much with one of them.

    Too much is a run of `ngram` words in the question, input, response or an earlier turn (Tulu 3
    uses 8), or a question whose ROUGE-L with the row's question is at or above `rouge_l`, earlier
    turns counted with either. A run that a training row holds as well does not count: the teacher
    was shown it and the student learns it rightly. That covers an instruction common to all rows,
    and the stock phrases of replies.
    """

    def __init__(self, cfg: ContaminationConfig) -> None:
        self._cfg = cfg
        self._runs: dict[tuple[str, ...], str] = {}
        self._questions = NoveltyIndex(cfg.rouge_l, inclusive=True)

    @classmethod
    def build(
        cls, rows: Iterable[Example], cfg: ContaminationConfig, train: Iterable[Example] = ()
    ) -> Self:
        """Held-out rows, and the training rows whose words are common property, in."""
        held_out = cls(cfg)
        for row in rows:
            held_out._questions.add(row.id, whole_question(row))
            for run in _runs(row, cfg.ngram):
                held_out._runs.setdefault(run, row.id)
        for row in train:
            for run in _runs(row, cfg.ngram):
                held_out._runs.pop(run, None)
        return held_out

    def leak(self, example: Example) -> Rejection | None:
        """What the example shares with a held-out row: the run of words, or the ROUGE-L."""
        for run in _runs(example, self._cfg.ngram):
            row = self._runs.get(run)
            if row is not None:
                return Rejection(example, REASON, " ".join(run), self._cfg.ngram, row)
        match = self._questions.closest(whole_question(example))
        if match is not None:
            return Rejection(example, REASON, match.rouge_l, self._cfg.rouge_l, match.id)
        return None


def _runs(example: Example, n: int | None) -> Iterable[tuple[str, ...]]:
    if n is None:
        return
    turns = [turn.content for turn in example.turns]
    texts = (*turns, question_text(example), example.input, example.response)
    for text in dict.fromkeys(texts):
        yield from ngrams(words(text), n)
