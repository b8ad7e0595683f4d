"""The config's quality filters, cheapest first, each as a function of one wave's candidates."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from selfinstruct.config import (
    LabelAgreementConfig,
    LikelihoodConfig,
    NllConfig,
    RoundTripConfig,
    SelfConsistencyConfig,
)
from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.quality.asking import to_show
from selfinstruct.quality.chain import by_kind
from selfinstruct.quality.consistency import NAME as CONSISTENCY
from selfinstruct.quality.consistency import REASON as INCONSISTENT
from selfinstruct.quality.consistency import consistent
from selfinstruct.quality.labels import UNJUDGED, Belief, believe, confirm, name_labels, tally
from selfinstruct.quality.likelihood import Band, band_of, measure, within
from selfinstruct.quality.round_trip import NAME as ROUND_TRIP
from selfinstruct.quality.round_trip import back_to_instruction, back_to_label
from selfinstruct.quality.students import Student
from selfinstruct.rows import Row
from selfinstruct.types import Example
from selfinstruct.verifying.folds import fold_students
from selfinstruct.verifying.rubric import by_rubric
from selfinstruct.verifying.witnesses import Witnesses

AGREEMENT = "label_agreement"
DISAGREES = "label_disagrees"
AT_ONCE = 64
"""Candidates between two words on how far a student is."""


def checks_of(asked: Witnesses, wave: int) -> list[Verify]:
    """Every filter that is on, in the order in which they are asked."""
    cfg = asked.here.cfg.filters.quality
    checks: list[Verify] = []
    if cfg.likelihood is not None:
        checks.append(partial(by_likelihood, asked, wave, cfg.likelihood))
    if cfg.label_agreement is not None:
        by = {"champion": by_champion, "k_fold": by_folds, "teacher": by_teacher}
        checks.append(partial(by[cfg.label_agreement.by], asked, wave, cfg.label_agreement))
    if cfg.self_consistency is not None:
        checks.append(partial(by_consistency, asked, wave, cfg.self_consistency))
    if cfg.round_trip is not None:
        checks.append(partial(by_round_trip, asked, wave, cfg.round_trip))
    if cfg.rubric is not None:
        checks.append(partial(by_rubric, asked, wave, cfg.rubric))
    return checks


def by_likelihood(
    asked: Witnesses, _wave: int, cfg: LikelihoodConfig, examples: Sequence[Example]
) -> Verified:
    """What the untuned student makes of the answers, beside what it makes of real ones."""
    here, ifd = asked.here, cfg.ifd is not None
    band = None if cfg.nll is None else _band(asked, cfg.nll)
    found = measure(examples, asked.untuned, here.task.target, here.cfg.task.system, ifd=ifd)
    return within(examples, found, cfg, band, "the untuned student")


def _band(asked: Witnesses, cfg: NllConfig) -> Band:
    """The likelihoods between which real training rows lie: looked at once, then remembered."""
    here = asked.here

    def make() -> Row:
        told = (asked.untuned, here.task.target, here.cfg.task.system)
        return asdict(band_of(measure(here.data.train, *told, ifd=False), cfg))

    return Band(**here.once(0, "calibrate likelihood", make))


def by_champion(
    asked: Witnesses, _wave: int, cfg: LabelAgreementConfig, examples: Sequence[Example]
) -> Verified:
    """The label that the best student so far finds likeliest must be the intended one."""
    beliefs = _believe(asked, asked.champion, examples, "the champion")
    return confirm(examples, beliefs, cfg.least, AGREEMENT, DISAGREES, "the champion")


def by_folds(
    asked: Witnesses, _wave: int, cfg: LabelAgreementConfig, examples: Sequence[Example]
) -> Verified:
    """Of k students, each trained without one fold of the real rows, enough must say the label."""
    by_student = [
        _believe(asked, student, examples, f"fold {number} of {cfg.k}")
        for number, student in enumerate(fold_students(asked, cfg.k), start=1)
    ]
    beliefs = [tally(said) for said in zip(*by_student, strict=True)]
    return confirm(examples, beliefs, cfg.least, AGREEMENT, DISAGREES, f"{cfg.k} folds")


def _believe(
    asked: Witnesses, student: Student, examples: Sequence[Example], who: str
) -> list[Belief | None]:
    """What a student makes of the candidates, a few at a time, so that people see it go on."""
    here = asked.here
    told = (here.data.labels, here.task.target, here.cfg.task.system)
    found: list[Belief | None] = []
    for start in range(0, len(examples), AT_ONCE):
        if start:
            note = f"verifying: {who} has looked at {start} of {len(examples)} candidates"
            here.note(asked.index, "generate", note)
        found += believe(examples[start : start + AT_ONCE], student, *told)
    return found


def by_teacher(
    asked: Witnesses, wave: int, cfg: LabelAgreementConfig, examples: Sequence[Example]
) -> Verified:
    """Of k draws of the teacher, shown the text and the labels, enough must name the label."""
    data = asked.here.data
    shown = to_show(data.train)
    ask = asked.ask_in(wave)
    beliefs = name_labels(
        examples, ask, data.labels, shown, cfg.sampling, cfg.k, asked.here.prompts
    )
    who = f"{cfg.k} draws of the teacher"
    return confirm(examples, beliefs, cfg.least, AGREEMENT, DISAGREES, who, UNJUDGED)


def by_consistency(
    asked: Witnesses, wave: int, cfg: SelfConsistencyConfig, examples: Sequence[Example]
) -> Verified:
    """Of k answers of the teacher to the same question, enough must be the row's."""
    data, prompts, ask = asked.here.data, asked.here.prompts, asked.ask_in(wave)
    shown = to_show(data.train)

    def labelled(rows: Sequence[Example]) -> Verified:
        beliefs = name_labels(rows, ask, data.labels, shown, cfg.sampling, cfg.k, prompts)
        who = f"{cfg.k} draws of the teacher"
        return confirm(rows, beliefs, cfg.least, CONSISTENCY, INCONSISTENT, who, UNJUDGED)

    return by_kind(labelled, lambda rows: consistent(rows, ask, cfg, shown, prompts))(examples)


def by_round_trip(
    asked: Witnesses, wave: int, cfg: RoundTripConfig, examples: Sequence[Example]
) -> Verified:
    """The teacher must find its way back: to the label of a text, or to a response's question."""
    data, prompts, ask = asked.here.data, asked.here.prompts, asked.ask_in(wave)
    shown = to_show(data.train)

    def labelled(rows: Sequence[Example]) -> Verified:
        beliefs = back_to_label(rows, ask, data.labels, shown, cfg.max_tokens, prompts)
        return confirm(rows, beliefs, None, ROUND_TRIP, ROUND_TRIP, "the teacher", UNJUDGED)

    def other(rows: Sequence[Example]) -> Verified:
        if cfg.least is None:
            raise ValueError("round_trip.least is None, which `task.settle` refuses here")
        return back_to_instruction(rows, ask, shown, cfg.least, cfg.max_tokens, prompts)

    return by_kind(labelled, other)(examples)
