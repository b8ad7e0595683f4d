"""A chart before it is drawn: its numbers, what to look for, and how to put them on a figure.

Nothing here draws or imports a drawing library, so that the numbers of a chart are tested alone.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cell = str | float | int | bool | None
Draw = Callable[["Figure"], None]

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers in rows; every row has as many cells as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()

    def csv(self) -> str:
        """The table as CSV of RFC 4180 (lines end in CR LF); None is an empty cell.

        Text that a spreadsheet would run as a formula is prefixed with a quote, as OWASP's "CSV
        Injection" advises; numbers are not text.
        """
        out = io.StringIO()
        # Only with CR in its line ends does `csv` quote a CR in a cell, which would begin a row.
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(map(_guarded, self.head))
        writer.writerows([_guarded(cell) for cell in row] for row in self.rows)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Chart:
    """One plot of a report; `draw` is None where there is nothing to show, and `missing` says why.

    `name` is the name of its files, `caption` the sentence that says what to look for, `count` what
    was counted, such as "128 candidates"; `height` is in inches at a width of `canvas.WIDTH`.
    """

    name: str
    title: str
    caption: str
    count: str
    table: Table
    draw: Draw | None
    missing: str = ""
    height: float = 3.0


def nothing(name: str, title: str, caption: str, head: Sequence[str], missing: str) -> Chart:
    """The chart of something that is not there: a panel that says so, and a CSV of its head."""
    return Chart(name, title, caption, "nothing to show", Table(tuple(head)), None, missing, 1.3)


def _guarded(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
