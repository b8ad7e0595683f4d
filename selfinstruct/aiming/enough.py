"""Whether a round has enough, and how many prompts its next wave asks.

Both follow from the waves that are finished, so that a resumed round asks the same.
"""

import math
from typing import Literal

from selfinstruct.aiming.goals import goal_of, goals, missing
from selfinstruct.aiming.tally import Size, Tally, seen_by
from selfinstruct.aiming.weights import shrunk
from selfinstruct.aiming.yields import Seen
from selfinstruct.config import GenerateConfig

Ending = Literal["full", "candidates", "stalled"]


def judged_by(cfg: GenerateConfig) -> int:
    """How many prompts the last waves must have asked that a round may be called stalled by: of
    fewer candidates, chance could keep none.
    """
    return 2 * cfg.prompts_per_wave


def ending(tally: Tally, cfg: GenerateConfig) -> Ending | None:
    """Full, out of candidates, or stalled; None while there is reason to go on.

    Stalled is a round whose last waves, as many as asked `judged_by` prompts or more, kept too
    small a share of their candidates.
    """
    if tally.size.accepted >= cfg.accept:
        return "full"
    if tally.size.candidates >= cfg.max_candidates:
        return "candidates"
    last = sum(tally.last, Size())
    if cfg.stall is None or last.prompts < judged_by(cfg):
        return None
    kept_few = not last.candidates or last.accepted / last.candidates < cfg.stall
    return "stalled" if kept_few else None


def next_prompts(tally: Tally, cfg: GenerateConfig) -> int:
    """As many prompts as should bring what is missing, going by the waves so far, and
    `cfg.prompts_per_wave` at most.
    """
    asked, candidates = tally.size.prompts, tally.size.candidates
    enough = [cfg.prompts_per_wave]
    if tally.size.accepted:
        enough.append(math.ceil(_prompts_wanted(tally, cfg)))
    if candidates:
        enough.append(math.ceil((cfg.max_candidates - candidates) * asked / candidates))
    return min(enough)


def _prompts_wanted(tally: Tally, cfg: GenerateConfig) -> float:
    """Prompts that should bring what is missing; of several goals by the yield of each, since the
    last ones open are the hard ones.
    """
    size, wanted = tally.size, goals(cfg)
    if len(wanted) == 1:
        return (cfg.accept - size.accepted) * size.prompts / size.accepted
    seen = seen_by(tally, lambda place: goal_of(place, wanted))
    rates = shrunk({goal: seen.get(goal, Seen()) for goal in wanted.values()})
    lacks = missing(wanted, tally.accepted)
    return sum(rows / rates[goal] for goal, rows in lacks.items()) * size.prompts / size.candidates
