"""Of prompts that share a recipe, whether one has more of its candidates kept than another.

Shares alone mislead: candidates of one prompt are written in the same words about the same
demonstrations, so a single lucky draw of those looks like many. What was drawn by chance are the
prompts, of which each was given an arm; so they are what the test counts.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from selfinstruct import stats
from selfinstruct.aiming.yields import outcomes, recipe_of
from selfinstruct.types import Interval, Screened
from selfinstruct.verdict import Finding

LEVEL = 0.05
"""Of all pairs together: that of `comparison`."""

Draw = tuple[int, tuple[str, ...], str | None, str]
"""What tells the prompts of an arm apart: the wave, the rows shown, the label and request. Two with
all of these the same count as one, which claims less.
"""


@dataclass(frozen=True, slots=True)
class Rivals:
    """Two arms of one recipe, the one of which more is kept first.

    `difference` is that of the shares of their candidates that passed every filter, in 0..1, with
    its 95 % interval; `adjusted` the p-value after Holm's correction over all pairs, which
    `verdict` goes by; `prompts` how many prompts each has.
    """

    arm: str
    other: str
    difference: Interval
    p_value: float
    adjusted: float
    prompts: tuple[int, int]
    verdict: Finding


def rivals(waves: Sequence[Screened]) -> tuple[Rivals, ...]:
    """Every pair of arms of the same recipe in these waves, by their names; none without arms.

    Kept is as `yields` has it: what a round had no need of any more is, a call that failed says
    nothing.
    """
    arms = _clusters(waves)
    pairs = [
        _weigh(one, arms[one], other, arms[other])
        for one, other in combinations(sorted(arms), 2)
        if one[0] == other[0]
    ]
    adjusted = stats.holm([pair.p_value for pair in pairs])
    return tuple(map(_judge, pairs, adjusted))


def _clusters(waves: Sequence[Screened]) -> dict[tuple[str, str], stats.Clusters]:
    """(recipe, arm) to its prompts, each with its kept candidates and all of them."""
    found: defaultdict[tuple[str, str], defaultdict[Draw, list[bool]]]
    found = defaultdict(lambda: defaultdict(list))
    for number, wave in enumerate(waves):
        for row, kept in outcomes(wave):
            if row.arm:
                draw = (number, row.parents, row.label, row.request)
                found[recipe_of(row), row.arm][draw].append(kept)
    return {
        arm: [(sum(each), len(each)) for each in draws.values()] for arm, draws in found.items()
    }


def _weigh(
    one: tuple[str, str], ours: stats.Clusters, other: tuple[str, str], theirs: stats.Clusters
) -> Rivals:
    difference = stats.share_difference(ours, theirs)
    if difference.value < 0:
        return _weigh(other, theirs, one, ours)
    p_value = stats.exchange_test(ours, theirs)
    counts = (len(ours), len(theirs))
    return Rivals(one[1], other[1], difference, p_value, p_value, counts, "inconclusive")


def _judge(pair: Rivals, adjusted: float) -> Rivals:
    better = adjusted <= LEVEL and pair.difference.value > 0
    return replace(pair, adjusted=adjusted, verdict="better" if better else "inconclusive")
