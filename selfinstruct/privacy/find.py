"""Text in, the places of personal data out: each of one kind, none overlapping another."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from selfinstruct.config import PrivacyConfig
from selfinstruct.privacy.addresses import address
from selfinstruct.privacy.ids import account_of, card, iban, national_id
from selfinstruct.privacy.online import ip, login, mail
from selfinstruct.privacy.phones import phone
from selfinstruct.privacy.place import Detector, Place
from selfinstruct.text import normalise
from selfinstruct.types import Example

DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is personal data of this kind."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Finder:
    """What counts as personal data, by kind, in the order in which kinds win where they overlap.

    Of a kind: its name, its detector, and the fewest digits of a text that holds one, which spares
    most texts most of the work. `own` are the patterns of the user, which come first; `public` the
    values that do not count, as `value_key` gives them.
    """

    own: tuple[tuple[str, re.Pattern[str]], ...]
    kinds: tuple[tuple[str, Detector, int], ...]
    public: frozenset[str]

    @classmethod
    def of(cls, cfg: PrivacyConfig) -> Self:
        """The finder that a config asks for."""
        own = tuple((name, re.compile(pattern)) for name, pattern in cfg.patterns.items())
        kinds: tuple[tuple[str, Detector, int], ...] = (  # what proves itself comes first
            ("login", login, 0),
            ("email", mail, 0),
            ("iban", iban, 2),
            ("card", card, 13),
            ("ip", ip, 2),
            ("national_id", national_id, 5),
            ("account", account_of(cfg.id_words), 4),
            ("phone", phone, 7),
            ("address", address, 1),
        )
        return cls(own, kinds, frozenset(map(value_key, cfg.public)))

    def find(self, text: str) -> tuple[Span, ...]:
        """Every place of a text, from left to right; linear in its length."""
        taken = bytearray(len(text))
        found: list[Span] = []
        for name, pattern in self.own:
            places = (Place(*match.span()) for match in pattern.finditer(text))
            found += _claim(name, places, taken)
        digits = len(DIGIT.findall(text))
        for name, detect, least in self.kinds:
            if digits >= least:
                found += _claim(name, detect(text), taken)
        if self.public:
            found = [
                span for span in found if value_key(text[span.start : span.end]) not in self.public
            ]
        return tuple(sorted(found, key=lambda span: span.start))

    def kinds_in(self, texts: Iterable[str]) -> Counter[str]:
        """How many places of each kind these texts have."""
        return Counter(span.kind for text in texts for span in self.find(text))


def texts_of(row: Example) -> Sequence[str]:
    """The texts of a row that people wrote, in the order in which they are read."""
    turns = [turn.content for turn in row.turns]
    return (row.instruction, row.input, *turns, row.response)


def value_key(value: str) -> str:
    """What two ways to write a value share: its letters and digits, caseless."""
    return re.sub(r"[\W_]+", "", normalise(value))


def _claim(kind: str, places: Iterable[Place], taken: bytearray) -> list[Span]:
    """The real ones of the places that nothing has taken before; they all take theirs."""
    found = []
    for start, end, real in places:
        if start < end and not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            found += [Span(start, end, kind)] * real
    return found
