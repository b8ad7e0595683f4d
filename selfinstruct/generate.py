"""One round's candidates: wave after wave is asked for, parsed and screened, until it is full.

The pool that prompts draw from grows between waves, in slot order, so that a wave follows from the
waves before it and a resumed round equals an uninterrupted one. Training and judging are not its
business.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from selfinstruct.chat import Target
from selfinstruct.config import FiltersConfig, GenerateConfig
from selfinstruct.errors import IncompleteError
from selfinstruct.filters.screen import Indexes, Verify, check_question, screen, unverified
from selfinstruct.recipes import RECIPES, Ask, Material, Wave, draw_orders
from selfinstruct.telling import tell_ending
from selfinstruct.types import (
    ROUND_FULL,
    Drafts,
    Example,
    OnProgress,
    Progress,
    RealData,
    Rejection,
    Screened,
    silent,
)

Ending = Literal["full", "candidates", "stalled"]


def verified_by_none(_wave: int) -> Verify:
    """The verification that asks no model."""
    return unverified


MORE: Mapping[Ending, str] = {
    "candidates": "a higher generate.max_candidates, or other filters or another teacher",
    "stalled": "other filters or another teacher (selfinstruct show RUN --rejected REASON)",
}
"""What helps a round that ended before it was full."""


@dataclass(frozen=True)
class Aim:
    """What a round generates for: its number, the run's seed, the real rows and the pool so far."""

    round: int
    seed: int
    data: RealData
    pool: tuple[Example, ...]
    target: Target


@dataclass(frozen=True)
class Memory:
    """How finished waves are remembered: `recall` gives None for a wave that was not committed."""

    recall: Callable[[int], Screened | None]
    commit: Callable[[int, Screened], None]


@dataclass(frozen=True)
class Asked:
    """One wave: how many prompts it asked, and what became of its candidates."""

    prompts: int
    screened: Screened

    @property
    def candidates(self) -> int:
        """All of them; each is accepted or rejected."""
        return len(self.screened.accepted) + len(self.screened.rejected)


@dataclass(frozen=True)
class Filled:
    """Every candidate of a round, accepted or rejected, and why the round ended."""

    screened: Screened
    ending: Ending


def generate(
    recipe: str,
    ask_in_wave: Callable[[int], Ask],
    memory: Memory,
    aim: Aim,
    cfg: GenerateConfig,
    filters: FiltersConfig,
    on_progress: OnProgress = silent,
    verify_in_wave: Callable[[int], Verify] = verified_by_none,
) -> Filled:
    """Wave after wave until exactly `cfg.accept` are accepted, or `ending` says there is no more.

    What passes the filters after the round is full is rejected as `round_full`, in slot order.
    """
    held_out = (*aim.data.dev, *aim.data.gate, *aim.data.final)
    indexes = Indexes.build(aim.data.train, aim.pool, held_out, filters)
    done = Screened()
    waves: list[Asked] = []
    while (ended := ending(waves, cfg)) is None:
        index, prompts = len(waves), next_prompts(waves, cfg)
        wave = memory.recall(index)
        if wave is None:
            material = material_of(aim, done.accepted, indexes, filters)
            sized = cfg.model_copy(update={"prompts_per_wave": prompts})
            drafts = draw_wave(recipe, ask_in_wave(index), material, aim, sized, index)
            screened = screen(drafts, indexes, filters, verify_in_wave(index))
            wave = keep(screened, cfg.accept - len(done.accepted))
            memory.commit(index, wave)
        else:
            indexes.known.add(wave.accepted)
        waves.append(Asked(prompts, wave))
        done = Screened(
            (*done.accepted, *wave.accepted),
            (*done.rejected, *wave.rejected),
            (*done.scores, *wave.scores),
        )
        on_progress(_progress(aim.round, done, index, cfg))
    return Filled(done, ended)


def material_of(
    aim: Aim, accepted: tuple[Example, ...], indexes: Indexes, filters: FiltersConfig
) -> Material:
    """What a wave may draw from, after `accepted` of its round; `indexes` and `filters` say which
    questions are worth an answer.
    """
    return Material(
        train=aim.data.train,
        pool=(*aim.pool, *accepted),
        labels=aim.data.labels,
        target=aim.target,
        check_question=lambda example: check_question(example, indexes, filters),
    )


def draw_wave(
    recipe: str, ask: Ask, material: Material, aim: Aim, cfg: GenerateConfig, index: int
) -> Drafts:
    """What the recipe makes of one wave of `cfg.prompts_per_wave` prompts: its place alone decides
    what is drawn, so that it can be drawn again.
    """
    rng = random.Random(f"{aim.seed}/{aim.round}/generate/{index}")
    rows = (*material.train, *material.pool)
    orders = draw_orders(recipe, rows, material.labels, cfg, rng)
    return RECIPES[recipe](material, ask, cfg, Wave(aim.round, index, rng, orders))


def keep(wave: Screened, room: int) -> Screened:
    """A wave with at most `room` accepted; the later ones are rejected, since the round is full."""
    late = tuple(Rejection(row, ROUND_FULL) for row in wave.accepted[room:])
    return replace(wave, accepted=wave.accepted[:room], rejected=(*wave.rejected, *late))


def ending(waves: Sequence[Asked], cfg: GenerateConfig) -> Ending | None:
    """Full, out of candidates, or stalled; None while there is reason to go on.

    Stalled is a round whose last waves, as many as asked twice `cfg.prompts_per_wave` prompts or
    more, kept too small a share of their candidates: of fewer, chance could keep none.
    """
    accepted = sum(len(wave.screened.accepted) for wave in waves)
    if accepted >= cfg.accept:
        return "full"
    if sum(wave.candidates for wave in waves) >= cfg.max_candidates:
        return "candidates"
    prompts = kept = seen = 0
    for wave in reversed(waves):
        if prompts >= 2 * cfg.prompts_per_wave:
            break
        prompts += wave.prompts
        kept += len(wave.screened.accepted)
        seen += wave.candidates
    if cfg.stall is None or prompts < 2 * cfg.prompts_per_wave:
        return None
    return "stalled" if seen == 0 or kept / seen < cfg.stall else None


def next_prompts(waves: Sequence[Asked], cfg: GenerateConfig) -> int:
    """How many prompts the next wave asks: as many as should bring what is missing, going by the
    waves so far, and `cfg.prompts_per_wave` at most.

    It follows from finished waves alone, so a resumed round asks the same.
    """
    asked = sum(wave.prompts for wave in waves)
    accepted = sum(len(wave.screened.accepted) for wave in waves)
    candidates = sum(wave.candidates for wave in waves)
    enough = [cfg.prompts_per_wave]
    for limit, found in ((cfg.accept, accepted), (cfg.max_candidates, candidates)):
        if found:
            enough.append(math.ceil((limit - found) * asked / found))
    return min(enough)


def require_full(filled: Filled, cfg: GenerateConfig, round_index: int) -> None:
    """Raises `IncompleteError` where the round is not full and `cfg.on_exhausted` is `stop`."""
    if filled.ending == "full" or cfg.on_exhausted == "go_on":
        return
    reasons = Counter(item.reason for item in filled.screened.rejected).most_common(3)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons) or "nothing"
    how = tell_ending(filled.ending, len(filled.screened.accepted), cfg.accept)
    raise IncompleteError(
        f"round {round_index}: {how}",
        why=f"most dropped: {told}; generate.on_exhausted is stop, so nothing was trained on it",
        next_step="train with what there is: generate.on_exhausted=go_on. Or begin anew with "
        f"name=OTHER, and a lower generate.accept, {MORE[filled.ending]}",
    )


def _progress(round_index: int, done: Screened, wave: int, cfg: GenerateConfig) -> Progress:
    return Progress(
        round_index,
        "generate",
        accepted=len(done.accepted),
        target=cfg.accept,
        rejected=dict(Counter(item.reason for item in done.rejected).most_common()),
        note=f"wave {wave + 1}",
    )
