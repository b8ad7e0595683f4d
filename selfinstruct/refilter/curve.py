"""How many candidates pass every filter as the threshold of one moves: a replay at each value.

Not a count of stored values above a line: a row that falls lets another one in that was too near to
it, and a candidate that one filter lets through may fall at the next.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfinstruct.config import Config
from selfinstruct.errors import UserError
from selfinstruct.refilter.asking import RULES
from selfinstruct.refilter.fates import UNKNOWN, count, fit
from selfinstruct.refilter.record import Record
from selfinstruct.refilter.replay import replay
from selfinstruct.refilter.rules import Rule
from selfinstruct.refilter.settings import PREFIX, Number, changed_filters, numbers

SHARES = tuple(step / 20 for step in range(21))
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
"""A number without an upper bound is tried at so many times what it is."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a threshold, None for off: how many candidates pass every filter, whether their
    round had room or not, and of how many nobody knows.
    """

    value: float | None
    fit: int
    not_asked: int
    not_measured: int

    @property
    def most(self) -> int:
        """As many as pass if all do that nobody knows of."""
        return self.fit + self.not_asked + self.not_measured


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one setting, off last, and its present value."""

    path: str
    present: float | None
    points: tuple[Point, ...]


def number(cfg: Config, name: str) -> Number:
    """The numeric setting of that name, with or without `filters.` before it.

    Raises `UserError` for a name that is none.
    """
    known = numbers(cfg.filters)
    path = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
    if path not in known:
        near = difflib.get_close_matches(path, known, n=1)
        raise UserError(
            f"{path} is no threshold of these filters",
            next_step=f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}",
        )
    return known[path]


def curve(
    record: Record,
    cfg: Config,
    of: Number,
    values: Sequence[float | None] = (),
    rules: Mapping[str, Rule] = RULES,
) -> Curve:
    """The curve of one setting of `cfg` at these values, at its usual ones where none are given.

    Raises `UserError` for a value the setting cannot have.
    """
    at = values or usual_values(of)
    ordered = sorted({of.value, *at}, key=lambda value: (value is None, value or 0.0))
    return Curve(
        of.path, of.value, tuple(_point(record, cfg, of, value, rules) for value in ordered)
    )


def usual_values(of: Number) -> list[float | None]:
    """A share from 0 to 1 in steps of 0.05, a number without an upper bound around what it is, and
    off where that is possible. Raises `UserError` where there is nothing to go by.
    """
    off: list[float | None] = [None] if of.optional else []
    if (of.low, of.high) == (0, 1):
        return [*SHARES, *off]
    middle = of.default if of.value is None else of.value
    if middle is None:
        raise UserError(
            f"{of.path} is off, and nothing says which values to try",
            next_step=f"give some: --curve {of.path}=1,2,3",
        )
    around = {round(middle * times) if of.whole else middle * times for times in TIMES}
    low = -float("inf") if of.low is None else of.low
    high = float("inf") if of.high is None else of.high
    above = -float("inf") if of.above is None else of.above
    return [*sorted(value for value in around if low <= value <= high and value > above), *off]


def _point(
    record: Record, cfg: Config, of: Number, value: float | None, rules: Mapping[str, Rule]
) -> Point:
    asked, _ = changed_filters(cfg, [f"{of.path}={json.dumps(value)}"], rules)
    found = [wave.found for wave in replay(record, asked.filters, rules)]
    reasons = count(found)
    return Point(value, fit(found), *(reasons[name] for name in UNKNOWN))
