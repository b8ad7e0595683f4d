"""How hard candidates are to judge: ranks of several measures, and their mean.

Ranks, because a grade, a probability and a distance to a limit have no common unit. Pure numbers:
which measure comes from where is `queue`'s business.
"""

import math
from collections.abc import Mapping, Sequence

from selfinstruct.review.nouns import Why

STANDS_OUT = 0.75
"""A measure is why an item is asked about if it is in the hardest quarter by it."""

Values = Sequence[float | None]
"""One measure of all candidates, more is harder; None where it was not taken."""


def ranks(values: Values) -> list[float] | None:
    """Each value's place among the measured ones, in 0..1, ties sharing the mean of theirs.

    What was not measured is in the middle: it is neither hard nor easy by this measure. None for a
    measure that tells nothing apart.
    """
    known = sorted(value for value in values if value is not None)
    if not known or known[0] == known[-1]:
        return None
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for place, value in enumerate(known):
        first.setdefault(value, place)
        last[value] = place
    most = len(known) - 1
    return [0.5 if v is None else (first[v] + last[v]) / (2 * most) for v in values]


def hardness(
    measures: Mapping[Why, Values], count: int
) -> tuple[list[float], list[tuple[Why, ...]]]:
    """For each of `count` candidates its mean rank over the measures that tell anything apart, 0.5
    where there is none; and the measures for which it is there.

    Those are the ones by which it stands out; where it does by none, the one it ranks highest by,
    if that is in the harder half. There may be none at all.
    """
    found = {name: ranked for name, each in measures.items() if (ranked := ranks(each)) is not None}
    means: list[float] = []
    why: list[tuple[Why, ...]] = []
    for at in range(count):
        own = {name: ranked[at] for name, ranked in found.items()}
        means.append(math.fsum(own.values()) / len(own) if own else 0.5)
        most = max(own.values(), default=0.0)
        least = STANDS_OUT if most >= STANDS_OUT else most
        why.append(tuple(name for name, rank in own.items() if rank >= least and rank > 0.5))
    return means, why


def nearness(value: float, limit: float) -> float:
    """How near a measured value lies to a limit, as minus their distance in parts of the limit: 0
    at it.
    """
    return -abs(value - limit) / abs(limit) if limit else -abs(value - limit)
