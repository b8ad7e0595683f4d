"""The rows that cannot be used, told so that a person can act: each reason once, with its lines."""

from collections.abc import Sequence
from dataclasses import dataclass

MAX_REASONS = 20
MAX_LINES = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the row on a line, from 1, cannot be used."""

    line: int
    reason: str


def tell_faults(title: str, faults: Sequence[Fault]) -> str:
    """`title:line: reason` for each reason, in the order in which they are first met, with the
    other lines that it holds of: the first few, and how many there are.
    """
    lines: dict[str, list[int]] = {}
    for fault in faults:
        lines.setdefault(fault.reason, []).append(fault.line)
    told = [_tell(title, reason, found) for reason, found in list(lines.items())[:MAX_REASONS]]
    hidden = list(lines.values())[MAX_REASONS:]
    more = [f"and {sum(map(len, hidden))} more, of {len(hidden)} other kinds"] if hidden else []
    return "\n".join([*told, *more])


def _tell(title: str, reason: str, lines: Sequence[int]) -> str:
    first, others = lines[0], lines[1 : 1 + MAX_LINES]
    if not others:
        return f"{title}:{first}: {reason}"
    shown = ", ".join(map(str, others)) + ", ..." * (len(lines) - 1 > len(others))
    more = "1 more row, line" if len(lines) == 2 else f"{len(lines) - 1} more rows, lines"
    return f"{title}:{first}: {reason}\n  the same of {more} {shown}"
