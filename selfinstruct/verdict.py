"""The nouns of judging: what the gate saw of one candidate, and what it made of it. All frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from selfinstruct.types import Checkpoint, Example, Interval, Mixture, Report

Outcome = Literal["accept", "reject", "inconclusive"]
Held = Literal["held", "broken", "unsure"]
Finding = Literal["better", "worse", "inconclusive"]
"""What a two-sided test says of one beside another."""


@dataclass(frozen=True, slots=True)
class Exams:
    """Every report on one student that a verdict rests on.

    `gate` decides; `guards` are on the rows of another kind; `dev`, of likelihoods alone, is for
    the collapse watch, and None where there are no dev rows.
    """

    gate: Report
    dev: Report | None = None
    guards: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """A score that a student must not lose against the base, as far as it can be told.

    `gain` is signed so that more is better, `p_value` that of a loss of `margin` or more, both in
    units of the metric. Held: such a loss is ruled out; broken: it is sure; unsure: too few rows.
    """

    name: str
    metric: str
    n: int
    base: float
    candidate: float
    gain: Interval
    margin: float
    p_value: float
    held: Held


@dataclass(frozen=True, slots=True)
class Signal:
    """How like the real rows others are in one respect, measured at one sample size.

    `of` says what was measured: the mixture a student learns from, its synthetic rows alone, or
    the student itself. `ratio` is value / real with its 95 % interval, None where nothing can be
    divided by. `limit` is the ratio beyond which the whole interval sets off the alarm, None for a
    signal that only tells.
    """

    name: str
    of: Literal["mixture", "synthetic", "student"]
    value: float
    real: float
    ratio: Interval | None = None
    limit: float | None = None
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class JudgeHealth:
    """What a judge's answers came to, row by row, each row asked in both orders.

    `split` rows went to whoever stood in the same place twice and count as ties; `unparsable` rows
    named no winner at least once. `first` is the share of named winners that stood first (1/2
    without position bias); `length` the gain that one standard deviation of extra length brings,
    which the gains do without. `doubt` says in a clause why its word counts for nothing, and is
    empty for a healthy judge.
    """

    rows: int
    wins: int
    losses: int
    ties: int
    split: int
    unparsable: int
    first: float
    length: float
    healthy: bool
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's decision on one candidate, with the numbers behind it.

    `gain` is signed so that more is better. `alarms` are the names of the signals that set one off,
    `look` counts the verdicts that the gate rows have given so far, this one included.
    """

    outcome: Outcome
    metric: str
    n: int
    champion: float
    candidate: float
    gain: Interval
    p_value: float
    alpha: float
    wins: int
    losses: int
    detectable: float
    why: str
    guards: tuple[Guard, ...] = ()
    alarms: tuple[str, ...] = ()
    judge: JudgeHealth | None = None
    look: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """One finished round: rows kept and dropped, the student it trained, what watch and gate
    said.
    """

    index: int
    accepted: tuple[Example, ...]
    rejected: Mapping[str, int]
    mixture: Mixture
    candidate: Checkpoint
    exams: Exams
    signals: tuple[Signal, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FailedRound:
    """A round whose student came to numbers that are none: rejected, `why` says where, unjudged."""

    index: int
    accepted: tuple[Example, ...]
    rejected: Mapping[str, int]
    mixture: Mixture
    why: str
