"""Real rows spoilt on purpose, which a judge must tell from whole ones."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfinstruct.chat import Target, normalise_label, reference
from selfinstruct.text import normalise, question_text
from selfinstruct.types import Example

FEW = 4
"""A text of fewer words is not cut or shuffled: what is left may be as good."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A real row with one fault: `swapped`, the answer of another row; `truncated`, the second half
    of a text cut off; `shuffled`, its words in another order.
    """

    row: Example
    fault: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a row answers, made comparable once; two that have a label are compared by it alone."""

    label: str | None
    text: str

    @classmethod
    def of(cls, row: Example, target: Target) -> "_Answer":
        label = None if target == "response" or row.label is None else normalise_label(row.label)
        return cls(label, normalise(reference(row, target)))

    def differs(self, other: "_Answer") -> bool:
        if self.label is not None and other.label is not None:
            return self.label != other.label
        return self.text != other.text


def spoil(rows: Sequence[Example], target: Target, rng: random.Random) -> list[Spoilt]:
    """Each row with one of the faults, in turn; a row that a fault leaves as it was gets another,
    and one that none of them changes is left out.
    """
    answers = [_Answer.of(row, target) for row in rows]
    found: list[Spoilt] = []
    for at in range(len(rows)):
        order = [FAULTS[(at + step) % len(FAULTS)] for step in range(len(FAULTS))]
        tried = (_spoil(at, rows, answers, fault, target, rng) for fault in order)
        spoilt = next((each for each in tried if each is not None), None)
        if spoilt is not None:
            found.append(spoilt)
    return found


FAULTS = ("swapped", "truncated", "shuffled")


def _spoil(
    at: int,
    rows: Sequence[Example],
    answers: Sequence[_Answer],
    fault: str,
    target: Target,
    rng: random.Random,
) -> Spoilt | None:
    """The row at this place with that fault; None where it would stay as it is."""
    row = rows[at]
    if fault == "swapped":
        pairs = zip(rows, answers, strict=True)
        others = [other for other, said in pairs if answers[at].differs(said)]
        if not others:
            return None
        other = rng.choice(others)
        return Spoilt(replace(row, label=other.label, response=other.response), fault)
    words = _text_of(row, target).split()
    if len(words) < FEW:
        return None
    half, mixed = words[: len(words) // 2], rng.sample(words, len(words))
    left = half if fault == "truncated" else mixed
    if left == words:
        return None
    return Spoilt(_with_text(row, " ".join(left), target), fault)


def _text_of(row: Example, target: Target) -> str:
    """What is cut or shuffled: the response, or the text where the answer is a label alone."""
    return row.response if target != "label" else question_text(row)


def _with_text(row: Example, text: str, target: Target) -> Example:
    if target != "label":
        return replace(row, response=text)
    return replace(row, input=text) if row.input else replace(row, instruction=text)
