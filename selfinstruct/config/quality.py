"""The filters that ask models, each off (None) unless its section is given."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from selfinstruct.config.model import ModelConfig
from selfinstruct.config.section import Drawn, Positive, Section, Share
from selfinstruct.types import Sampling

Grade = Annotated[int, Field(ge=1, le=5)]
Several = Annotated[int, Field(ge=2)]


class LabelAgreementConfig(Section):
    """The intended label must be confirmed by somebody who did not write the text."""

    by: Literal["champion", "k_fold", "teacher"] = "champion"
    """`champion`: the best student so far, by the probability it gives each label. `k_fold`: k
    students, each trained on all real rows but its fold. `teacher`: k draws of the teacher, which
    is shown the text and the labels.
    """
    k: Several = 5
    """Students or draws; the champion is one."""
    least: Share | None = 0.5
    """The least probability, or share of the k, of the intended label; `null` asks for no more than
    that no other label has more, which is always asked.
    """
    sampling: Drawn = Sampling(temperature=0.7, top_p=0.95, max_tokens=24)
    """How the teacher's answers are drawn."""


class SelfConsistencyConfig(Section):
    """The teacher answers the same question k times; most must say what the row says.

    Self-consistency (Wang et al., arXiv 2203.11171) for answers that can be compared: labels,
    numbers, JSON and short answers. Others are let through, and counted.
    """

    k: Several = 5
    """How often the teacher is asked."""
    least: Share = 0.5
    """The least share of the k that give the row's answer."""
    max_words: Positive = 5
    """An answer of more words than this cannot be compared."""
    sampling: Drawn = Sampling(temperature=0.7, top_p=0.95, max_tokens=96)
    """How these answers are drawn."""


class RoundTripConfig(Section):
    """Back from the row to what it was made from: the teacher names the label of the text, or
    writes the instruction of the response.
    """

    least: Share | None = None
    """The least ROUGE-L F1 of that instruction with the row's own; needed where rows have no
    labels. Look at the scores of real rows first: it depends on the teacher.
    """
    max_tokens: Positive = 128
    """Tokens of what the teacher names or writes, at most."""


class RubricConfig(Section):
    """A judge grades each candidate from 1 to 5, calibrated on real rows before it decides."""

    model: ModelConfig | None = None
    """The judge; `null` for the teacher. Better of another family than the teacher."""
    criteria: tuple[str, ...] = (
        "the answer is right, and answers what is asked",
        "nothing is missing, cut off or made up",
        "the text is what a person would really write",
    )
    """What a grade goes by, one line each."""
    least: Literal["auto"] | Grade = "auto"
    """The lowest grade that passes; `auto` is the highest that `real_pass` of the real rows get."""
    real_pass: Annotated[float, Field(gt=0, le=1)] = 0.9
    """The share of real rows that must pass; with no grade at which they do and spoilt ones do not,
    the judge cannot tell.
    """
    rows: Annotated[int, Field(ge=5)] = 40
    """Real training rows to calibrate on, at most; each is graded whole and spoilt."""
    on_failure: Literal["stop", "drop", "go_on"] = "stop"
    """What becomes of candidates where the judge cannot tell, or has not graded one when asked
    twice: stop the run (exit 3), drop them, or keep them with a note in `status`.
    """
    max_tokens: Positive = 16
    """Tokens of a grade, at most."""


class IfdConfig(Section):
    """How little a question helps to say its answer."""

    most: Annotated[float, Field(gt=0)] = 1.0
    """Drop from here on: at 1 the question makes the answer no likelier (arXiv 2308.12032)."""


class NllConfig(Section):
    """How likely an answer is, among those of real rows; the ends are quantiles of theirs."""

    low: Share = 0.05
    """Drop a candidate whose answer is likelier than this quantile: what a student says anyway."""
    high: Share = 0.95
    """Drop a candidate whose answer is less likely than this one: noise, or another matter."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """`low` is below `high`."""
        if not self.low < self.high:
            raise ValueError(f"low ({self.low}) must be below high ({self.high})")
        return self


class LikelihoodConfig(Section):
    """What the untuned student makes of a candidate: one or two forward passes."""

    ifd: IfdConfig | None = None
    """Whether the question helps to say the answer."""
    nll: NllConfig | None = None
    """Whether the answer is as likely as those of real rows."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        """`ifd`, `nll` or both are given."""
        if self.ifd is None and self.nll is None:
            raise ValueError("likelihood needs ifd, nll or both, such as likelihood: {ifd: {}}")
        return self


class QualityConfig(Section):
    """What models must say of a candidate that every other filter let through, cheapest first."""

    likelihood: LikelihoodConfig | None = None
    """Drop what the untuned student finds odd, or too plain."""
    label_agreement: LabelAgreementConfig | None = None
    """Drop a row whose label somebody else does not find. A student finds what it knows already, so
    that new cases fall too: on ten bank intents this filter cost 7 points (docs/experiments.md).
    """
    self_consistency: SelfConsistencyConfig | None = None
    """Drop a short answer that the teacher does not give again."""
    round_trip: RoundTripConfig | None = None
    """Drop a row from which the teacher does not find back to what it was made from."""
    rubric: RubricConfig | None = None
    """Drop a row that a calibrated judge grades low."""

    @property
    def asks_students(self) -> bool:
        """Whether trained students are asked for labels."""
        return self.label_agreement is not None and self.label_agreement.by != "teacher"

    @property
    def depends_on_students(self) -> bool:
        """Whether what is kept depends on a student, so that another one keeps other candidates."""
        return self.asks_students or self.likelihood is not None
