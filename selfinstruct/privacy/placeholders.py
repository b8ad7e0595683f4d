"""Personal data out, placeholders such as [EMAIL_1] in: the same value has the same number.

Numbers are given in the order of reading, and none that the texts themselves hold already, such as
[EMAIL_1] of an earlier replacement, is given again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from selfinstruct.privacy.find import Finder, texts_of, value_key
from selfinstruct.types import Example, Message

PLACEHOLDER = re.compile(r"\[([A-Z][A-Z0-9_]{0,60})_([0-9]{1,9})\]")


class _Names:
    """The placeholders of one row or prompt."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._known: dict[tuple[str, str], str] = {}
        self._given: dict[str, int] = {}
        for text in texts:
            for kind, number in PLACEHOLDER.findall(text):
                self._given[kind] = max(self._given.get(kind, 0), int(number))

    def of(self, kind: str, value: str) -> str:
        """The placeholder of a value, however it is written."""
        name = kind.upper()
        key = (name, value_key(value))
        if key not in self._known:
            self._given[name] = self._given.get(name, 0) + 1
            self._known[key] = f"[{name}_{self._given[name]}]"
        return self._known[key]


def hide_in_row(row: Example, finder: Finder) -> Example:
    """The row with a placeholder for all its personal data; itself where it has none."""
    texts = texts_of(row)
    hidden = _hide(texts, finder)
    if hidden == list(texts):
        return row
    instruction, given, *turns, response = hidden
    return replace(
        row,
        instruction=instruction,
        input=given,
        turns=tuple(replace(old, content=new) for old, new in zip(row.turns, turns, strict=True)),
        response=response,
    )


def hide_in_messages(messages: Sequence[Message], finder: Finder) -> tuple[Message, ...]:
    """Messages with placeholders, numbered through all of them."""
    hidden = _hide([message.content for message in messages], finder)
    return tuple(replace(old, content=new) for old, new in zip(messages, hidden, strict=True))


def _hide(texts: Sequence[str], finder: Finder) -> list[str]:
    names = _Names(texts)
    hidden = []
    for text in texts:
        parts, end = [], 0
        for span in finder.find(text):
            parts += [text[end : span.start], names.of(span.kind, text[span.start : span.end])]
            end = span.end
        hidden.append("".join([*parts, text[end:]]))
    return hidden
