"""Markdown out of words that anybody may have written: no row, label or name ends what it is in.

Other people's words stand in code spans and fenced blocks alone, where Markdown and HTML mean
nothing; controls, direction marks and odd line ends are spelled out before.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from selfinstruct.printable import is_unsafe

LINE_ENDS = ("Zl", "Zp")
MOST = 600
"""Characters of one text in a card; the whole of it is in the file."""


def visible(text: str) -> str:
    """Text whose control, private and direction characters are spelled out, such as `[U+202E]`;
    line breaks and tabs stay.
    """
    return "".join(
        f"[U+{ord(char):04X}]"
        if char not in "\n\t" and (is_unsafe(char) or unicodedata.category(char) in LINE_ENDS)
        else char
        for char in text
    )


def code(text: object) -> str:
    """Any text as one code span on one line; the empty one as a dash."""
    flat = " ".join(visible(str(text)).split())
    if not flat:
        return "-"
    ticks = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{ticks}{pad}{flat}{pad}{ticks}"


def fence(text: str, most: int | None = MOST) -> str:
    """Any text as a fenced block, cut at `most` characters, which is said then."""
    shown = visible(text)
    if most is not None and len(shown) > most:
        shown = f"{shown[:most]}… ({len(shown) - most} more characters)"
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return f"{ticks}text\n{shown}\n{ticks}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of cells that are Markdown already: `code` for other people's words."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def bullets(items: Iterable[str]) -> str:
    """A list of items that are Markdown already."""
    return "\n".join(f"- {item}" for item in items)


def quote(paragraphs: Iterable[str]) -> str:
    """Paragraphs that are Markdown already, set off from the rest."""
    return "\n>\n".join(f"> {each}" for each in paragraphs)


def plain(text: str) -> str:
    """A sentence of this program's own that may hold other people's words, as plain text: all that
    could mean something to Markdown or HTML is escaped.
    """
    flat = " ".join(visible(text).split())
    return re.sub(r"([\\`*_{}\[\]<>()#!|~&])", r"\\\1", flat)


def _cell(cell: object) -> str:
    return str(cell).replace("|", "\\|")


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
