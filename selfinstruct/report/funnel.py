"""Where the candidates went: how many were left after each group of filters, in the filters' order.

Every reason belongs to one step, an unknown one to the last, so that nothing vanishes between
candidates and rows kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from selfinstruct.report.gather import RoundFacts
from selfinstruct.settled import DROPPED, EDITED
from selfinstruct.types import UNNEEDED

STEPS: Mapping[str, tuple[str, ...]] = {
    "readable": (
        *("failed_call", "refused", "empty", "truncated", "reasoning", "unreadable", "surplus"),
    ),
    "not a duplicate": ("duplicate",),
    "fit to ask": (
        *("garbled", "too_short", "too_long", "banned_word", "banned_start", "bad_first_char"),
        "repetition",
    ),
    "an answer": (
        *("empty_response", "response_too_short", "response_too_long", "input_too_long"),
        *("dangling_colon", "input_equals_response", "echo", "refusal"),
    ),
    "like the real rows": (
        *("foreign_script", "length_outlier", "foreign_language"),
        *("not_json", "breaks_schema", "breaks_pattern", "broken_code"),
    ),
    "not contradicted": ("contradiction",),
    "novel": ("too_similar", "response_too_similar", "same_meaning"),
    "not held out": ("contaminated",),
    "of parents with room": ("too_many_children",),
    "run without error": ("no_code", "fails_when_run"),
    "still needed": UNNEEDED,
    "left by people": (DROPPED, EDITED),
}
OTHER = "through other checks"
PEOPLE = "left by people"


@dataclass(frozen=True, slots=True)
class Step:
    """What was left after a step, what it dropped and for which reasons, most first."""

    name: str
    left: int
    dropped: int
    reasons: tuple[tuple[str, int], ...] = ()


def funnel(rounds: Iterable[RoundFacts]) -> list[Step]:
    """The steps from all candidates of the rounds to the rows that a student learned from.

    The last one, trained on, counts kept rows that stand in the mixture of their own round; it is
    left out where no mixture is known.
    """
    each = list(rounds)
    reasons = Counter(item.reason for one in each for item in one.rejected)
    kept = sum(len(one.accepted) for one in each)
    left = kept + reasons.total()
    steps = [Step("candidates", left, 0)]
    named = {reason for names in STEPS.values() for reason in names}
    groups = {**STEPS, OTHER: tuple(reason for reason in reasons if reason not in named)}
    for name, names in groups.items():
        found = Counter({reason: reasons[reason] for reason in names if reasons[reason]})
        if name in (OTHER, PEOPLE) and not found:
            continue
        left -= found.total()
        steps.append(Step(name, left, found.total(), tuple(found.most_common())))
    assert left == kept
    used = _trained_on(each)
    return steps if used is None else [*steps, Step("trained on", used, kept - used)]


def _trained_on(rounds: Iterable[RoundFacts]) -> int | None:
    mixed = [one for one in rounds if one.mixture is not None]
    if not mixed:
        return None
    return sum(
        len({row.id for row in one.accepted} & {row.id for row in one.mixture or ()})
        for one in mixed
    )
