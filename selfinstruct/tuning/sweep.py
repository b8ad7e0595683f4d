"""One frozen pool at several synthetic shares: which mixture makes the best student on `dev`.

Every arm is a student of its own share and seed, trained from the base for the same number of
steps and scored on `dev`; `gate` and `final` are not looked at. With one seed the real and the
synthetic rows of all arms are nested. The base and the tokens of the rows are loaded once for all.
An arm is remembered when it is finished, so that a stopped sweep goes on, and another share adds
its arms alone.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from selfinstruct import student
from selfinstruct.config import Config
from selfinstruct.disk.files import digest_file
from selfinstruct.errors import DiskError, StoreError, UserError
from selfinstruct.evaluate import evaluate
from selfinstruct.models import open_student
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.store import Store
from selfinstruct.task import Task, settle
from selfinstruct.tuning.arms import Arm, frozen, mix_arm
from selfinstruct.tuning.halving import Halving, halve, rungs
from selfinstruct.types import Checkpoint, Example, RealData, Report, digest

STAGE = "sweep"
MIXED_BY = ("mixture.unit", "mixture.repeat")
"""What of the mixture's settings an arm does not decide itself."""


@dataclass(frozen=True)
class Outcome:
    """What became of an arm: its mixture and dev scores, or why there are none.

    `seconds` tells the time of the optimiser steps ("train") from that of scoring ("evaluate").
    """

    arm: Arm
    mixture: dict[str, Any]
    report: Report | None
    failure: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Swept:
    """A sweep's outcomes in the order of its arms; those of dropped shares are not among them.

    With halving: the outcomes of the short trainings, and what they said.
    """

    outcomes: list[Outcome]
    rungs: list[Outcome] = field(default_factory=list)
    halving: Halving | None = None


def run_sweep(
    cfg: Config,
    folder: Path,
    arms: Sequence[Arm],
    on_progress: OnProgress = silent,
    halve_by: str | None = None,
) -> Swept:
    """Every arm's outcome, in order; a finished one is read from the ledger of the run's folder.

    With `halve_by`, a metric, all shares are trained short on their first seed, and those that
    `halving` drops are not trained in full. An arm that cannot be trained is a gap with its reason,
    and tried again next time. Raises `StoreError` where the run has no frozen rows, `UserError`
    where it has no pool and where a training has too few steps to halve.
    """
    with Store(folder, write=True) as store:
        data, pool = frozen(store)
        task = settle(cfg, data)
        with student.Workshop(
            cfg.student.name, cfg.student, task.target, cfg.task.system
        ) as workshop:
            bench = Bench(cfg, store, data, pool, task, workshop, on_progress)
            if halve_by is None:
                return Swept(bench.outcomes(arms))
            first = [arm for arm in arms if arm.seed == arms[0].seed]
            short = [replace(arm, steps=steps) for steps in rungs(task.steps) for arm in first]
            tried = bench.outcomes(short)
            said = _halve(tried, halve_by)
            kept = [arm for arm in arms if arm.share not in said.dropped]
            return Swept(bench.outcomes(kept), tried, said)


def _halve(tried: Sequence[Outcome], metric: str) -> Halving:
    by_steps: dict[int | None, dict[float, float]] = {one.arm.steps: {} for one in tried}
    for one in _scored(tried, metric):
        assert one.report is not None
        by_steps[one.arm.steps][one.arm.share] = one.report.mean(metric)
    quarter, half = by_steps.values()
    return halve(quarter, half, metric)


@dataclass(frozen=True)
class Bench:
    """Where arms are trained and scored on dev: one pool, and a base that is loaded once.

    A finished arm is remembered under what decides its scores, the rows of the pool among it.
    """

    cfg: Config
    store: Store
    data: RealData
    pool: tuple[Example, ...]
    task: Task
    workshop: student.Workshop
    on_progress: OnProgress

    def outcomes(self, arms: Sequence[Arm]) -> list[Outcome]:
        """Each arm's outcome, in order. An arm that cannot be is a gap with its reason."""
        return [self.outcome(arm, f"arm {at}/{len(arms)}") for at, arm in enumerate(arms, 1)]

    def outcome(self, arm: Arm, label: str) -> Outcome:
        """One arm's outcome; `label` is its place among all, such as `arm 1/6`."""
        key = self._key(arm)
        known = self.store.stage(0, f"{STAGE} {key}")
        if known is not None:
            # An arm that an older version finished was not timed.
            seconds = known.get("seconds", {})
            report = self.store.report(key, "dev")
            return Outcome(arm, known["mixture"], report, seconds=seconds)
        self._say(label, Progress(0, "", note="loading"), arm)
        try:
            return self._finish(arm, key, label)
        except (StoreError, DiskError):  # no arm's fault
            raise
        except UserError as error:  # this arm cannot be; the others may
            return Outcome(arm, {}, None, error.what)

    def remembers(self, arm: Arm) -> bool:
        """Whether an arm is finished, so that its outcome takes no training."""
        return self.store.stage(0, f"{STAGE} {self._key(arm)}") is not None

    def _finish(self, arm: Arm, key: str, label: str) -> Outcome:
        began = time.monotonic()
        tokens = self.workshop.count if self.cfg.mixture.unit == "tokens" else None
        mixture = mix_arm(self.cfg, self.data, self.pool, arm, tokens)
        steps = self._steps(arm)
        trained = self.workshop.train(
            mixture.rows,
            self.store.folder / "sweep" / key / "adapter",
            self.cfg.seed + arm.seed,
            lambda progress: self._say(f"{label} train", progress, arm),
            arm.name,
            steps,
        )
        report, took = self._score(arm, trained.checkpoint, label)
        seconds = {"train": trained.seconds, "evaluate": took}
        counts = {
            "rows": len(mixture.rows),
            "synthetic": sum(row.origin == "synthetic" for row in mixture.rows),
            "achieved_share": mixture.achieved_share,
        }
        # Under the arm's key: one adapter can be scored in two ways, by two sweeps.
        report = replace(report, checkpoint=key)
        result = {
            **asdict(replace(arm, steps=steps)),
            "arm": arm.name,
            "digest": trained.checkpoint.digest,
            "mixture": counts,
            "seconds": seconds,
        }
        # An older version stored the two apart, and may have been stopped in between.
        new = report if self.store.report(key, "dev") is None else None
        self.store.commit_stage(0, f"{STAGE} {key}", result, time.monotonic() - began, new)
        return Outcome(arm, counts, report, seconds=seconds)

    def _steps(self, arm: Arm) -> int:
        return self.task.steps if arm.steps is None else arm.steps

    def _key(self, arm: Arm) -> str:
        """What decides an arm's scores; another pool or another student is another arm."""
        cfg = self.cfg
        settings = {
            key: value
            for key, value in cfg.identity.items()
            if key.startswith(("student.", "evaluate.", "task.", *MIXED_BY))
            and key not in ("student.max_steps", "student.epochs")  # the steps say it
        }
        if schema := cfg.evaluate.json_schema:  # what it says, wherever it lies
            settings["evaluate.json_schema"] = digest_file(Path(schema))
        rows = [row.id for row in (*self.data.train, *self.pool)]
        steps = self._steps(arm)
        return digest([arm.design, arm.share, arm.seed, arm.rows, cfg.seed, steps, settings, rows])

    def _score(self, arm: Arm, checkpoint: Checkpoint, stage: str) -> tuple[Report, float]:
        """The scores on dev, and the seconds that took without opening the student."""
        cfg, base = self.cfg, self.workshop.base
        opened = open_student(checkpoint, cfg.student.device, cfg.evaluate.batch_size, base)
        with closing(opened) as model:
            began = time.monotonic()
            report = evaluate(
                model,
                checkpoint,
                self.data.dev,
                "dev",
                cfg.evaluate,
                self.task.target,
                cfg.task.system,
                lambda progress: self._say(f"{stage} evaluate", progress, arm),
            )
            return report, time.monotonic() - began

    def _say(self, stage: str, progress: Progress, arm: Arm) -> None:
        note = " · ".join(part for part in (arm.name, progress.note) if part)
        self.on_progress(replace(progress, stage=stage, note=note))


def scores_by_share(
    outcomes: Sequence[Outcome], metric: str
) -> dict[float, dict[int, tuple[float, ...]]]:
    """The per-row scores of the arms that have any, by share and seed.

    Raises `UserError` for a metric they were not scored on.
    """
    found: dict[float, dict[int, tuple[float, ...]]] = {}
    for outcome in _scored(outcomes, metric):
        assert outcome.report is not None
        found.setdefault(outcome.arm.share, {})[outcome.arm.seed] = outcome.report.scores[metric]
    return found


def _scored(outcomes: Sequence[Outcome], metric: str) -> Iterator[Outcome]:
    for outcome in outcomes:
        if outcome.report is None:
            continue
        if metric not in outcome.report.scores:
            raise UserError(
                f"the arms were not scored on {metric}",
                next_step=f"--metric knows {', '.join(outcome.report.scores)}",
            )
        yield outcome
