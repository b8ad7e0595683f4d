"""Is one student better than another: two reports in, a verdict for each metric and slice out.

Unlike the gate it takes no side: the tests are two-sided at 5 %, so of two equal students at most
one in twenty pairs is called better or worse. Slices of one metric share that error (Holm).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfinstruct import stats
from selfinstruct.pairs import pair, weigh
from selfinstruct.types import Example, Interval, Report
from selfinstruct.verdict import Finding

LEVEL = 0.05
MIN_ROWS = 20
FEW = 5  # a slice of fewer rows is named and not tested: even all of them flipped would not tell
THIRDS = ("short", "middle", "long")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of a student beside that of the reference; `gain` is signed, more is better.

    `detectable` is the gain that so many rows find four times in five, two-sided at 5 %.
    """

    metric: str
    n: int
    value: float
    reference: float
    gain: Interval
    p_value: float
    wins: int
    losses: int
    detectable: float
    verdict: Finding


@dataclass(frozen=True, slots=True)
class Slice:
    """The comparison on the rows that share a value of a dimension, such as one label.

    Its verdict goes by `adjusted`, the p-value after Holm's correction over all tested slices.
    """

    dimension: str
    value: str
    n: int
    comparison: Comparison | None
    adjusted: float


@dataclass(frozen=True, slots=True)
class Flip:
    """A row on which the two part, with what each wrote."""

    id: str
    gain: float
    ours: str
    theirs: str


def compare(
    ours: Report,
    theirs: Report,
    metric: str,
    *,
    groups: stats.Groups = None,
    seed: int = 0,
    min_rows: int = MIN_ROWS,
    names: tuple[str, str] = ("student", "reference"),
) -> Comparison:
    """Two reports on the same rows in, how the first does against the second in one metric out.

    On fewer than `min_rows` rows it is always inconclusive. Raises `UserError` when the reports do
    not pair up row by row, hold fewer than two rows, or a score is not finite.
    """
    paired = pair(ours, theirs, metric, names)
    evidence = weigh(paired, "two-sided", seed, groups)
    n = len(paired.gains)
    found = Comparison(
        metric=metric,
        n=n,
        value=float(paired.ours.mean()),
        reference=float(paired.theirs.mean()),
        gain=evidence.gain,
        p_value=evidence.p_value,
        wins=paired.wins,
        losses=paired.losses,
        detectable=stats.detectable_gain(evidence.sd, n, LEVEL / 2),
        verdict="inconclusive",
    )
    if n < min_rows:
        return found
    return replace(found, verdict=finding(found.gain.value, evidence.p_value))


def compare_slices(
    ours: Report,
    theirs: Report,
    metric: str,
    dimensions: Mapping[str, Sequence[str]],
    *,
    groups: stats.Groups = None,
    seed: int = 0,
) -> list[Slice]:
    """The comparison on each slice of the rows, the largest loss first.

    `dimensions` maps a name, such as label, to the value of every row. A dimension with one value
    alone is no slice. Raises `UserError` as `compare` does.
    """
    slices = [
        _slice(
            ours,
            theirs,
            metric,
            name,
            value,
            [at for at, v in enumerate(of) if v == value],
            groups,
            seed,
        )
        for name, of in dimensions.items()
        if len(set(of)) > 1
        for value in dict.fromkeys(of)
    ]
    tested = [found for found in slices if found.comparison is not None]
    adjusted = iter(stats.holm([found.comparison.p_value for found in tested if found.comparison]))
    judged = [
        found if found.comparison is None else _judged(found, next(adjusted)) for found in slices
    ]
    return sorted(judged, key=lambda found: (found.comparison is None, _mean_gain(found)))


def dimensions_of(examples: Sequence[Example]) -> dict[str, list[str]]:
    """The slices that rows have of themselves: label, length of the question, source file.

    Length is cut into thirds by the number of words of instruction and input.
    """
    lengths = [len(f"{row.instruction} {row.input}".split()) for row in examples]
    low, high = np.quantile(lengths, [1 / 3, 2 / 3]) if lengths else (0, 0)
    named = dict(
        zip(THIRDS, (f"up to {low:.0f}", f"to {high:.0f}", f"over {high:.0f}"), strict=True)
    )
    third = [THIRDS[int(length > low) + int(length > high)] for length in lengths]
    return {
        "label": [row.label or "no label" for row in examples],
        "length": [f"{name}: {named[name]} words" for name in third],
        "source": [row.source.partition(":")[0] or "unknown" for row in examples],
    }


def flips(ours: Report, theirs: Report, metric: str) -> list[Flip]:
    """Every row on which the two differ in a metric, the largest gain first."""
    paired = pair(ours, theirs, metric, ("student", "reference"))
    found = [
        Flip(row, float(gain), ours.answers[at], theirs.answers[at])
        for at, (row, gain) in enumerate(zip(ours.ids, paired.gains, strict=True))
        if gain != 0
    ]
    return sorted(found, key=lambda flip: (-flip.gain, flip.id))


def finding(gain: float, p_value: float) -> Finding:
    """What a gain is called, by the p-value of the two-sided test that there is none."""
    if p_value > LEVEL or gain == 0:
        return "inconclusive"
    return "better" if gain > 0 else "worse"


def is_worse_than(found: Comparison, margin: float) -> bool:
    """Whether the loss is surely larger than `margin`: the whole 95 % interval lies below it."""
    return found.gain.high < -margin


def _slice(
    ours: Report,
    theirs: Report,
    metric: str,
    dimension: str,
    value: str,
    rows: Sequence[int],
    groups: stats.Groups,
    seed: int,
) -> Slice:
    if len(rows) < FEW:
        return Slice(dimension, value, len(rows), None, 1.0)
    found = compare(
        _only(ours, rows),
        _only(theirs, rows),
        metric,
        groups=None if groups is None else [groups[at] for at in rows],
        seed=seed,
        min_rows=2,
    )
    return Slice(dimension, value, len(rows), found, found.p_value)


def _judged(found: Slice, adjusted: float) -> Slice:
    assert found.comparison is not None
    verdict = finding(found.comparison.gain.value, adjusted)
    return replace(found, comparison=replace(found.comparison, verdict=verdict), adjusted=adjusted)


def _mean_gain(found: Slice) -> float:
    return found.comparison.gain.value if found.comparison else 0.0


def _only(report: Report, rows: Sequence[int]) -> Report:
    return replace(
        report,
        ids=tuple(report.ids[at] for at in rows),
        scores={name: tuple(values[at] for at in rows) for name, values in report.scores.items()},
        answers=tuple(report.answers[at] for at in rows),
    )
