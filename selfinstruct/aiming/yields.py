"""What came of asking: how many candidates of each arm were kept, and what a kept row cost.

An arm is a recipe with the version of its prompt, a label, and the words of a request where there
were any; where several prompts share a recipe, one of these. Kept is what passed every filter,
whether or not the round still needed it; a call that failed says nothing of its arm and is left
out.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from selfinstruct import stats
from selfinstruct.types import UNNEEDED, Example, Interval, Screened

K = TypeVar("K", bound=Hashable)

NO_ARMS: Mapping[tuple[str, str], str] = {}
UNTOLD = "failed_call"
"""The reason of a candidate whose call brought nothing, which is not its arm's doing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many candidates there were, and how many of them passed every filter."""

    kept: int = 0
    candidates: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """What one recipe took in one wave, or one of its prompts that share it, and the version of the
    prompt it began with.
    """

    version: str
    calls: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Place:
    """What tells arms apart; `arm` is the prompt where several share the recipe, else empty."""

    recipe: str
    arm: str = ""
    label: str | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class Yield:
    """One arm: its candidates, the share of them that was kept with Wilson's 95 % interval, and
    calls and tokens for each kept row, None where none was kept or no call is known.
    """

    recipe: str
    arm: str
    version: str
    label: str | None
    request: str
    candidates: int
    kept: int
    share: Interval
    calls: float | None
    tokens: float | None


def recipe_of(row: Example) -> str:
    """The name of the recipe that asked for a row; empty for a row of no recipe."""
    kind, _, name = row.source.partition(":")
    return name if kind == "recipe" else ""


def by_aim(row: Example) -> Place:
    """The arm of a row by all that it was asked for."""
    return Place(recipe_of(row), row.arm, row.label, row.request)


def by_prompt(row: Example) -> Place:
    """... by recipe and prompt alone."""
    return Place(recipe_of(row), row.arm)


def outcomes(wave: Screened) -> Iterator[tuple[Example, bool]]:
    """Every candidate that says something of its arm, and whether it passed every filter."""
    yield from ((row, True) for row in wave.accepted)
    for item in wave.rejected:
        if item.reason != UNTOLD:
            yield item.what, item.reason in UNNEEDED


def count(waves: Iterable[Screened], key: Callable[[Example], K]) -> dict[K, Seen]:
    """Candidates and kept ones, by what `key` says of each."""
    candidates: defaultdict[K, int] = defaultdict(int)
    kept: defaultdict[K, int] = defaultdict(int)
    for wave in waves:
        for row, passed in outcomes(wave):
            candidates[key(row)] += 1
            kept[key(row)] += passed
    return {each: Seen(kept[each], candidates[each]) for each in candidates}


def bills(
    calls: Iterable[Mapping[str, Any]], arms: Mapping[tuple[str, str], str] = NO_ARMS
) -> dict[Place, Bill]:
    """The calls of one wave, in the order asked, summed by recipe, the folder of their template;
    those of a template and version that `arms` names, by arm.

    Each has `template`, `version`, `prompt_tokens` and `completion_tokens`.
    """
    found: dict[Place, Bill] = {}
    for call in calls:
        arm = arms.get((call["template"], call["version"]), "")
        place = Place(call["template"].partition("/")[0], arm)
        before = found.get(place, Bill(call["version"], 0, 0))
        tokens = before.tokens + call["prompt_tokens"] + call["completion_tokens"]
        found[place] = Bill(before.version, before.calls + 1, tokens)
    return found


def yields(
    waves: Sequence[tuple[Screened, Mapping[Place, Bill]]],
    key: Callable[[Example], Place] = by_aim,
) -> tuple[Yield, ...]:
    """Every arm of these waves, the least share kept first.

    Calls are shared out over arms by their candidates, wave by wave: those that one prompt took
    over the arms of that prompt, all others over those of the recipe. Which label a question was
    asked for stands nowhere once its answer has calls of its own.
    """
    seen: defaultdict[tuple[Place, str], list[Seen]] = defaultdict(list)
    spent: defaultdict[tuple[Place, str], list[tuple[float, float]]] = defaultdict(list)
    for wave, billed in waves:
        sharing = {
            **{Place(recipe): each for recipe, each in count([wave], recipe_of).items()},
            **{place: each for place, each in count([wave], by_prompt).items() if place.arm},
        }
        for place, found in count([wave], key).items():
            whose = dict.fromkeys((Place(place.recipe, place.arm), Place(place.recipe)))
            paid = [(billed[each], sharing[each]) for each in whose if each in billed]
            arm = (place, paid[0][0].version if paid else "")
            seen[arm].append(found)
            shares = [(bill, found.candidates / all_.candidates) for bill, all_ in paid]
            if paid:
                calls = sum(bill.calls * share for bill, share in shares)
                spent[arm].append((calls, sum(bill.tokens * share for bill, share in shares)))
    found_arms = (_yield(*arm, seen[arm], spent[arm]) for arm in seen)
    return tuple(
        sorted(
            found_arms,
            key=lambda each: (each.share.value, -each.candidates, str(each.label), each.request),
        )
    )


def _yield(
    place: Place, version: str, seen: Sequence[Seen], spent: Sequence[tuple[float, float]]
) -> Yield:
    candidates = sum(each.candidates for each in seen)
    kept = sum(each.kept for each in seen)
    known = bool(kept and spent)
    return Yield(
        place.recipe,
        place.arm,
        version,
        place.label,
        place.request,
        candidates,
        kept,
        stats.wilson(kept, candidates),
        sum(calls for calls, _ in spent) / kept if known else None,
        sum(tokens for _, tokens in spent) / kept if known else None,
    )
