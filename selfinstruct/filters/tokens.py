"""The words of a text, for filters that look at the same texts one after the other."""

import functools

from selfinstruct.text import words


@functools.lru_cache(maxsize=32)  # the texts of one example; a text may be long
def tokens(text: str) -> tuple[str, ...]:
    """As `text.words`."""
    return tuple(words(text))
