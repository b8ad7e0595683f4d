"""The scripts that the real rows are written in: a teacher that drifts into another one is told by
its letters, whatever it says.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from selfinstruct.config import ScriptConfig
from selfinstruct.text import as_fraction, question_texts
from selfinstruct.types import Example, Rejection

REASON = "foreign_script"
ONE_SCRIPT = {"HIRAGANA": "KANA", "KATAKANA": "KANA", "KATAKANA-HIRAGANA": "KANA"}
"""Scripts that one text writes by turns, by the first word of their letters' Unicode names."""
FEW = 4
"""Fewer foreign letters are symbols: pi, a variable, somebody's initials."""


def letters_by_script(text: str) -> Counter[str]:
    """How many letters of each script a text has, a script being named as Unicode names letters.

    Full-width and mathematical letters count as what they are forms of.
    """
    found: Counter[str] = Counter()
    for char, count in Counter(unicodedata.normalize("NFKC", text)).items():
        if char.isalpha():
            found[_script(char)] += count
    return found


@functools.cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return ONE_SCRIPT.get(name, name)


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts that are in use, and the share of letters that may be of others.

    `max_foreign` None judges nothing; nor is there anything foreign to rows without letters.
    """

    used: frozenset[str]
    max_foreign: float | None

    @classmethod
    def of(cls, rows: Iterable[Example], cfg: ScriptConfig) -> Self:
        """Those that make up more than `cfg.max_foreign` of the letters of some real text."""
        if cfg.max_foreign is None:
            return cls(frozenset(), None)
        limit = as_fraction(cfg.max_foreign)
        counts = [letters_by_script(text) for row in rows for text in _texts(row)]
        used = {
            script
            for letters in counts
            for script, count in letters.items()
            if Fraction(count, letters.total()) > limit
        }
        return cls(frozenset(used), cfg.max_foreign)

    def question_fault(self, example: Example) -> Rejection | None:
        """The share of foreign letters of a question, where that is too large: in the new text, in
        an earlier turn, or in all that was said.
        """
        return self._fault(example, question_texts(example))

    def fault(self, example: Example) -> Rejection | None:
        """The same of question, input and response, for the first where it is."""
        return self._fault(example, _texts(example))

    def _fault(self, example: Example, texts: Iterable[str]) -> Rejection | None:
        if self.max_foreign is None or not self.used:
            return None
        for text in texts:
            letters = letters_by_script(text)
            foreign = sum(count for script, count in letters.items() if script not in self.used)
            if foreign < FEW:
                continue
            share = Fraction(foreign, letters.total())
            if share > as_fraction(self.max_foreign):
                return Rejection(example, REASON, float(share), self.max_foreign)
        return None


def _texts(example: Example) -> Iterable[str]:
    return dict.fromkeys((*question_texts(example), example.input, example.response))
