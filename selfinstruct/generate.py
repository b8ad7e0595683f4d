"""One round's candidates: wave after wave is asked for, parsed and screened, until it is full.

The pool that prompts draw from grows between waves, in slot order, so that a wave follows from the
waves before it and a resumed round equals an uninterrupted one. Training and judging are not its
business.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

from selfinstruct.aiming.enough import Ending, ending, judged_by, next_prompts
from selfinstruct.aiming.goals import Unmet, goals, keep, unmet
from selfinstruct.aiming.tally import Tally
from selfinstruct.chat import Target
from selfinstruct.config import FiltersConfig, GenerateConfig, LicensesConfig, PrivacyConfig
from selfinstruct.errors import IncompleteError
from selfinstruct.filters.children import Children
from selfinstruct.filters.embedding import open_encoder
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.licensed import forbidden, keep_allowed
from selfinstruct.filters.personal import question_check, scan
from selfinstruct.filters.screen import Verify, check_question, screen, unverified
from selfinstruct.model import CHAT, Speech
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.prompting import SHIPPED, Prompts, Shelf
from selfinstruct.recipes import Ask, Material, Situation, Wave, draw_orders, fill_orders
from selfinstruct.sentences import tell_ending, tell_unmet
from selfinstruct.types import Drafts, Example, RealData, Screened


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
class Filled:
    """Every candidate of a round, accepted or rejected, why the round ended, and which quotas and
    requests it ended without.
    """

    screened: Screened
    ending: Ending
    unmet: tuple[Unmet, ...] = ()


class Course:
    """What a round's waves so far leave to the next one; it grows by each finished wave, which is
    counted once.

    `tally` is what came of them, `labels` counts the rows there are by label, `pool` holds those
    that prompts may show. `full` are the ids of rows that need not be shown any more: they have no
    room for another child of as many parents as a prompt shows.
    """

    def __init__(self, aim: Aim, cfg: GenerateConfig, max_children: int | None) -> None:
        self.tally = Tally()
        self.labels = Counter(row.label for row in aim.data.train)
        self.pool = Shelf(max_depth=cfg.demos.max_depth)
        self.full: set[str] = set()
        self._children = Children(max_children)
        self._parents = max(1, cfg.demos.real + cfg.demos.synthetic)
        self._aim, self._cfg = aim, cfg
        self._take_in(aim.pool)

    @property
    def prompts(self) -> int:
        """How many the next wave asks."""
        return next_prompts(self.tally, self._cfg)

    def add(self, wave: Screened) -> None:
        """Go on by a wave that asked as many prompts as were next."""
        self.tally = self.tally.after(self.prompts, wave, judged_by(self._cfg))
        self._take_in(wave.accepted)

    def _take_in(self, rows: Sequence[Example]) -> None:
        shown = self._aim.to_show(rows)
        self.labels.update(row.label for row in shown)
        self.pool.add(shown)
        self._children.add(rows)
        full = self._children.full(self._parents, rows)
        self.pool.take_off(full)
        self.full |= full


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

    def note(words: str) -> None:
        on_progress(Progress(aim.round, "generate", note=words))

    wanted = goals(cfg)
    held_out = (*aim.data.dev, *aim.data.gate, *aim.data.final)
    note("indexing what is known and held out")
    encoder = partial(open_encoder, on_note=note)
    indexes = Indexes.build(aim.data.train, aim.pool, held_out, filters, encoder)
    if "program" in aim.recipes:  # it may take as long as it likes
        note(f"asking {cfg.program}")
    course = Course(aim, cfg, filters.max_children)
    done: list[Screened] = []
    while (ended := ending(course.tally, cfg)) is None:
        index = len(done)
        wave = memory.recall(index)
        if wave is None:
            material = material_of(aim, course, indexes, filters)
            drafts = draw_wave(ask_in_wave(index), material, aim, cfg, course)
            screened = screen(drafts, indexes, filters, verify_in_wave(index))
            wave = keep(screened, wanted, course.tally.accepted)
            memory.commit(index, wave)
        else:
            indexes.add(wave.accepted)
        done.append(wave)
        course.add(wave)
        on_progress(_progress(aim.round, course.tally, cfg))
    return Filled(_joined(done), ended, unmet(wanted, course.tally.accepted))


def material_of(aim: Aim, course: Course, indexes: Indexes, filters: FiltersConfig) -> Material:
    """What the wave after these may draw from; `indexes` and `filters` say which questions are
    worth an answer.
    """
    names_somebody = question_check(aim.privacy)
    return Material(
        train=aim.data.train,
        pool=course.pool,
        labels=aim.data.labels,
        target=aim.target,
        check_question=lambda example: (
            names_somebody(example)
            or forbidden(example, aim.licenses)
            or check_question(example, indexes, filters)
        ),
        speech=aim.speech,
        prompts=aim.prompts,
        full=course.full,
    )


def draw_wave(
    ask: Ask, material: Material, aim: Aim, cfg: GenerateConfig, course: Course
) -> Drafts:
    """What the recipes make of the wave that follows these: they and its place alone decide what is
    drawn, so that it can be drawn again.
    """
    index = course.tally.waves
    rng = random.Random(f"{aim.seed}/{aim.round}/generate/{index}")
    here = Situation(
        rows=course.labels,
        labels=material.labels,
        place=f"{aim.seed}/{aim.round}",
        tally=course.tally,
        focus=aim.focus,
        arms=aim.prompts.arms,
    )
    orders = draw_orders(aim.recipes, here, cfg, course.prompts, rng)
    drafts = fill_orders(material, ask, cfg, Wave(aim.round, index, rng, orders, aim.terms))
    return keep_allowed(scan(drafts, aim.privacy), aim.licenses)


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


def _joined(waves: Sequence[Screened]) -> Screened:
    return Screened(
        tuple(row for wave in waves for row in wave.accepted),
        tuple(item for wave in waves for item in wave.rejected),
        tuple(score for wave in waves for score in wave.scores),
    )


def _progress(round_index: int, tally: Tally, cfg: GenerateConfig) -> Progress:
    return Progress(
        round_index,
        "generate",
        accepted=tally.size.accepted,
        target=cfg.accept,
        rejected=dict(Counter(tally.reasons).most_common()),
        note=f"wave {tally.waves}",
    )
