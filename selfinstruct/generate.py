"""One round's candidates: wave after wave is asked for, parsed and screened, until it is full.

The pool that prompts draw from grows between waves, in slot order, so that a wave follows from the
waves before it and a resumed round equals an uninterrupted one. Training and judging are not its
business.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from selfinstruct.aiming.goals import Unmet, goal_of, goals, keep, missing, unmet
from selfinstruct.aiming.weights import shrunk
from selfinstruct.chat import Target
from selfinstruct.config import (
    DemosConfig,
    FiltersConfig,
    GenerateConfig,
    LicensesConfig,
    PrivacyConfig,
)
from selfinstruct.errors import IncompleteError
from selfinstruct.filters.children import Children
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.licensed import forbidden, keep_allowed
from selfinstruct.filters.personal import question_check, scan
from selfinstruct.filters.screen import Verify, check_question, screen, unverified
from selfinstruct.model import CHAT, Speech
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.prompting import SHIPPED, Prompts
from selfinstruct.recipes import Ask, Material, Situation, Wave, draw_orders, fill_orders
from selfinstruct.telling import tell_ending, tell_unmet
from selfinstruct.types import Drafts, Example, RealData, Screened
from selfinstruct.yields import Seen, count

Ending = Literal["full", "candidates", "stalled"]


def verified_by_none(_wave: int) -> Verify:
    """The verification that asks no model."""
    return unverified


def any_row(rows: Sequence[Example]) -> tuple[Example, ...]:
    """Lets the teacher be shown every row."""
    return tuple(rows)


MORE: Mapping[Ending, str] = {
    "candidates": "a higher generate.max_candidates, or other filters or another teacher",
    "stalled": "other filters or another teacher (selfinstruct show RUN --rejected REASON)",
}
"""What helps a round that ended before it was full."""


@dataclass(frozen=True)
class Aim:
    """What a round generates for: its number, the run's seed, the real rows and the pool so far.

    `recipes` are those that ask, each with its weight; `focus` is the weight of labels that is not
    1. `speech` is how the teacher may be asked, `terms` what it writes comes under, `privacy` what
    must not be in its rows, `prompts` what it is asked with, `licenses` what they may come under.
    `to_show` keeps of synthetic rows those that prompts may be made of.
    """

    round: int
    seed: int
    data: RealData
    pool: tuple[Example, ...]
    target: Target
    recipes: Mapping[str, float]
    focus: Mapping[str, float] = field(default_factory=dict)
    speech: Speech = CHAT
    privacy: PrivacyConfig = field(default_factory=PrivacyConfig)
    terms: str = ""
    prompts: Prompts = SHIPPED
    licenses: LicensesConfig = field(default_factory=LicensesConfig)
    to_show: Callable[[Sequence[Example]], tuple[Example, ...]] = any_row


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
    """Every candidate of a round, accepted or rejected, why the round ended, and which quotas and
    requests it ended without.
    """

    screened: Screened
    ending: Ending
    unmet: tuple[Unmet, ...] = ()


def generate(
    ask_in_wave: Callable[[int], Ask],
    memory: Memory,
    aim: Aim,
    cfg: GenerateConfig,
    filters: FiltersConfig,
    on_progress: OnProgress = silent,
    verify_in_wave: Callable[[int], Verify] = verified_by_none,
) -> Filled:
    """Wave after wave until exactly `cfg.accept` are accepted, or `ending` says there is no more.

    What passes the filters after the round is full is rejected as `round_full`, and what its label
    or request does not need any more as `quota_full`, in slot order.
    """
    wanted = goals(cfg)
    held_out = (*aim.data.dev, *aim.data.gate, *aim.data.final)
    indexes = Indexes.build(aim.data.train, aim.pool, held_out, filters)
    done = Screened()
    waves: list[Asked] = []
    while (ended := ending(waves, cfg)) is None:
        index, prompts = len(waves), next_prompts(waves, cfg)
        wave = memory.recall(index)
        if wave is None:
            full = full_rows(aim, done.accepted, cfg.demos, filters.max_children)
            material = material_of(aim, done.accepted, indexes, filters, full)
            drafts = draw_wave(ask_in_wave(index), material, aim, cfg, waves)
            screened = screen(drafts, indexes, filters, verify_in_wave(index))
            wave = keep(screened, wanted, done.accepted)
            memory.commit(index, wave)
        else:
            indexes.add(wave.accepted)
        waves.append(Asked(prompts, wave))
        done = Screened(
            (*done.accepted, *wave.accepted),
            (*done.rejected, *wave.rejected),
            (*done.scores, *wave.scores),
        )
        on_progress(_progress(aim.round, done, index, cfg))
    return Filled(done, ended, unmet(wanted, done.accepted))


def full_rows(
    aim: Aim, accepted: tuple[Example, ...], cfg: DemosConfig, max_children: int | None
) -> frozenset[str]:
    """The ids of the rows that need not be shown any more, after `accepted` of the round: they have
    no room for another child of as many parents as a prompt shows.

    It follows from finished waves alone, so a resumed round leaves out the same.
    """
    children = Children(max_children)
    children.add((*aim.pool, *accepted))
    return children.full(max(1, cfg.real + cfg.synthetic))


def material_of(
    aim: Aim,
    accepted: tuple[Example, ...],
    indexes: Indexes,
    filters: FiltersConfig,
    full: frozenset[str],
) -> Material:
    """What a wave may draw from, after `accepted` of its round; `indexes` and `filters` say which
    questions are worth an answer, `full` is what `full_rows` found.
    """
    names_somebody = question_check(aim.privacy)
    return Material(
        train=aim.data.train,
        pool=aim.to_show((*aim.pool, *accepted)),
        labels=aim.data.labels,
        target=aim.target,
        check_question=lambda example: (
            names_somebody(example)
            or forbidden(example, aim.licenses)
            or check_question(example, indexes, filters)
        ),
        speech=aim.speech,
        prompts=aim.prompts,
        full=full,
    )


def draw_wave(
    ask: Ask, material: Material, aim: Aim, cfg: GenerateConfig, waves: Sequence[Asked]
) -> Drafts:
    """What the recipes make of the wave that follows `waves`: they and its place alone decide what
    is drawn, so that it can be drawn again.
    """
    index, prompts = len(waves), next_prompts(waves, cfg)
    rng = random.Random(f"{aim.seed}/{aim.round}/generate/{index}")
    here = Situation(
        rows=(*material.train, *material.pool),
        labels=material.labels,
        place=f"{aim.seed}/{aim.round}",
        waves=[wave.screened for wave in waves],
        asked=sum(wave.prompts for wave in waves),
        focus=aim.focus,
        arms=aim.prompts.arms,
    )
    orders = draw_orders(aim.recipes, here, cfg, prompts, rng)
    drafts = fill_orders(material, ask, cfg, Wave(aim.round, index, rng, orders, aim.terms))
    return keep_allowed(scan(drafts, aim.privacy), aim.licenses)


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
    candidates = sum(wave.candidates for wave in waves)
    enough = [cfg.prompts_per_wave]
    if any(wave.screened.accepted for wave in waves):
        enough.append(math.ceil(_prompts_wanted(waves, asked, candidates, cfg)))
    if candidates:
        enough.append(math.ceil((cfg.max_candidates - candidates) * asked / candidates))
    return min(enough)


def _prompts_wanted(
    waves: Sequence[Asked], asked: int, candidates: int, cfg: GenerateConfig
) -> float:
    """Prompts that should bring what is missing; of several goals by the yield of each, since the
    last ones open are the hard ones.
    """
    accepted = [row for wave in waves for row in wave.screened.accepted]
    wanted = goals(cfg)
    if len(wanted) == 1:
        return (cfg.accept - len(accepted)) * asked / len(accepted)
    seen = count((wave.screened for wave in waves), lambda row: goal_of(row, wanted))
    rates = shrunk({goal: seen.get(goal, Seen()) for goal in wanted.values()})
    lacks = missing(wanted, accepted)
    return sum(rows / rates[goal] for goal, rows in lacks.items()) * asked / candidates


def require_full(filled: Filled, cfg: GenerateConfig, round_index: int) -> None:
    """Raises `IncompleteError` where the round is not full and `cfg.on_exhausted` is `stop`."""
    if filled.ending == "full" or cfg.on_exhausted == "go_on":
        return
    reasons = Counter(item.reason for item in filled.screened.rejected).most_common(3)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons) or "nothing"
    how = tell_ending(filled.ending, len(filled.screened.accepted), cfg.accept)
    short = "".join(f"; {tell_unmet(asdict(each))}" for each in filled.unmet)
    raise IncompleteError(
        f"round {round_index}: {how}{short}",
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
