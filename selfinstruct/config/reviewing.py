"""What a person is asked of a round's candidates.

All of it may change between two starts: what comes out follows from the decisions, and those a
round has used are in its ledger.
"""

from collections import Counter
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from selfinstruct.config.section import Section, Share, operational

TAKEN = "123456789"
"""Keys that choose why a row is rejected."""


def check_key(key: str) -> str:
    """One character that a key types in, the same out. Raises `ValueError` for any other text."""
    if len(key) != 1 or not key.isprintable() or key.isspace():
        raise ValueError("a key is one letter, digit or sign that is typed by itself")
    if key in TAKEN:
        raise ValueError("1 to 9 say why a row is rejected, and cannot say anything else")
    return key


Key = Annotated[str, AfterValidator(check_key)]


class KeysConfig(Section):
    """The single key of each action; upper and lower case are two keys. `next`, `previous`, `list`,
    `goto`, `filter` and `note` are of the page alone, `progress` and `quit` of the terminal.
    """

    accept: Key = operational("a")
    edit: Key = operational("e")
    reject: Key = operational("x")
    skip: Key = operational("s")
    flag: Key = operational("f")
    undo: Key = operational("u")
    note: Key = operational("n")
    next: Key = operational("j")
    previous: Key = operational("k")
    list: Key = operational("l")
    goto: Key = operational("g")
    filter: Key = operational("/")
    help: Key = operational("?")
    progress: Key = operational("p")
    quit: Key = operational("q")

    @model_validator(mode="after")
    def _one_action_a_key(self) -> Self:
        by_key = {key: action for action, key in self}
        counts = Counter(key for _, key in self)
        twice = [
            f"{key!r} is the key of {action} and of {by_key[key]}"
            for action, key in self
            if counts[key] > 1 and action != by_key[key]
        ]
        if twice:
            raise ValueError("; ".join(twice))
        return self


class ReviewConfig(Section):
    """Which candidates of a round a person is asked about, and whether the round waits for it."""

    fraction: Share = operational(0.0)
    """Of the accepted candidates and of those dropped by a narrow margin, so many are asked about,
    hardest first; 0 asks about none.
    """
    required: bool = operational(False)
    """Whether a round waits, with exit code 3, until all of its queue is decided. Without, it takes
    the decisions there are.
    """
    random: Share = operational(0.1)
    """The share of a queue that is drawn by chance from the accepted rows: what the estimate of
    acceptance goes by, since the hardest rows say nothing of the others.
    """
    reshow: Share = operational(0.05)
    """The share of a queue of 20 or more that comes a second time, later and without a mark, to who
    decided it: how far people agree with themselves. Their first decision stands.
    """
    reviewer: str = operational("")
    """The name kept with decisions; by default that of the account."""
    keys: KeysConfig = operational(KeysConfig())
    """Single keys, where others suit a hand or a keyboard better, such as `accept: y`."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.required and self.fraction == 0:
            raise ValueError("required waits for a queue, and with fraction 0 there is none")
        return self
