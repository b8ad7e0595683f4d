"""One round's candidates: wave after wave is asked for, parsed and screened, until it is full.

The pool that prompts draw from grows between waves, in slot order, so that a wave follows from the
waves before it and a resumed round equals an uninterrupted one. Training and judging are not its
business.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfinstruct.chat import Target
from selfinstruct.config import FiltersConfig, GenerateConfig
from selfinstruct.filters.screen import Indexes, check_question, screen
from selfinstruct.recipes import Ask, Material, Recipe, Wave
from selfinstruct.types import Example, OnProgress, Progress, RealData, Screened, silent


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


def generate(
    recipe: Recipe,
    ask_in_wave: Callable[[int], Ask],
    memory: Memory,
    aim: Aim,
    cfg: GenerateConfig,
    filters: FiltersConfig,
    on_progress: OnProgress = silent,
) -> Screened:
    """Every candidate of a round, accepted or rejected; at least `cfg.accept` accepted unless it
    stalls.
    """
    held_out = (*aim.data.dev, *aim.data.gate, *aim.data.final)
    indexes = Indexes.build(aim.data.train, aim.pool, held_out, filters)
    done = Screened()
    waves: list[Screened] = []
    while not is_finished(waves, cfg):
        index = len(waves)
        wave = memory.recall(index)
        if wave is None:
            material = _material(aim, done.accepted, indexes, filters)
            rng = random.Random(f"{aim.seed}/{aim.round}/generate/{index}")
            drafts = recipe(material, ask_in_wave(index), cfg, Wave(aim.round, index, rng))
            wave = screen(drafts, indexes, filters)
            memory.commit(index, wave)
        else:
            indexes.add(wave.accepted)
        waves.append(wave)
        done = Screened((*done.accepted, *wave.accepted), (*done.rejected, *wave.rejected))
        on_progress(_progress(aim.round, done, index, cfg))
    return done


def is_finished(waves: Sequence[Screened], cfg: GenerateConfig) -> bool:
    """Full, out of candidates, or stalled: too small a share of the last two waves was accepted."""
    accepted = sum(len(wave.accepted) for wave in waves)
    candidates = accepted + sum(len(wave.rejected) for wave in waves)
    if accepted >= cfg.accept or candidates >= cfg.max_candidates:
        return True
    last = waves[-2:]
    if cfg.stall is None or len(last) < 2:
        return False
    kept = sum(len(wave.accepted) for wave in last)
    seen = kept + sum(len(wave.rejected) for wave in last)
    return seen == 0 or kept / seen < cfg.stall


def _material(
    aim: Aim, accepted: tuple[Example, ...], indexes: Indexes, filters: FiltersConfig
) -> Material:
    return Material(
        train=aim.data.train,
        pool=(*aim.pool, *accepted),
        labels=aim.data.labels,
        target=aim.target,
        check_question=lambda example: check_question(example, indexes, filters),
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
