"""What a ROUGE-L threshold asks of two texts by their lengths alone, in integers.

ROUGE-L F1 is 2 LCS / (m + n) and an LCS is at most min(m, n). So a threshold is a least LCS for
each m + n, a window of lengths n for each m, and a number of words of which two near texts share
one (the prefix filter: Chaudhuri, Ganti and Kaushik, ICDE 2006; Xiao et al., WWW 2008).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from selfinstruct.text import as_fraction

Counts = npt.NDArray[np.int64]


@dataclass(slots=True)
class Limit:
    """A threshold in 0..1 that a ROUGE-L passes above it, or with `inclusive` also at it.

    Raises `UserError` for a threshold outside 0..1.
    """

    threshold: float
    inclusive: bool = False
    _half: tuple[int, int] = field(init=False)
    _table: Counts = field(init=False, default_factory=lambda: np.empty(0, np.int64))

    def __post_init__(self) -> None:
        limit = as_fraction(self.threshold)
        self._half = limit.numerator, 2 * limit.denominator

    def least(self, total: int) -> int:
        """The smallest LCS that passes, for two texts of `total` words together."""
        p, q = self._half
        return -(-p * total // q) if self.inclusive else p * total // q + 1

    def least_of(self, totals: Counts) -> Counts:
        """The same for each of these totals, of which there is at least one."""
        longest = int(totals.max())
        if longest >= len(self._table):
            # In Python's integers: the fraction of 0.1 + 0.2 has 17 digits.
            self._table = np.array([self.least(total) for total in range(2 * longest + 1)])
        return self._table.take(totals)

    def window(self, m: int) -> tuple[int, int | None]:
        """The fewest and the most words a text near one of `m` words has; `None` is any number.

        Where nothing passes the most are below the fewest. A text without words is near nothing.
        """
        p, q = self._half
        shorter, longer = p * m, (q - p) * m
        fewest = -(-shorter // (q - p)) if self.inclusive else shorter // (q - p) + 1
        if p == 0:
            return max(1, fewest), None
        return max(1, fewest), longer // p if self.inclusive else -(-longer // p) - 1

    def prefix(self, m: int, shortest: int) -> int:
        """Of a text of `m` words and any near one of `shortest` or more, each with its words in one
        fixed order: among how many of its first words there is one that the first of the other
        hold too. `m` + 1 where they need share none.

        Two texts that share L words, repeated ones counted, share one among the first m - L + 1 of
        the one and the first n - L + 1 of the other. L is least for the shortest.
        """
        return m - self.least(m + shortest) + 1


class AtLeast(NamedTuple):
    """The ROUGE-L of 2 `lcs` / `total` that some text has: another must have as much or more."""

    lcs: int
    total: int

    def least(self, total: int) -> int:
        """The smallest LCS that is enough, for two texts of `total` words together."""
        return -(-self.lcs * total // self.total)

    def least_of(self, totals: Counts) -> Counts:
        """The same for each of these totals."""
        least: Counts = -(-self.lcs * totals // self.total)
        return least
