"""Students of the rows that a filter lets through beside students of the rows that come in without
it, on `dev`; what they say of its worth is for `effects`.

The pools are those of a replay: the stored answers, filtered again with one filter off. All
students have the same real rows, as many synthetic ones, the same steps and the same seeds; of two
pools the same rows are drawn as far as both have them. `gate` and `final` are not looked at. Every
training is an arm of a sweep, remembered as one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median

from selfinstruct import student
from selfinstruct.apart import without_stress
from selfinstruct.config import override
from selfinstruct.errors import UserError
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.refilter import (
    RULES,
    UNKNOWN,
    Record,
    Replayed,
    Rule,
    count,
    kept,
    replay,
    switches,
)
from selfinstruct.round import Pool
from selfinstruct.telling import seconds
from selfinstruct.tuning.arms import Arm
from selfinstruct.tuning.sweep import STAGE, Bench, Outcome
from selfinstruct.types import UNNEEDED, digest

PREFIX = "filters."
NEVER_OFF = "filters.contamination"
"""It keeps the words of dev rows out of what is learned; a student without it would be praised for
what it had read."""


@dataclass(frozen=True)
class Ablation:
    """A filter switched off by these settings: the pool of a replay without it, and what differs.

    `alone` are candidates that no other filter drops; `new` are those of them that come in before a
    round is full, `gone` the rows that they push out: by being near to them, or by filling the
    round first. `unknown` are candidates of which only asking could tell.
    """

    name: str
    off: tuple[str, ...]
    pool: Pool
    alone: int
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
class Work:
    """What there is to train: so many students, so many of them not yet trained, and the seconds
    that one of those takes with its scoring, None where nothing in the ledger tells.
    """

    students: int
    missing: int
    each: float | None


def plan_ablations(
    record: Record,
    names: Sequence[str] = (),
    share: float | None = None,
    rules: Mapping[str, Rule] = RULES,
    on_progress: OnProgress = silent,
) -> Plan:
    """The pools of a run with each of these filters off, of all that are on where none is named.

    `share` is the synthetic one, by default the run's own, and less where a pool has too few rows.
    Raises `UserError` for a name that is no filter that is on, and where nothing was kept.
    """
    wanted_off = _wanted(record, names)
    on_progress(Progress(0, "replay", note="the stored answers with all filters"))
    waves = replay(record, record.cfg.filters, rules)
    reference = _free(record, kept(waves))
    if not reference:
        raise UserError(
            f"{record.store.folder} has kept no rows, so there is no filter to hold them against",
            next_step="selfinstruct refilter RUN --curve all shows which filter drops most",
        )
    ablations = []
    for at, (name, settings) in enumerate(wanted_off.items(), start=1):
        note = f"without {name.removeprefix(PREFIX)}"
        on_progress(Progress(0, "replay", at, len(wanted_off), "filters", note=note))
        ablations.append(_ablate(record, name, settings, reference, waves, rules))
    real = len(record.data.train)
    asked = record.cfg.mixture.synthetic_share if share is None else share
    if not 0 < asked <= 1:
        raise UserError(f"a synthetic share of {asked:g} leaves no rows for a filter to matter")
    fewest = min([len(reference), *(len(one.pool) for one in ablations if one.changes)])
    wanted = fewest if asked == 1 else max(1, round(asked / (1 - asked) * real))
    synthetic = min(fewest, wanted)
    return Plan(reference, tuple(ablations), synthetic, synthetic / (synthetic + real))


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
    before: Sequence[Replayed],
    rules: Mapping[str, Rule],
) -> Ablation:
    waves = replay(record, override(record.cfg, settings).filters, rules)
    pool = _free(record, kept(waves))
    had, has = {row.id for row in reference}, {row.id for row in pool}
    reasons = count(wave.found for wave in waves)
    return Ablation(
        name,
        tuple(settings),
        pool,
        alone=len(_passing(waves) - _passing(before)),
        new=len(has - had),
        gone=len(had - has),
        unknown=sum(reasons[reason] for reason in UNKNOWN),
    )


def _passing(waves: Sequence[Replayed]) -> set[str]:
    """The ids of candidates that pass all filters, those too that a full round has no use for."""
    found = {row.id for row in kept(waves)}
    for wave in waves:
        found |= {item.what.id for item in wave.found.rejected if item.reason in UNNEEDED}
    return found


def _free(record: Record, pool: Pool) -> Pool:
    return without_stress(record.store, pool, record.data.train)


def choose_rows(pool: Pool, size: int, seed: int) -> Pool:
    """So many rows of a pool, by the digest of seed and row: of two pools mostly the same ones."""
    ranked = sorted(pool, key=lambda row: digest([seed, row.id]))
    return tuple(ranked[:size])


def foresee(record: Record, plan: Plan, seeds: int) -> Work:
    """What `run_ablations` has to train, and what the students so far took: arms of as many steps
    where there are any, else those of the run's own rounds.
    """
    with _workshop(record) as workshop:
        arms = _arms(record, plan, seeds, workshop, silent)
        missing = sum(not arm.bench.remembers(arm.arm) for arm in arms)
    return Work(len(arms), missing, _pace(record))


def _pace(record: Record) -> float | None:
    """The median seconds of a student, trained for as many steps and scored on dev."""
    stages = record.store.stages()
    arms: list[float] = [
        sum(stage["result"]["seconds"].values())
        for stage in stages
        if stage["stage"].startswith(f"{STAGE} ")
        and stage["result"].get("seconds")
        and stage["result"].get("steps") == record.task.steps
    ]
    if arms:
        return median(arms)
    trained: list[float] = [stage["seconds"] for stage in stages if stage["stage"] == "train"]
    if not trained:
        return None
    splits = {"dev": len(record.data.dev), "gate": len(record.data.gate)}
    a_row: list[float] = [
        stage["seconds"] / splits[split]
        for stage in stages
        for name, _, split in [stage["stage"].rpartition(" on ")]
        if name.startswith("evaluate ") and splits.get(split)
    ]
    return median(trained) + (median(a_row) * len(record.data.dev) if a_row else 0.0)


def run_ablations(
    record: Record, plan: Plan, seeds: int, on_progress: OnProgress
) -> dict[str | None, list[Outcome]]:
    """The outcome of each seed by the filter that was off, None for all on; what needs no training
    is left out.

    A training that cannot be is a gap with its reason, and tried again next time.
    """
    found: dict[str | None, list[Outcome]] = {None: []}
    found |= {name: [] for name in _pools(plan)}
    took: list[float] = []
    with _workshop(record) as workshop:
        arms = _arms(record, plan, seeds, workshop, on_progress)
        missing = [not arm.bench.remembers(arm.arm) for arm in arms]
        for at, arm in enumerate(arms):
            label = f"arm {at + 1}/{len(arms)}"
            outcome = arm.bench.outcome(arm.arm, label)
            found[arm.without].append(outcome)
            left = sum(missing[at + 1 :])
            if missing[at] and outcome.seconds:
                took.append(sum(outcome.seconds.values()))
            if missing[at] and left and took:
                told = f"{left} more to train, about {seconds(mean(took) * left)}"
                on_progress(Progress(0, label, note=told))
    return found


@dataclass(frozen=True)
class _Arm:
    """One student: the filter that is off, None for none, and where it is trained."""

    without: str | None
    arm: Arm
    bench: Bench


def _workshop(record: Record) -> student.Workshop:
    cfg = record.cfg
    return student.Workshop(cfg.student.name, cfg.student, record.task.target, cfg.task.system)


def _pools(plan: Plan) -> dict[str | None, Pool]:
    """What is trained on, by the filter that is off; nothing where no filter changes anything."""
    pools: dict[str | None, Pool] = {None: plan.reference}
    pools |= {one.name: one.pool for one in plan.ablations if one.changes}
    return pools if len(pools) > 1 else {}


def _arms(
    record: Record,
    plan: Plan,
    seeds: int,
    workshop: student.Workshop,
    on_progress: OnProgress,
) -> list[_Arm]:
    """All students, seed by seed, so that one that is stopped has compared all filters so far."""
    unit = record.cfg.mixture.model_copy(update={"unit": "rows"})
    cfg = record.cfg.model_copy(update={"mixture": unit})
    found = []
    for seed in range(seeds):
        for name, pool in _pools(plan).items():
            rows, told = plan.rows(pool, seed), _named(on_progress, name)
            bench = Bench(cfg, record.store, record.data, rows, record.task, workshop, told)
            found.append(_Arm(name, Arm("fixed-real", plan.share, seed), bench))
    return found


def _named(on_progress: OnProgress, name: str | None) -> OnProgress:
    """Progress of one training that says which filter is off in it."""
    what = "all filters" if name is None else f"without {name.removeprefix(PREFIX)}"
    return lambda progress: on_progress(replace(progress, note=f"{what} · {progress.note}"))
