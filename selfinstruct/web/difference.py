"""Two texts as one, word by word: what both have, what only the one has, what only the other."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["both", "gone", "new"]
Part = tuple[Kind, str]

MOST_WORDS = 400
"""Of each of two texts; in longer ones nothing is marked, as the search takes their product."""
WORD = re.compile(r"\s*\S+")


def differ(before: str, after: str) -> list[Part]:
    """Two texts in, parts out: those "gone" stand in `before` alone, those "new" in `after` alone.

    Parts that are not "new" make up `before` and those that are not "gone" `after`, white space
    aside.
    """
    # White space at the end belongs to no word, and a search for one would be quadratic in it.
    old, new = (WORD.findall(text.rstrip()) for text in (before, after))
    if max(len(old), len(new)) > MOST_WORDS:
        return [part for part in (("gone", before), ("new", after)) if part[1]]
    return list(_parts(old, new))


def _parts(old: list[str], new: list[str]) -> Iterator[Part]:
    bare = [word.strip() for word in old], [word.strip() for word in new]
    for tag, i, j, k, m in SequenceMatcher(None, *bare, autojunk=False).get_opcodes():
        if tag == "equal":
            # The first word of `after` has no space before it, and may follow one of `before`.
            yield "both", (old[i][: -len(bare[0][i])] if k == 0 else "") + "".join(new[k:m])
            continue
        if i < j:
            yield from _marked("gone", "".join(old[i:j]))
        if k < m:
            yield from _marked("new", "".join(new[k:m]))


def _marked(kind: Kind, text: str) -> Iterator[Part]:
    """A mark begins at a word: white space before it is nobody's."""
    words = text.lstrip()
    if len(words) < len(text):
        yield "both", text[: len(text) - len(words)]
    yield kind, words
