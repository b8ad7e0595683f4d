"""What people see of a run while it goes on, and who listens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

Item = TypeVar("Item")
TOLD_EVERY = 1000
"""Items of a long list after which it is told how many there have been: a second at most."""


@dataclass(frozen=True, slots=True)
class Used:
    """How much of one thing the whole run has used, and its limit, None where there is none."""

    unit: str
    spent: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of visible progress; counts are of the current stage, `rejected` of the current
    round, `loss` of the optimiser step; `used` is what has a limit or a price, of the whole run.
    """

    round: int
    stage: str
    done: int = 0
    total: int | None = None
    unit: str = ""
    accepted: int = 0
    target: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    tokens: int = 0
    loss: float | None = None
    note: str = ""
    used: tuple[Used, ...] = ()


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """The progress listener that does nothing."""


def counted(items: Sequence[Item], step: Progress, on_progress: OnProgress) -> Iterator[Item]:
    """The items; after every `TOLD_EVERY` the step with so many done. A short list is not worth a
    word.
    """
    for number, item in enumerate(items):
        if number and number % TOLD_EVERY == 0:
            on_progress(replace(step, done=number))
        yield item
