"""The nouns of a review, all frozen: an item that is shown, a decision that is stored."""

from dataclasses import dataclass, field
from typing import Literal

from selfinstruct.types import Example, Interval, Message, Rejection, Score

Action = Literal["accept", "edit", "reject", "skip", "flag", "undo"]
Why = Literal[
    "judge_doubt",
    "disagreement",
    "near_threshold",
    "rare_label",
    "personal_data",
    "random",
    "asked",
]
"""Why an item is in the queue; `asked` where nothing stands out and `review.fraction` is so large.
"""
State = Literal["open", "decided", "all"]
SETTLING: tuple[Action, ...] = ("accept", "edit", "reject")
"""The actions that decide; an item that was skipped or flagged is open and comes again at the end.
"""
REASONS = (
    *("wrong label", "wrong answer", "unclear or broken text", "not like a real one"),
    *("too like another row", "off topic", "personal data", "harmful or rude", "other"),
)
"""Why a row is rejected, by the keys 1 to 9."""
ACCEPTED = "accepted"
"""The fate of a candidate that every filter let through."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The nearest other question, and its ROUGE-L F1 with the item's."""

    example: Example
    rouge_l: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a filter measured of a candidate it dropped, the limit it broke, and the id of the row
    it was too near to.
    """

    value: float | str | None = None
    threshold: float | str | None = None
    neighbour: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A candidate as it is shown, frozen when the queue is made.

    `id` is that of its row, `position` its place in the queue of all rounds, from 0, hardest first
    in each round. `hash` is the digest of all that is shown. `fate` is `accepted`, or the reason it
    was dropped for; `judge` whether the rubric judge let it pass, None where it gave no grade.
    """

    id: str
    position: int
    hash: str
    round: int
    example: Example
    fate: str
    measured: Measured | None
    why: tuple[Why, ...]
    hardness: float
    scores: tuple[Score, ...] = ()
    judge: bool | None = None
    recipe: str = ""
    prompt: str = ""
    nearest_real: Neighbour | None = None
    nearest_synthetic: Neighbour | None = None

    @property
    def is_random(self) -> bool:
        """Whether it is of the uniform slice, which the estimate of acceptance goes by."""
        return "random" in self.why


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item in a list: the beginning of its words, and the action that holds, if any does."""

    id: str
    position: int
    round: int
    fate: str
    label: str | None
    why: tuple[Why, ...]
    text: str
    action: Action | None


@dataclass(frozen=True, slots=True)
class Edited:
    """The words of a row as a person left them; every field as in `Example`."""

    instruction: str
    input: str = ""
    response: str = ""
    label: str | None = None
    turns: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One stored line. `id` is the client's UUID: the same twice is one decision.

    `item_hash` is the hash of the item that was shown, `ms` the time it was looked at, `at` seconds
    since 1970 (set when it is stored), `undoes` the id of the decision that is taken back. `again`
    is the id of a reviewer's own decision that this one was made blind to: it settles nothing.
    """

    id: str
    item: str
    item_hash: str
    action: Action
    reason: str = ""
    note: str = ""
    edited: Edited | None = None
    reviewer: str = ""
    ms: int = 0
    at: float = 0.0
    undoes: str | None = None
    again: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """An item that is asked about; `again` is the id of the asked one's own decision of it, None
    where there is none yet.
    """

    item: Item
    again: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """The item is not what was shown; its hash now."""

    current: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision. `stored` is the line that holds, also where it is a `duplicate` of
    one stored before; otherwise there is a `conflict`, or the filter's reason against an edit.
    """

    stored: Decision | None = None
    duplicate: bool = False
    conflict: Conflict | None = None
    refused: Rejection | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items are meant; None and "" leave none out. `text` is found in any case, anywhere;
    `where` is an expression over the fields of `filtering`.
    """

    label: str | None = None
    why: Why | None = None
    state: State = "open"
    text: str = ""
    round: int | None = None
    where: str = ""


EVERYTHING = Filters(state="all")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `n` decided items that a judge graded, the share in which both say the same, and Cohen's
    kappa: 0 is chance, 1 is always, None where it has no value.
    """

    n: int
    share: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Constancy:
    """Of `planned` items that come again, `n` were decided a second time by who decided them first:
    the share in which both times are the same action (95 %, Wilson), and Cohen's kappa.
    """

    planned: int = 0
    n: int = 0
    share: Interval | None = None
    kappa: float | None = None


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field that items can be chosen by: of a number the ends, of a text its commonest values."""

    name: str
    kind: Literal["text", "number", "any"]
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many items of a label are decided, of how many."""

    label: str | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a review is. `accept_rate` is of the random slice alone (95 %, Wilson), over its
    `random_done` decided items: rows that stand as they were. `per_minute` goes by the latest
    decisions, None before there are two.
    """

    done: int
    total: int
    accepted: int
    edited: int
    rejected: int
    skipped: int
    flagged: int
    random_done: int
    accept_rate: Interval | None
    judge: Agreement
    by_label: tuple[LabelCount, ...] = field(default=())
    per_minute: float | None = None
    seconds_left: float | None = None
    constancy: Constancy = Constancy()
