"""How likely a student finds an answer, and how much of that the question brings.

Asked is the untuned student. It has read neither the real rows nor the candidates, so that real
training rows are a fair measure of candidates; a student that was trained on them would find them
too likely, and every candidate an outlier.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfinstruct import chat
from selfinstruct.config import LikelihoodConfig, NllConfig
from selfinstruct.errors import DivergedError
from selfinstruct.filters.screen import Verified
from selfinstruct.quality.students import BEYOND_CONTEXT, Student, prompt_of, readable
from selfinstruct.types import Example, Message, Rejection, Score


@dataclass(frozen=True, slots=True)
class Likelihood:
    """`nll`: mean NLL of an answer's tokens after its question, in nats. `ifd`: its perplexity
    after the question over that after none, which is below 1 where the question helps.
    """

    nll: float
    ifd: float | None


@dataclass(frozen=True, slots=True)
class Band:
    """Two mean NLLs, in nats, between which an answer is as likely as those of real rows."""

    low: float
    high: float


def measure(
    examples: Sequence[Example],
    student: Student,
    target: chat.Target,
    system: str,
    *,
    ifd: bool,
) -> list[Likelihood | None]:
    """The likelihood of each example's answer, end of turn included; None where an example does not
    fit into the student's context.

    Instruction-following difficulty is PPL(answer | question) / PPL(answer), as in Superfiltering
    (arXiv 2402.00530; of Cherry LLM, arXiv 2308.12032, which writes a ratio of losses; both are 1
    where the question does not help). PPL(answer) is that after an empty question, so that both
    stand in the same chat format. Raises `DivergedError` where the student finds no finite one.
    """
    asked = [_conversation(example, target, system) for example in examples]
    fits = [at for at, fit in enumerate(student.fits(asked)) if fit]
    after = student.nll([asked[at] for at in fits])
    alone = student.nll([_without_question(asked[at], system) for at in fits]) if ifd else after
    found: list[Likelihood | None] = [None] * len(examples)
    for at, told, bare in zip(fits, after, alone, strict=True):
        if not (math.isfinite(told.mean) and math.isfinite(bare.mean)):
            raise DivergedError(
                f"{student.name} gives the answer of {examples[at].id} a likelihood of {told.mean}",
                why="its weights are broken, so no score of it means anything",
                next_step="take another student.name",
            )
        found[at] = Likelihood(told.mean, math.exp(told.mean - bare.mean) if ifd else None)
    return found


def band_of(real: Sequence[Likelihood | None], cfg: NllConfig) -> Band:
    """The quantiles of real rows that the config names. Raises `ValueError` where no row has an
    NLL.
    """
    known = [each.nll for each in real if each is not None]
    if not known:
        raise ValueError("no real row has a likelihood")
    low, high = np.quantile(known, [cfg.low, cfg.high])
    return Band(float(low), float(high))


def within(
    examples: Sequence[Example],
    measured: Sequence[Likelihood | None],
    cfg: LikelihoodConfig,
    band: Band | None,
    student: str,
) -> Verified:
    """Kept is an answer that its question makes likelier, and that lies in the band of real ones.

    `band` is None where `cfg.nll` is. An IFD at `most` is dropped, an NLL at an end of the band is
    kept.
    """
    rejections: dict[int, Rejection] = {}
    scores: list[Score] = []
    for at, (example, found) in enumerate(zip(examples, measured, strict=True)):
        if found is None:
            rejections[at] = Rejection(example, BEYOND_CONTEXT)
            continue
        if cfg.ifd is not None and found.ifd is not None:
            scores.append(Score(example.id, "ifd", found.ifd, "model", student))
            if found.ifd >= cfg.ifd.most:
                rejections[at] = Rejection(example, "ifd", found.ifd, cfg.ifd.most)
        if band is not None:
            scores.append(Score(example.id, "nll", found.nll, "model", student))
            if at not in rejections and not band.low <= found.nll <= band.high:
                limit = band.low if found.nll < band.low else band.high
                rejections[at] = Rejection(example, "nll_outlier", found.nll, limit)
    return Verified(rejections, tuple(scores))


def _conversation(example: Example, target: chat.Target, system: str) -> tuple[Message, ...]:
    answer = chat.reference(readable(example), target)
    return (*prompt_of(example, system), Message("assistant", answer))


def _without_question(asked: Sequence[Message], system: str) -> tuple[Message, ...]:
    opening = (Message("system", system),) if system else ()
    return (*opening, Message("user", ""), asked[-1])
