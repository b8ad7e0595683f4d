"""What teachers write when things go wrong: 516 answers made by hand, and 2,064 with their mutants.

`golden/malformed.jsonl` has one a line: its kind, its text, and where there is more to say how many
times the text is repeated and how the completion ended.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.model import Answered
from selfinstruct.text import without_surrogates
from selfinstruct.types import Completion, Request, digest

GOLDEN = Path(__file__).parent / "golden" / "malformed.jsonl"
MUTANTS = 3
LONGEST = 2000
"""Characters of a text that mutants are made of: what is huge once need not be so four times."""


def by_kind() -> list[tuple[str, Completion]]:
    rows = map(json.loads, GOLDEN.read_text(encoding="utf-8").splitlines())
    return [
        (row["kind"], Completion(row["text"] * row.get("times", 1), row.get("finish", "stop")))
        for row in rows
    ]


def by_hand() -> list[Completion]:
    return [answer for _, answer in by_kind()]


def corpus() -> list[Completion]:
    """All of them, the same in every run."""
    found = by_hand()
    rng = random.Random(0)
    texts = [each.text[:LONGEST] for each in found]
    mutants = [
        Completion(mutant(text, rng.choice(texts), rng), each.finish_reason)
        for each, text in zip(found, texts, strict=True)
        for _ in range(MUTANTS)
    ]
    return [*found, *mutants]


def mutant(text: str, other: str, rng: random.Random) -> str:
    """The text with a piece of it lost, doubled or moved, or a piece of another text put in."""
    a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    c, d = sorted(rng.randrange(len(other) + 1) for _ in range(2))
    head, piece, tail = text[:a], text[a:b], text[b:]
    return rng.choice(
        [
            head + tail,
            head + piece + piece + tail,
            tail + piece + head,
            head + other[c:d] + tail,
            head + other[c:d] + piece + tail,
        ]
    )


@dataclass
class Queue:
    """A model that gives the answers it holds in order, over and over."""

    answers: Sequence[Completion]
    given: int = 0
    name: str = "queue"
    digest: str = digest("queue")

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        for index in range(len(requests)):
            yield [Answered(index, self.answers[self.given % len(self.answers)])]
            self.given += 1

    def close(self) -> None:
        pass


ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def spoken(text: str) -> str:
    """The text as it stands, whole characters alone, and with JSON's escapes read."""

    def letter(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else LETTERS.get(match[2], match[2])

    whole = without_surrogates(text)
    return f"{text}\n{whole}\n{without_surrogates(ESCAPE.sub(letter, text))}"
