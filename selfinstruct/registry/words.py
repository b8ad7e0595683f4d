"""Two texts side by side, word by word: what stays, what goes and what comes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from selfinstruct.prompting import Template

LINE = re.compile(r"[^\n]*\n|[^\n]+")
TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
AROUND = 2
"""Lines shown before and after each that changed."""

Op = Literal["same", "removed", "added", "skipped"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a difference; the text of one that is skipped is the number of its lines."""

    op: Op
    text: str


def compare(before: Template | None, after: Template) -> dict[str, list[Piece]]:
    """What differs between two templates, by the name of each source that does."""
    old = {} if before is None else {name: each.text for name, each in before.sources.items()}
    new = {name: each.text for name, each in after.sources.items()}
    names = sorted({*old, *new}, key=lambda name: (name != after.name, name))
    return {
        name: diff(old.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name) != new.get(name)
    }


def diff(before: str, after: str) -> list[Piece]:
    """Lines that stay are skipped but for those around a change; lines that changed are compared
    word by word. Without the pieces removed it is the text after, without those added the text
    before, where nothing is skipped.
    """
    old, new = LINE.findall(before), LINE.findall(after)
    pieces: list[Piece] = []
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for at, (op, start, end, from_, to) in enumerate(blocks):
        if op == "equal":
            pieces += _context(old[start:end], first=at == 0, last=at == len(blocks) - 1)
        else:
            pieces += _words("".join(old[start:end]), "".join(new[from_:to]))
    return pieces


def _context(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[Piece]:
    head = 0 if first else AROUND
    tail = 0 if last else AROUND
    left = len(lines) - head - tail
    if left <= 0:
        yield Piece("same", "".join(lines))
        return
    if head:
        yield Piece("same", "".join(lines[:head]))
    yield Piece("skipped", str(left))
    if tail:
        yield Piece("same", "".join(lines[-tail:]))


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    for op, start, end, from_, to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if op == "equal":
            yield Piece("same", "".join(old[start:end]))
            continue
        if end > start:
            yield Piece("removed", "".join(old[start:end]))
        if to > from_:
            yield Piece("added", "".join(new[from_:to]))
