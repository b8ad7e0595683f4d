"""What a round will come to, from what a few calls of it came to: calls, tokens, cost, time, rows.

The yield is what is uncertain, so it has an interval, and every range follows from that alone: the
calls a candidate takes, their length and their pace are taken as they were seen.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from selfinstruct import stats
from selfinstruct.account import charge
from selfinstruct.config import GenerateConfig, PriceConfig
from selfinstruct.store import Store
from selfinstruct.types import UNNEEDED, Interval


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen: calls and their tokens, and how many candidates passed the filters.

    `seconds` is how long these calls took, as many at once as there were.
    """

    calls: int
    prompt_tokens: int
    completion_tokens: int
    kept: int
    candidates: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one round, each with its range; `cost` is None without a price.

    `share` is that of the candidates kept, 0..1, with Wilson's 95 % interval; `accepted` is below
    what was asked for where `generate.max_candidates` is used up before.
    """

    share: Interval
    accepted: Interval
    calls: Interval
    tokens: Interval
    seconds: Interval
    cost: Interval | None


def estimate(
    seen: Evidence, cfg: GenerateConfig, price: PriceConfig | None = None
) -> Estimate | None:
    """A round of `cfg` that goes on as what was seen; None where no candidate was seen."""
    if seen.candidates == 0 or seen.calls == 0:
        return None
    share = stats.wilson(seen.kept, seen.candidates)
    of_one = charge(seen.prompt_tokens, seen.completion_tokens, price, seen.calls)
    # The first wave is asked whole, and each of its answers is a candidate or more.
    first = cfg.prompts_per_wave * cfg.samples_per_prompt / min(seen.candidates, seen.calls)
    needed = (_needed(rate, cfg) / seen.candidates for rate in (share.value, share.high, share.low))
    each = Interval(*(max(first, times) for times in needed))  # how often what was seen happens
    return Estimate(
        share,
        Interval(
            *(
                min(float(cfg.accept), cfg.max_candidates * rate)
                for rate in (share.value, share.low, share.high)
            )
        ),
        _times(each, seen.calls),
        _times(each, of_one.tokens),
        _times(each, seen.seconds),
        None if price is None else _times(each, float(of_one.cost)),
    )


def evidence_of(store: Store) -> Evidence | None:
    """What the finished waves of a run came to, None before the first; the judge's calls are left
    out.
    """
    with store.snapshot():
        calls = [call for call in store.calls() if call["round"] > 0]
        places = sorted({(call["round"], call["wave"]) for call in calls})
        waves = {place: wave for place in places if (wave := store.wave(*place)) is not None}
    if not waves:
        return None
    made = [call for call in calls if (call["round"], call["wave"]) in waves]
    accepted = sum(len(wave.accepted) for wave in waves.values())
    reasons = Counter(item.reason for wave in waves.values() for item in wave.rejected)
    return Evidence(
        len(made),
        sum(call["prompt_tokens"] for call in made),
        sum(call["completion_tokens"] for call in made),
        accepted + sum(reasons[reason] for reason in UNNEEDED),
        accepted + reasons.total(),
        busy_seconds(made),
    )


def busy_seconds(calls: Iterable[dict[str, Any]]) -> float:
    """How long at least one of these calls was under way: pauses between them do not count.

    Each has `started` and `ended`, in seconds; one without an end is left out.
    """
    spans = sorted((call["started"], call["ended"]) for call in calls if call["ended"] is not None)
    total, until = 0.0, float("-inf")
    for started, ended in spans:
        total += max(0.0, ended - max(started, until))
        until = max(until, ended)
    return total


def _needed(share: float, cfg: GenerateConfig) -> float:
    """Candidates until a round is full or ends without."""
    return min(cfg.accept / share, float(cfg.max_candidates)) if share else cfg.max_candidates


def _times(found: Interval, factor: float) -> Interval:
    return Interval(found.value * factor, found.low * factor, found.high * factor)
