"""The config's quality filters, cheapest first, each as a function of one wave's candidates."""

from collections.abc import Sequence
from functools import partial

from selfinstruct.config import LabelAgreementConfig
from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.quality.asking import to_show
from selfinstruct.quality.labels import UNJUDGED, believe, confirm, name_labels, tally
from selfinstruct.types import Example
from selfinstruct.verifying.folds import fold_students
from selfinstruct.verifying.rubric import by_rubric
from selfinstruct.verifying.witnesses import Witnesses

AGREEMENT = "label_agreement"
DISAGREES = "label_disagrees"


def checks_of(asked: Witnesses, wave: int) -> list[Verify]:
    """Every filter that is on, in the order in which they are asked."""
    cfg = asked.here.cfg.filters.quality
    checks: list[Verify] = []
    if cfg.label_agreement is not None:
        by = {"champion": by_champion, "k_fold": by_folds, "teacher": by_teacher}
        checks.append(partial(by[cfg.label_agreement.by], asked, wave, cfg.label_agreement))
    if cfg.rubric is not None:
        checks.append(partial(by_rubric, asked, wave, cfg.rubric))
    return checks


def by_champion(
    asked: Witnesses, _wave: int, cfg: LabelAgreementConfig, examples: Sequence[Example]
) -> Verified:
    """The label that the best student so far finds likeliest must be the intended one."""
    here = asked.here
    told = (here.data.labels, here.task.target, here.cfg.task.system)
    beliefs = believe(examples, asked.champion, *told)
    return confirm(examples, beliefs, cfg.least, AGREEMENT, DISAGREES, "the champion")


def by_folds(
    asked: Witnesses, _wave: int, cfg: LabelAgreementConfig, examples: Sequence[Example]
) -> Verified:
    """Of k students, each trained without one fold of the real rows, enough must say the label."""
    here = asked.here
    told = (here.data.labels, here.task.target, here.cfg.task.system)
    students = fold_students(asked, cfg.k)
    by_student = [believe(examples, student, *told) for student in students]
    beliefs = [tally(said) for said in zip(*by_student, strict=True)]
    return confirm(examples, beliefs, cfg.least, AGREEMENT, DISAGREES, f"{cfg.k} folds")


def by_teacher(
    asked: Witnesses, wave: int, cfg: LabelAgreementConfig, examples: Sequence[Example]
) -> Verified:
    """Of k draws of the teacher, shown the text and the labels, enough must name the label."""
    data = asked.here.data
    shown = to_show(data.train)
    ask = asked.ask_in(wave)
    beliefs = name_labels(examples, ask, data.labels, shown, cfg.sampling, cfg.k)
    who = f"{cfg.k} draws of the teacher"
    return confirm(examples, beliefs, cfg.least, AGREEMENT, DISAGREES, who, UNJUDGED)
