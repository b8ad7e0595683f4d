"""What a person is asked of a round's candidates.

All of it may change between two starts: what comes out follows from the decisions, and those a
round has used are in its ledger.
"""

from itertools import combinations
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from selfinstruct.config.section import InWords, Section, Share, operational

TAKEN = "123456789"
"""Keys that choose why a row is rejected."""

BOTH = {"accept", "edit", "reject", "skip", "flag", "undo"}
TERMINAL = BOTH | {"progress", "quit"}
PAGE = BOTH | {"note", "next", "previous", "list", "goto", "filter", "pairs", "help"}
"""What has a key here and there: one key may be two actions that never meet."""


def check_key(key: str) -> str:
    """One character that a key types in, the same out. Raises `ValueError` for any other text."""
    if len(key) != 1 or not key.isprintable() or key.isspace():
        raise ValueError("a key is one letter, digit or sign that is typed by itself")
    if key in TAKEN:
        raise ValueError("1 to 9 say why a row is rejected, and cannot say anything else")
    return key


Key = Annotated[str, AfterValidator(check_key), InWords("one letter or sign, none of 1 to 9")]


class KeysConfig(Section):
    """The single key of each action; upper and lower case are two keys. `progress` and `quit` are
    of the terminal alone, `accept` to `undo` of both, the others of the page.
    """

    accept: Key = operational("a")
    """Keep the row."""
    edit: Key = operational("e")
    """Change its words; it passes every filter again."""
    reject: Key = operational("x")
    """Drop the row; 1 to 9 then say why."""
    skip: Key = operational("s")
    """Ask again at the end."""
    flag: Key = operational("f")
    """Mark it, and ask again at the end."""
    undo: Key = operational("u")
    """Take the last decision back."""
    note: Key = operational("n")
    """Write a note, which is stored with the decision."""
    next: Key = operational("j")
    """Go on to the next row."""
    previous: Key = operational("k")
    """Go back to the row before."""
    list: Key = operational("l")
    """List the rows of the queue."""
    goto: Key = operational("g")
    """Go to a row by its id."""
    filter: Key = operational("/")
    """Narrow the queue."""
    pairs: Key = operational("p")
    """Between pairs of answers and candidates."""
    help: Key = operational("?")
    """Show all keys."""
    progress: Key = operational("p")
    """Tell how far the queue is."""
    quit: Key = operational("q")
    """Leave."""

    @model_validator(mode="after")
    def _one_action_a_key(self) -> Self:
        """No key has two actions that meet on the page or in the terminal."""
        keys = dict(self)
        twice = [
            f"{keys[one]!r} is the key of {one} and of {other}"
            for one, other in combinations(keys, 2)
            if keys[one] == keys[other] and any({one, other} <= place for place in (PAGE, TERMINAL))
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
        """`required` needs a `fraction` above 0."""
        if self.required and self.fraction == 0:
            raise ValueError("required waits for a queue, and with fraction 0 there is none")
        return self
