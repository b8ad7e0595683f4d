"""What a person is asked of a round's candidates.

All of it may change between two starts: what comes out follows from the decisions, and those a
round has used are in its ledger.
"""

from typing import Self

from pydantic import model_validator

from selfinstruct.config.section import Section, Share, operational


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
    reviewer: str = operational("")
    """The name kept with decisions; by default that of the account."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.required and self.fraction == 0:
            raise ValueError("required waits for a queue, and with fraction 0 there is none")
        return self
