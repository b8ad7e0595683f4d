"""The knobs of what a round aims at: labels, requests in words, who writes and how, weak spots."""

import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from selfinstruct.config.section import Count, InWords, Positive, Section, Share

MOST_WORDS = 1000
"""Characters of a request, persona or style: every prompt that shows it pays for them again."""


def read_words(text: str) -> str:
    """Words on one line in, single spaces between them out.

    Raises `ValueError` where there are none, too many, or characters that no text has (control
    characters, lone surrogates).
    """
    words = " ".join(text.split())
    if not any(map(str.isalnum, words)):
        raise ValueError("it needs a letter or a digit")
    if len(words) > MOST_WORDS:
        raise ValueError(f"it has {len(words)} characters; {MOST_WORDS} are the most")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in words):
        raise ValueError("it holds a control character or half of a surrogate pair")
    return words


Words = Annotated[
    str,
    AfterValidator(read_words),
    InWords(f"words on one line, at most {MOST_WORDS} characters"),
]


class RequestConfig(Section):
    """A scenario, a format or an edge case asked for in words."""

    ask: Words
    """What the rows are to be or to hold, as a prompt shows it."""
    count: Positive
    """Accepted rows wanted of it in every round."""
    label: str | None = None
    """The label they have; by default drawn as for any other row."""


class AimConfig(Section):
    """What a round aims at. All of it is settled by accepted rows alone, so it survives a stop."""

    balance: Annotated[float, Field(ge=0, le=10)] = 1.0
    """How strongly rare labels go first: a label that n rows have is drawn with weight
    1 / (1 + n) ** balance. 0 draws all alike, 1 evens them out.
    """
    quotas: dict[str, Count] = {}
    """Label to its accepted rows in a round, no more and no fewer; 0 is never asked for. Rows of
    `requests` are not among them. Labels without a quota share the rest of `accept`.
    """
    requests: tuple[RequestConfig, ...] = ()
    """What is asked for in words, each with its count of accepted rows."""
    personas: tuple[Words, ...] = ()
    """Who writes, such as `a tired parent`, whatever the recipe: every persona is asked in every
    style equally often. `dialogue.personas` are for conversations alone.
    """
    styles: tuple[Words, ...] = ()
    """How it is written, such as `one terse line`."""
    focus: Literal["weak"] | None = None
    """`weak` asks for more of the labels on which the champion does worst on `dev`, never gate or
    final: each has a weight from half to three times that of an even share.
    """
    adapt: Annotated[Share, Field(gt=0)] | None = None
    """Shift prompts within a round to the recipes and labels whose candidates are kept; each keeps
    at least this share of what it would have had. `null` for no shift.
    """

    @model_validator(mode="after")
    def _nothing_is_said_twice(self) -> Self:
        """Nothing stands twice in `personas`, in `styles` or, but for two labels, in `requests`."""
        for name in ("personas", "styles"):
            words = getattr(self, name)
            if len(set(words)) < len(words):
                raise ValueError(f"{name} holds the same words twice")
        asked = [(each.ask, each.label) for each in self.requests]
        anywhere = {words for words, label in asked if label is None}
        named = {words for words, label in asked if label is not None}
        if len(set(asked)) < len(asked) or anywhere & named:
            raise ValueError(
                "requests holds the same words twice; only under two labels they are two requests"
            )
        return self
