"""What the real rows set as the standard for a candidate on its own: script, language, length and
form, in the order of their cost.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from selfinstruct.config import FiltersConfig
from selfinstruct.filters.format import Formats
from selfinstruct.filters.language import Detect, Guess, Languages, open_detector
from selfinstruct.filters.length import Lengths
from selfinstruct.filters.script import Scripts
from selfinstruct.types import Example, Rejection


def _undetected(_: str) -> Guess:
    """No language is asked about."""
    return Guess("und", 0.0)


@dataclass(frozen=True, slots=True)
class Standards:
    """The filters that real rows calibrate; nothing in them grows."""

    scripts: Scripts
    languages: Languages
    lengths: Lengths
    formats: Formats

    @classmethod
    def of(cls, train: Iterable[Example], cfg: FiltersConfig) -> Self:
        """The training rows' own standards.

        Raises `UserError` for a schema or pattern that cannot be used, and a detector that is not
        installed.
        """
        rows = list(train)
        detect: Detect = _undetected if cfg.language.expected is None else open_detector()
        return cls(
            Scripts.of(rows, cfg.script),
            Languages.of(rows, cfg.language, detect),
            Lengths.of(rows, cfg.length),
            Formats.of(rows, cfg.format),
        )

    def question_fault(self, example: Example) -> Rejection | None:
        """The first standard that the question alone falls short of; its answer need not exist."""
        return (
            self.scripts.question_fault(example)
            or self.lengths.question_fault(example)
            or self.languages.question_fault(example)
        )

    def fault(self, example: Example) -> Rejection | None:
        """The first standard that the example falls short of."""
        return (
            self.scripts.fault(example)
            or self.lengths.fault(example)
            or self.formats.fault(example)
            or self.languages.fault(example)
        )
