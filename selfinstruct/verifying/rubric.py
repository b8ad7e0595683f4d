"""The judge with a rubric: calibrated once on real rows, then asked about candidates, or not."""

import random
from collections.abc import Sequence

from selfinstruct.config import RubricConfig
from selfinstruct.errors import IncompleteError
from selfinstruct.filters.screen import Verified
from selfinstruct.quality.labels import UNJUDGED
from selfinstruct.quality.rubric import Calibration, calibrate, grade, judged
from selfinstruct.quality.spoil import spoil
from selfinstruct.rows import Row
from selfinstruct.types import Example, Rejection
from selfinstruct.verifying.witnesses import Witnesses

STAGE = "calibrate rubric"
"""In round 0: of the run, not of a round."""


def by_rubric(
    asked: Witnesses, wave: int, cfg: RubricConfig, examples: Sequence[Example]
) -> Verified:
    """A grade of the judge's for each candidate, if it can tell good rows from bad.

    Where it cannot, or fails on a candidate twice, `cfg.on_failure` decides. Raises
    `IncompleteError` where that is `stop`.
    """
    found = calibration(asked, cfg)
    if found.doubt or found.least is None:
        return _without_judge(found, cfg, examples)
    here = asked.here
    ask = asked.ask_in(wave, asked.judge(cfg))
    grades = grade(examples, ask, cfg, here.task.target, here.prompts)
    missing = [row for row, given in zip(examples, grades, strict=True) if given is None]
    if missing and cfg.on_failure == "stop":
        raise IncompleteError(
            f"the judge {found.judge} gave no grade to {len(missing)} of {len(examples)} "
            f"candidates, asked twice; the first is {missing[0].id}",
            why="filters.quality.rubric.on_failure is stop, so nothing passes without a grade",
            next_step="start the same command again if calls failed; or begin a run with "
            "filters.quality.rubric.on_failure=drop, and --fork OTHER to keep what fits",
        )
    keep = cfg.on_failure == "go_on"
    return judged(examples, grades, found.least, found.judge, keep_ungraded=keep)


def calibration(asked: Witnesses, cfg: RubricConfig) -> Calibration:
    """What the judge makes of real rows, whole and spoilt: asked once, then remembered."""
    here = asked.here

    def make() -> Row:
        rng = random.Random(f"{here.cfg.seed}/0/rubric")
        rows = rng.sample(here.data.train, min(cfg.rows, len(here.data.train)))
        spoilt = spoil(rows, here.task.target, rng)
        judge = asked.judge(cfg)
        here.note(asked.index, "generate", f"calibrating the judge on {len(rows)} real rows")
        ask, target = asked.ask_of_real(judge), here.task.target
        graded = [*rows, *(each.row for each in spoilt)]
        grades = grade(graded, ask, cfg, target, here.prompts)
        cut = len(rows)
        found = calibrate(judge.model.name, grades[:cut], spoilt, grades[cut:], cfg)
        return found.to_row()

    return Calibration.of_row(here.once(0, STAGE, make))


def _without_judge(found: Calibration, cfg: RubricConfig, examples: Sequence[Example]) -> Verified:
    match cfg.on_failure:
        case "go_on":  # `status` says so
            return Verified()
        case "drop":
            return Verified({at: Rejection(row, UNJUDGED) for at, row in enumerate(examples)})
        case "stop":
            raise IncompleteError(
                f"the judge {found.judge} cannot tell good rows from bad: it {found.doubt}",
                why=f"it graded {found.rows} real rows and {found.spoilt} spoilt ones; "
                "filters.quality.rubric.on_failure is stop",
                next_step="begin a run with a better filters.quality.rubric.model or other "
                "criteria, or with on_failure=go_on, which asks no judge and says so; --fork OTHER "
                "keeps what fits",
            )
