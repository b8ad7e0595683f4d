"""What a student must not unlearn: its scores on other rows, held to those of the base.

A student that answers tickets better and everything else worse is no gain for most people. The
base is the measure, not the last champion, so that small losses do not add up over the rounds.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from selfinstruct import stats
from selfinstruct.chat import Target
from selfinstruct.config import GuardConfig, SeedsConfig
from selfinstruct.errors import UserError
from selfinstruct.near.index import RougeIndex
from selfinstruct.pairs import Paired, pair
from selfinstruct.seeds import read_examples
from selfinstruct.seeds.split import question
from selfinstruct.shipped import shipped
from selfinstruct.text import words
from selfinstruct.types import Example, RealData, Report
from selfinstruct.verdict import Guard, Held

SHIPPED = "general"
AUTO = "auto"
# The paper's novelty threshold: a row that near to one the student learns from tells less.
NEAR = 0.7


def guarded_by(cfg: GuardConfig, target: Target) -> str | None:
    """The rows that guard a student who writes `target`: a path, `general`, or None for none."""
    if cfg.path != AUTO:
        return cfg.path
    return None if target == "label" else SHIPPED


def guard_rows(
    cfg: GuardConfig, target: Target, base: Path, data: RealData, seed: int
) -> tuple[Example, ...]:
    """At most `cfg.rows` rows that guard a run of these real rows; none where the guard is off.

    A row near one of the run's own is left out: learned from, it would flatter. The seeds that ship
    may be the run's own, and then nothing guards; of a file that the user names, nothing left is a
    `UserError`. Relative paths start at `base`.
    """
    named = guarded_by(cfg, target)
    if named is None:
        return ()
    own = named == SHIPPED
    path = str(shipped("seeds", "general.jsonl")) if own else named
    found = read_examples(SeedsConfig(path=path), base).examples
    index = RougeIndex(NEAR)
    for row in (*data.train, *data.dev, *data.gate, *data.final):
        index.add(words(question(row)))
    near = index.near_many([words(question(row)) for row in found])
    apart = [
        row
        for row, like in zip(found, near, strict=True)
        if row.response and not like.positions.size
    ]
    if not apart and not own:
        raise UserError(
            f"guard.path {named} has no row that guards",
            why="every row lacks a response or is nearly one of the run's own",
            next_step="name rows of another kind, or set guard.path=null",
        )
    return tuple(random.Random(f"{seed}/guard").sample(apart, min(cfg.rows, len(apart))))


def hold(
    candidate: Sequence[Report],
    base: Sequence[Report],
    cfg: GuardConfig,
    alpha: float,
    seed: int = 0,
) -> tuple[Guard, ...]:
    """The guard reports of a candidate and of the base in, one `Guard` for each set of rows out.

    Held at p <= alpha (all guards and the primary metric must pass, so none needs a correction:
    Berger, Technometrics 24:295, 1982). General rows are weighed by their tokens: their gain is
    that in nats of a whole answer, the margin a share of what the base needs for one.
    """
    theirs = {report.split: report for report in base}
    return tuple(
        guard
        for report in candidate
        for guard in _of(report, theirs[report.split], cfg, alpha, seed)
    )


def _of(ours: Report, theirs: Report, cfg: GuardConfig, alpha: float, seed: int) -> Iterator[Guard]:
    names = ("candidate", "base")
    if ours.split == "general":
        paired = pair(ours, theirs, "nats", names)
        yield _guard("general", paired, cfg.margin * float(paired.theirs.mean()), alpha, seed)
        return
    paired = pair(ours, theirs, "score", names)
    tasks = [row.partition("/")[0] for row in ours.ids]
    for task in dict.fromkeys(tasks):
        at = np.array([each == task for each in tasks])
        part = Paired("score", paired.ours[at], paired.theirs[at], paired.gains[at])
        yield _guard(task, part, cfg.margin, alpha, seed)


def _guard(name: str, paired: Paired, margin: float, alpha: float, seed: int) -> Guard:
    n = len(paired.gains)
    if paired.right_or_wrong:
        gain = stats.paired_binary_interval(paired.wins, paired.losses, n)
        p_value = stats.non_inferiority(paired.wins, paired.losses, n, margin)
    else:
        gain = stats.mean_interval(paired.gains, seed)
        p_value = stats.mean_non_inferiority(paired.gains, margin, seed)
    held: Held = "held" if p_value <= alpha else "broken" if gain.high < -margin else "unsure"
    means = float(paired.theirs.mean()), float(paired.ours.mean())
    return Guard(name, paired.metric, n, *means, gain, margin, p_value, held)
