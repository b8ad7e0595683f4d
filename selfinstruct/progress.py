"""What people see of a run while it goes on, and who listens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


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
