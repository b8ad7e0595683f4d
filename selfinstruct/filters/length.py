"""Length beside the real rows: what is far outside their band was misread, padded or cut.

Of a conversation the last question is held against all rows' questions, and all that was said
before the answer against real conversations alone: a recipe that writes conversations from single
questions is to write longer ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from selfinstruct.config import LengthConfig
from selfinstruct.text import question_text, whole_question, words
from selfinstruct.types import Example, Rejection

REASON = "length_outlier"
OUTER = 0.02
"""The band runs from this quantile to 1 minus it, so that one freak in fifty rows does not set it.
"""


class Band(NamedTuple):
    """The fewest and the most words of a text."""

    low: float
    high: float


class Bands(NamedTuple):
    """Of a question, of a conversation up to its answer, and of a response; None for a part with
    too few real texts to tell.
    """

    question: Band | None = None
    conversation: Band | None = None
    response: Band | None = None


@dataclass(frozen=True, slots=True)
class Lengths:
    """The bands of each label with real rows enough, and of all rows together."""

    overall: Bands
    by_label: Mapping[str, Bands]

    @classmethod
    def of(cls, rows: Iterable[Example], cfg: LengthConfig) -> Self:
        """The real rows' own, widened by `cfg.factor`; none where that is None."""
        if cfg.factor is None:
            return cls(Bands(), {})
        every = list(rows)
        labelled: defaultdict[str, list[Example]] = defaultdict(list)
        for row in every:
            if row.label is not None:
                labelled[row.label].append(row)
        enough = {key: group for key, group in labelled.items() if len(group) >= cfg.min_rows}
        by_label = {label: _bands(group, cfg.factor, cfg) for label, group in enough.items()}
        return cls(_bands(every, cfg.factor, cfg), by_label)

    def question_fault(self, example: Example) -> Rejection | None:
        """The words of a question, or of it with its earlier turns, where they are too few or too
        many.
        """
        bands = self._bands(example)
        fault = _outside(example, "question", question_text(example), bands.question)
        if fault is not None or not example.turns:
            return fault
        return _outside(example, "conversation", whole_question(example), bands.conversation)

    def fault(self, example: Example) -> Rejection | None:
        """The words of the question or else of the response, where they are; a label alone has no
        response.
        """
        band = self._bands(example).response
        return self.question_fault(example) or _outside(example, "response", example.response, band)

    def _bands(self, example: Example) -> Bands:
        return self.by_label.get(example.label or "", self.overall)


def _bands(rows: Sequence[Example], factor: float, cfg: LengthConfig) -> Bands:
    texts = (
        [question_text(row) for row in rows],
        [whole_question(row) for row in rows if row.turns],
        [row.response for row in rows if row.response.strip()],
    )
    return Bands(*(_band([len(words(text)) for text in part], factor, cfg) for part in texts))


def _band(counts: Sequence[int], factor: float, cfg: LengthConfig) -> Band | None:
    if len(counts) < cfg.min_rows:
        return None
    low = np.quantile(counts, OUTER, method="lower")
    high = np.quantile(counts, 1 - OUTER, method="higher")
    return Band(float(low) / factor, float(high) * factor)


def _outside(example: Example, part: str, text: str, band: Band | None) -> Rejection | None:
    if band is None or not text.strip():
        return None
    count = len(words(text))
    if band.low <= count <= band.high:
        return None
    return Rejection(example, REASON, count, f"{part} {band.low:g}..{band.high:g}")
