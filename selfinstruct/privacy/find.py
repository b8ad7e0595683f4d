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
from selfinstruct.types import Example

MARKS = re.compile(r"[\d@]")
"""What every kind of ours has at least one of."""


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` is personal data of this kind."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Finder:
    """What counts as personal data, by kind, in the order in which kinds win where they overlap.

    `own` are the patterns of the user, which come first.
    """

    own: tuple[tuple[str, re.Pattern[str]], ...]
    kinds: tuple[tuple[str, Detector], ...]

    @classmethod
    def of(cls, cfg: PrivacyConfig) -> Self:
        """The finder that a config asks for."""
        own = tuple((name, re.compile(pattern)) for name, pattern in cfg.patterns.items())
        kinds: tuple[tuple[str, Detector], ...] = (  # what proves itself comes first
            ("login", login),
            ("email", mail),
            ("iban", iban),
            ("card", card),
            ("ip", ip),
            ("national_id", national_id),
            ("account", account_of(cfg.id_words)),
            ("phone", phone),
            ("address", address),
        )
        return cls(own, kinds)

    def find(self, text: str) -> tuple[Span, ...]:
        """Every place of a text, from left to right; linear in its length."""
        taken = bytearray(len(text))
        found: list[Span] = []
        for name, pattern in self.own:
            places = (Place(*match.span()) for match in pattern.finditer(text))
            found += _claim(name, places, taken)
        if MARKS.search(text):
            for name, detect in self.kinds:
                found += _claim(name, detect(text), taken)
        return tuple(sorted(found, key=lambda span: span.start))

    def kinds_in(self, row: Example) -> Counter[str]:
        """How many places of each kind a row has, in all its texts."""
        return Counter(span.kind for text in texts_of(row) for span in self.find(text))


def texts_of(row: Example) -> Sequence[str]:
    """The texts of a row that people wrote, in the order in which they are read."""
    turns = [turn.content for turn in row.turns]
    return (row.instruction, row.input, *turns, row.response)


def _claim(kind: str, places: Iterable[Place], taken: bytearray) -> list[Span]:
    """The real ones of the places that nothing has taken before; they all take theirs."""
    found = []
    for start, end, real in places:
        if start < end and not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            found += [Span(start, end, kind)] * real
    return found
