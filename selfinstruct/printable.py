"""Which characters of other people's text must not reach a terminal or a page as they are."""

import unicodedata

DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNSAFE = ("Cc", "Cs", "Co")


def is_unsafe(char: str) -> bool:
    """Whether it could move a cursor, turn a line round or mean what only its writer knows.

    Control, surrogate, private and direction characters; a line break and a tab are controls too.
    """
    return char in DIRECTIONS or unicodedata.category(char) in UNSAFE
