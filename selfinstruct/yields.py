"""What came of asking: how many candidates of each arm were kept, and what a kept row cost.

An arm is a recipe with the version of its prompt, a label, and the words of a request where there
were any. Kept is what passed every filter, whether or not the round still needed it; a call that
failed says nothing of its arm and is left out.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from selfinstruct import stats
from selfinstruct.types import UNNEEDED, Example, Interval, Screened

K = TypeVar("K", bound=Hashable)

UNTOLD = "failed_call"
"""The reason of a candidate whose call brought nothing, which is not its arm's doing."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many candidates there were, and how many of them passed every filter."""

    kept: int = 0
    candidates: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """What one recipe took in one wave, and the version of the prompt it began with."""

    version: str
    calls: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Yield:
    """One arm: its candidates, the share of them that was kept with Wilson's 95 % interval, and
    calls and tokens for each kept row, None where none was kept or no call is known.
    """

    recipe: str
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


def count(waves: Iterable[Screened], key: Callable[[Example], K]) -> dict[K, Seen]:
    """Candidates and kept ones, by what `key` says of each."""
    candidates: defaultdict[K, int] = defaultdict(int)
    kept: defaultdict[K, int] = defaultdict(int)
    for wave in waves:
        told = [(row, True) for row in wave.accepted]
        told += [
            (item.what, item.reason in UNNEEDED) for item in wave.rejected if item.reason != UNTOLD
        ]
        for row, passed in told:
            candidates[key(row)] += 1
            kept[key(row)] += passed
    return {each: Seen(kept[each], candidates[each]) for each in candidates}


def bills(calls: Iterable[Mapping[str, Any]]) -> dict[str, Bill]:
    """The calls of one wave, in the order asked, summed by recipe: the folder of their template.

    Each has `template`, `version`, `prompt_tokens` and `completion_tokens`.
    """
    found: dict[str, Bill] = {}
    for call in calls:
        recipe = call["template"].partition("/")[0]
        before = found.get(recipe, Bill(call["version"], 0, 0))
        tokens = before.tokens + call["prompt_tokens"] + call["completion_tokens"]
        found[recipe] = Bill(before.version, before.calls + 1, tokens)
    return found


def yields(waves: Sequence[tuple[Screened, Mapping[str, Bill]]]) -> tuple[Yield, ...]:
    """Every arm of these waves, the least share kept first.

    A recipe's calls are shared out over its arms by their candidates, wave by wave: which label a
    question was asked for stands nowhere once its answer has calls of its own.
    """
    seen: defaultdict[tuple[str, str, str | None, str], list[Seen]] = defaultdict(list)
    spent: defaultdict[tuple[str, str, str | None, str], list[tuple[float, float]]]
    spent = defaultdict(list)
    for wave, billed in waves:
        of_recipe = count([wave], recipe_of)
        for (recipe, label, request), found in count([wave], _place).items():
            bill = billed.get(recipe)
            arm = (recipe, bill.version if bill else "", label, request)
            seen[arm].append(found)
            if bill:
                share = found.candidates / of_recipe[recipe].candidates
                spent[arm].append((bill.calls * share, bill.tokens * share))
    return tuple(
        sorted(
            (_yield(arm, seen[arm], spent[arm]) for arm in seen),
            key=lambda each: (each.share.value, -each.candidates, str(each.label), each.request),
        )
    )


def _place(row: Example) -> tuple[str, str | None, str]:
    return recipe_of(row), row.label, row.request


def _yield(
    arm: tuple[str, str, str | None, str],
    seen: Sequence[Seen],
    spent: Sequence[tuple[float, float]],
) -> Yield:
    candidates = sum(each.candidates for each in seen)
    kept = sum(each.kept for each in seen)
    known = bool(kept and spent)
    return Yield(
        *arm,
        candidates,
        kept,
        stats.wilson(kept, candidates),
        sum(calls for calls, _ in spent) / kept if known else None,
        sum(tokens for _, tokens in spent) / kept if known else None,
    )
