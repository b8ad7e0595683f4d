"""A judge's grades of candidates, held to its own grades of real rows and of spoilt ones.

Before it decides anything, the judge grades real training rows, whole and spoilt. A judge that does
not tell them apart has no say: what then becomes of candidates is the caller's policy.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from selfinstruct import chat, stats
from selfinstruct.config import RubricConfig
from selfinstruct.filters.screen import Verified
from selfinstruct.prompting import SHIPPED, Form, Prompts
from selfinstruct.quality.asking import as_data, ask_twice, question_of
from selfinstruct.quality.labels import UNJUDGED
from selfinstruct.quality.spoil import Spoilt
from selfinstruct.quality.students import readable
from selfinstruct.recipes import Ask
from selfinstruct.types import Completion, Example, Interval, Prompt, Rejection, Score

NAME = "rubric"
FORM = Form(
    "quality/rubric.j2",
    {"criteria": ("it is true",), "question": "Name a colour.", "answer": "Blue."},
)
GRADES = (5, 4, 3, 2, 1)
MARKS = re.compile(r"[*_`\"'()\[\]]")
GRADE = re.compile(
    r"(?:(?:grade|score|rating)\b\s*+(?:[:=]\s*+)?)?([1-5])(?:\s*/\s*5)?[.!]?", re.IGNORECASE
)
JSON = re.compile(r"""\{\s*"(?:grade|score)"\s*:\s*([1-5])\s*\}""", re.IGNORECASE)

Grade = int | None
"""1 to 5, None where the judge gave none in two tries."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a judge's grades of real rows are worth.

    `auc` is the chance that it grades a real row above a spoilt one, with its 95 % interval;
    `least` the lowest grade that passes, None where there is none; `passed` the share of the real
    rows that get it, `caught` that of the spoilt ones that do not, `by_fault` the same by fault;
    `ungraded` how many of all rows it gave no grade. A judge with a `doubt` cannot tell.
    """

    judge: str
    rows: int
    spoilt: int
    ungraded: int
    auc: Interval | None
    least: int | None
    passed: float
    caught: float
    by_fault: Mapping[str, float]
    doubt: str

    def to_row(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> "Calibration":
        """The calibration of such an object."""
        return cls(**{**row, "auc": Interval(**row["auc"]) if row["auc"] else None})


def grade(
    examples: Sequence[Example],
    ask: Ask,
    cfg: RubricConfig,
    target: chat.Target,
    prompts: Prompts = SHIPPED,
) -> list[Grade]:
    """The judge's grade of each example; a call that failed or has no grade is made once more."""
    asked = [rubric_prompt(example, cfg.criteria, target, prompts) for example in examples]
    return ask_twice(ask, asked, cfg.max_tokens, read_grade)


def rubric_prompt(
    example: Example,
    criteria: Sequence[str],
    target: chat.Target,
    prompts: Prompts = SHIPPED,
) -> Prompt:
    """The question what grade an example deserves."""
    answer = chat.reference(readable(example), target)
    return prompts.build(
        FORM,
        (),
        example.id,
        criteria=criteria,
        question=question_of(example),
        answer=as_data(answer),
    )


def read_grade(completion: Completion) -> Grade:
    """The digit that an answer gives, None where it gives none or more than one.

    It stands alone on the first line, up to emphasis, a full stop, "/5" and a leading "Grade:", or
    as {"grade": 4}. A digit inside a sentence is never taken for a grade. A block of thought is
    skipped.
    """
    plain = chat.read_answer(completion.text, "response").response
    if whole := JSON.fullmatch(plain):
        return int(whole[1])
    lines = [MARKS.sub("", line).strip() for line in plain.splitlines() if line.strip()]
    given = [match[1] for line in lines if (match := GRADE.fullmatch(line))]
    alone = len(given) == 1 and GRADE.fullmatch(lines[0])
    return int(given[0]) if alone else None


def calibrate(
    judge: str,
    real: Sequence[Grade],
    spoilt: Sequence[Spoilt],
    grades: Sequence[Grade],
    cfg: RubricConfig,
) -> Calibration:
    """What these grades of real rows, and of spoilt ones, say of a judge.

    A real row without a grade does not pass, and a spoilt one is not caught. The threshold is the
    highest at which `cfg.real_pass` of the real rows pass; the judge cannot tell where there is
    none, where spoilt rows pass it as real ones do, or where its AUC may be that of chance.
    """
    passed = {least: _share([g is not None and g >= least for g in real]) for least in GRADES}
    fitting = [least for least in GRADES if passed[least] >= cfg.real_pass]
    if cfg.least == "auto":
        least = fitting[0] if fitting else None
    else:
        least = cfg.least if cfg.least in fitting else None
    at = least if least is not None else (1 if cfg.least == "auto" else cfg.least)
    caught = [g is not None and g < at for g in grades]
    whole, faulty = _known(real), _known(grades)
    found = stats.auc(whole, faulty) if whole.size and faulty.size else None
    faults = sorted({each.fault for each in spoilt})
    by_fault = {
        fault: _share([c for c, each in zip(caught, spoilt, strict=True) if each.fault == fault])
        for fault in faults
    }
    return Calibration(
        judge=judge,
        rows=len(real),
        spoilt=len(spoilt),
        ungraded=len(real) + len(grades) - whole.size - faulty.size,
        auc=found,
        least=least,
        passed=passed[at],
        caught=_share(caught),
        by_fault=by_fault,
        doubt=_doubt(found, least, passed[at], _share(caught), at),
    )


def _doubt(auc: Interval | None, least: int | None, passed: float, caught: float, at: int) -> str:
    if auc is None:
        return "gave no grade to any real row, or to any spoilt one"
    if auc.low <= 0.5:
        return (
            f"may be tossing a coin: AUC {auc.value:.2f} [{auc.low:.2f}, {auc.high:.2f}] of real "
            "rows against spoilt ones"
        )
    if least is None:
        return f"lets only {passed:.0%} of the real rows pass at grade {at}"
    if caught <= 1 - passed:
        return f"at grade {at} lets spoilt rows pass as it does real ones"
    return ""


def judged(
    examples: Sequence[Example],
    grades: Sequence[Grade],
    least: int,
    judge: str,
    *,
    keep_ungraded: bool,
) -> Verified:
    """Kept is what has `least` or more; what has no grade is kept or dropped as `unjudged`."""
    rejections: dict[int, Rejection] = {}
    scores: list[Score] = []
    for at, (example, given) in enumerate(zip(examples, grades, strict=True)):
        if given is None:
            if not keep_ungraded:
                rejections[at] = Rejection(example, UNJUDGED)
            continue
        scores.append(Score(example.id, NAME, float(given), "judge", judge))
        if given < least:
            rejections[at] = Rejection(example, "low_grade", float(given), float(least))
    return Verified(rejections, tuple(scores))


def _known(grades: Sequence[Grade]) -> stats.Sample:
    return np.array([given for given in grades if given is not None], dtype=np.float64)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
