"""Which characters of other people's text must not reach a terminal or a page as they are."""

import unicodedata

DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
UNSAFE = ("Cc", "Cs", "Co")


def is_unsafe(char: str) -> bool:
    """Whether it could move a cursor, turn a line round or mean what only its writer knows.

    Control, surrogate, private and direction characters; a line break and a tab are controls too.
    """
    return char in DIRECTIONS or unicodedata.category(char) in UNSAFE


MOST_CHARACTERS = 600
"""Of one text on a page; the whole of it is in the files of the run."""


def visible(text: str) -> str:
    """Text whose control, private and direction characters are spelled out, such as `[U+202E]`."""
    return "".join(
        char if char in "\n\t" or not is_unsafe(char) else f"[U+{ord(char):04X}]" for char in text
    )


def clip(text: str, most: int = MOST_CHARACTERS) -> str:
    """At most so many characters of a text, and how many more there are."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more characters)"
