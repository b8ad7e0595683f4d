"""What each filter is worth: students of the rows that it lets through beside students of the rows
that come in without it, on `dev`.

The pools are those of a replay: the stored answers, filtered again with one filter off. All
students have the same real rows, as many synthetic ones, the same steps and the same seeds; of two
pools the same rows are drawn as far as both have them. `gate` and `final` are not looked at. Every
training is an arm of a sweep, remembered as one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfinstruct import stats, student
from selfinstruct.apart import without_stress
from selfinstruct.arms import Arm
from selfinstruct.comparison import LEVEL, MIN_ROWS
from selfinstruct.config import override
from selfinstruct.errors import UserError
from selfinstruct.pairs import LOWER_IS_BETTER
from selfinstruct.progress import OnProgress
from selfinstruct.refilter import RULES, UNKNOWN, Record, Rule, count, kept, replay, switches
from selfinstruct.round import Pool
from selfinstruct.sweep import Bench, Outcome
from selfinstruct.types import Interval, digest
from selfinstruct.verdict import Finding

PREFIX = "filters."
NEVER_OFF = "filters.contamination"
"""It keeps the words of dev rows out of what is learned; a student without it would be praised for
what it had read."""


@dataclass(frozen=True)
class Ablation:
    """A filter switched off: the pool of a replay without it, and how that differs.

    `new` are rows that come in, `gone` those that they push out: by being near to them, or by
    filling the round first. `unknown` are candidates of which only asking could tell.
    """

    name: str
    pool: Pool
    new: int
    gone: int
    unknown: int

    @property
    def changes(self) -> bool:
        """Whether there is anything to train on that the filter keeps away."""
        return self.new + self.gone > 0


@dataclass(frozen=True)
class Plan:
    """All pools, before any training. `synthetic` rows are drawn of each pool that is trained on,
    which is `share` of the mixture.
    """

    reference: Pool
    ablations: tuple[Ablation, ...]
    synthetic: int
    share: float

    def rows(self, pool: Pool, seed: int) -> Pool:
        """Those that are drawn of a pool for one seed."""
        return choose_rows(pool, self.synthetic, seed)

    def differing(self, one: Ablation, seed: int) -> int:
        """How many of the rows drawn without a filter are not drawn with it."""
        ours = {row.id for row in self.rows(self.reference, seed)}
        return sum(row.id not in ours for row in self.rows(one.pool, seed))


@dataclass(frozen=True)
class Effect:
    """What having a filter gains in one metric, signed so that more is better.

    `value` and `without` are the means with it and without it; `adjusted` is the p-value after
    Holm's correction over the filters.
    """

    metric: str
    value: float
    without: float
    gain: Interval
    adjusted: float
    verdict: Finding


def plan_ablations(
    record: Record,
    names: Sequence[str] = (),
    share: float | None = None,
    rules: Mapping[str, Rule] = RULES,
) -> Plan:
    """The pools of a run with each of these filters off, of all that are on where none is named.

    `share` is the synthetic one, by default the run's own, and less where a pool has too few rows.
    Raises `UserError` for a name that is no filter that is on, and where nothing was kept.
    """
    reference = _free(record, kept(replay(record, record.cfg.filters, rules)))
    if not reference:
        raise UserError(
            f"{record.store.folder} has kept no rows, so there is no filter to hold them against",
            next_step="selfinstruct refilter RUN --curve all shows which filter drops most",
        )
    ablations = tuple(
        _ablate(record, name, settings, reference, rules)
        for name, settings in _wanted(record, names).items()
    )
    real = len(record.data.train)
    asked = record.cfg.mixture.synthetic_share if share is None else share
    if not 0 < asked <= 1:
        raise UserError(f"a synthetic share of {asked:g} leaves no rows for a filter to matter")
    fewest = min([len(reference), *(len(one.pool) for one in ablations if one.changes)])
    wanted = fewest if asked == 1 else max(1, round(asked / (1 - asked) * real))
    synthetic = min(fewest, wanted)
    return Plan(reference, ablations, synthetic, synthetic / (synthetic + real))


def _wanted(record: Record, names: Sequence[str]) -> dict[str, list[str]]:
    """Each filter's name to the settings that switch it off; a section's name stands for all in it.

    Raises `UserError` as `plan_ablations`.
    """
    on = {
        path: f"{path}={json.dumps(off)}"
        for path, off in switches(record.cfg.filters).items()
        if not path.startswith(NEVER_OFF)
    }
    found: dict[str, list[str]] = {}
    for name in names or on:
        path = name if name.startswith(PREFIX) else f"{PREFIX}{name}"
        if path.startswith(NEVER_OFF):
            raise UserError(
                f"{path} is never switched off",
                why="it keeps dev rows out of what is learned, so a student without it would be "
                "praised for what it had read",
            )
        found[path] = [text for key, text in on.items() if f"{key}.".startswith(f"{path}.")]
        if not found[path]:
            raise UserError(
                f"{path} is no filter that is on in this run", next_step=f"one of {', '.join(on)}"
            )
    return found


def _ablate(
    record: Record,
    name: str,
    settings: Sequence[str],
    reference: Pool,
    rules: Mapping[str, Rule],
) -> Ablation:
    waves = replay(record, override(record.cfg, settings).filters, rules)
    pool = _free(record, kept(waves))
    had, has = {row.id for row in reference}, {row.id for row in pool}
    reasons = count(wave.found for wave in waves)
    unknown = sum(reasons[reason] for reason in UNKNOWN)
    return Ablation(name, pool, len(has - had), len(had - has), unknown)


def _free(record: Record, pool: Pool) -> Pool:
    return without_stress(record.store, pool, record.data.train)


def choose_rows(pool: Pool, size: int, seed: int) -> Pool:
    """So many rows of a pool, by the digest of seed and row: of two pools mostly the same ones."""
    ranked = sorted(pool, key=lambda row: digest([seed, row.id]))
    return tuple(ranked[:size])


def run_ablations(
    record: Record, plan: Plan, seeds: int, on_progress: OnProgress
) -> dict[str | None, list[Outcome]]:
    """The outcome of each seed by the filter that was off, None for all on; what needs no training
    is left out.

    A training that cannot be is a gap with its reason, and tried again next time.
    """
    task, unit = record.task, record.cfg.mixture.model_copy(update={"unit": "rows"})
    cfg = record.cfg.model_copy(update={"mixture": unit})
    pools: dict[str | None, Pool] = {None: plan.reference}
    pools |= {one.name: one.pool for one in plan.ablations if one.changes}
    found: dict[str | None, list[Outcome]] = {name: [] for name in pools}
    if len(pools) == 1:
        return found
    wanted = [(seed, name) for seed in range(seeds) for name in pools]
    with student.Workshop(cfg.student.name, cfg.student, task.target, cfg.task.system) as workshop:
        for at, (seed, name) in enumerate(wanted, start=1):
            rows = plan.rows(pools[name], seed)
            told = _named(on_progress, name)
            bench = Bench(cfg, record.store, record.data, rows, task, workshop, told)
            arm = Arm("fixed-real", plan.share, seed)
            found[name].append(bench.outcome(arm, f"arm {at}/{len(wanted)}"))
    return found


def _named(on_progress: OnProgress, name: str | None) -> OnProgress:
    """Progress of one training that says which filter is off in it."""
    what = "all filters" if name is None else f"without {name.removeprefix(PREFIX)}"
    return lambda progress: on_progress(replace(progress, note=f"{what} · {progress.note}"))


def effects(
    outcomes: Mapping[str | None, Sequence[Outcome]],
    metric: str,
    groups: stats.Groups = None,
    min_rows: int = MIN_ROWS,
) -> dict[str, Effect]:
    """What each filter gains in a metric, over the seeds that both its students and those of all
    filters have; one with no common seed is left out.

    Paired row by row, two-sided at 5 %, both the luck of the rows and that of the training counted
    (`stats.two_level_test`), and Holm's correction over the filters. On fewer than `min_rows` rows
    all is inconclusive.
    """
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    scores = {name: _scores(of, metric) for name, of in outcomes.items()}
    reference = scores[None]
    both: dict[str, tuple[stats.Sample, stats.Sample]] = {}
    for name, own in scores.items():
        seeds = sorted(own.keys() & reference.keys())
        if name is not None and seeds:
            both[name] = (_grid(reference, seeds), _grid(own, seeds))
    gains = {name: sign * (ours - theirs) for name, (ours, theirs) in both.items()}
    between = stats.seed_variance(list(gains.values()))
    tests = {name: stats.two_level_test(gain, between, groups) for name, gain in gains.items()}
    adjusted = dict(zip(tests, stats.holm([t.p_value for t in tests.values()]), strict=True))
    return {
        name: Effect(
            metric,
            float(both[name][0].mean()),
            float(both[name][1].mean()),
            test.gain,
            adjusted[name],
            _verdict(test.gain, adjusted[name], gains[name].shape[1] >= min_rows),
        )
        for name, test in tests.items()
    }


def _scores(outcomes: Sequence[Outcome], metric: str) -> dict[int, tuple[float, ...]]:
    scored = {one.arm.seed: one.report for one in outcomes if one.report is not None}
    return {seed: report.scores[metric] for seed, report in scored.items()}


def _grid(scores: Mapping[int, Sequence[float]], seeds: Sequence[int]) -> stats.Sample:
    """Scores as seeds x rows. Raises `UserError` where one is no finite number."""
    grid = np.asarray([scores[seed] for seed in seeds], dtype=np.float64)
    if not np.isfinite(grid).all():
        raise UserError(
            "a student has scores that are no number, so nothing can be held against it",
            next_step="train again with a lower student.learning_rate",
        )
    return grid


def _verdict(gain: Interval, adjusted: float, enough: bool) -> Finding:
    if not enough or adjusted > LEVEL or gain.value == 0:
        return "inconclusive"
    return "better" if gain.value > 0 else "worse"
