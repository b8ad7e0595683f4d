"""One frozen pool at several synthetic shares: which mixture makes the best student on `dev`.

Every arm is a student of its own share and seed, trained from the base for the same number of
steps and scored on `dev`; `gate` and `final` are not looked at. With one seed the real and the
synthetic rows of all arms are nested. An arm is remembered when it is finished, so that a stopped
sweep goes on, and another share adds its arms alone.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from selfinstruct import student
from selfinstruct.chat import Target
from selfinstruct.config import Config
from selfinstruct.errors import StoreError, UserError
from selfinstruct.evaluate import evaluate
from selfinstruct.mixture import mix
from selfinstruct.models import open_student
from selfinstruct.store import Store
from selfinstruct.task import Task, settle
from selfinstruct.types import (
    Checkpoint,
    Example,
    Mixture,
    OnProgress,
    Progress,
    RealData,
    Report,
    digest,
    silent,
)

Design = Literal["fixed-real", "fixed-size"]
STAGE = "sweep"


@dataclass(frozen=True, slots=True)
class Arm:
    """One training of a sweep; `rows` is the size of its mixture in the design fixed-size."""

    design: Design
    share: float
    seed: int
    rows: int | None = None

    @property
    def name(self) -> str:
        """Shown to people, such as `share 0.25, seed 1`."""
        return f"share {self.share:g}, seed {self.seed}"


@dataclass(frozen=True)
class Outcome:
    """What became of an arm: its mixture and dev scores, or why there are none."""

    arm: Arm
    mixture: dict[str, Any]
    report: Report | None
    failure: str = ""


def plan_arms(
    design: Design, shares: Sequence[float], seeds: int, real: int, synthetic: int
) -> list[Arm]:
    """The arms of a sweep, seed by seed, real rows alone (share 0) always among them.

    `fixed-real` keeps every real row and adds synthetic ones, as a user would; `fixed-size` keeps
    the number of rows, which tells the mix from the amount: as many rows as the largest share
    allows, so that a larger one than before makes new arms of all. Raises `UserError` for a share
    that is not in 0..1, or 1 with all real rows kept.
    """
    wanted = sorted({0.0, *shares})
    wrong = [share for share in wanted if not 0 <= share <= 1]
    if wrong:
        raise UserError(f"a share of {wrong[0]:g} is not in 0..1")
    if design == "fixed-real" and wanted[-1] == 1:
        raise UserError(
            "a share of 1 keeps no real row, and the design fixed-real keeps them all",
            next_step="leave it out, or add --design fixed-size",
        )
    rows = None
    if design == "fixed-size":
        rows = min(real, int(synthetic / wanted[-1])) if wanted[-1] > 0 else real
    return [Arm(design, share, seed, rows) for seed in range(seeds) for share in wanted]


def run_sweep(
    cfg: Config, folder: Path, arms: Sequence[Arm], on_progress: OnProgress = silent
) -> list[Outcome]:
    """Every arm's outcome, in order; a finished one is read from the ledger of the run's folder.

    An arm that cannot be trained is a gap with its reason, and tried again next time. Raises
    `StoreError` where the run has no frozen rows, `UserError` where it has no pool.
    """
    with Store(folder, write=True) as store:
        data, pool = frozen(store)
        bench = _Bench(cfg, store, data, pool, settle(cfg, data), on_progress)
        return [bench.outcome(arm, at, len(arms)) for at, arm in enumerate(arms, start=1)]


def frozen(store: Store) -> tuple[RealData, tuple[Example, ...]]:
    """The real rows of a run and every synthetic row it ever kept, whatever its gate said."""
    data = store.real_data()
    if data is None:
        raise StoreError(
            f"{store.folder} has not begun", next_step="selfinstruct run CONFIG starts it"
        )
    rounds = sorted({stage["round"] for stage in store.stages() if stage["stage"] == "generate"})
    kept = (example for index in rounds for example in store.screened(index).accepted)
    pool = tuple({example.id: example for example in kept}.values())
    if not pool:
        raise UserError(
            f"{store.folder} has no synthetic rows yet, so there is no share to choose",
            next_step="selfinstruct run CONFIG --rounds 1",
        )
    return data, pool


def mix_arm(
    cfg: Config, target: Target, data: RealData, pool: Sequence[Example], arm: Arm
) -> Mixture:
    """The rows of one arm. Raises `UserError` where the pool is too small for its share."""
    exact = {
        "synthetic_share": arm.share,
        "max_rows": arm.rows,
        "repeat": 1,
        "on_shortage": "error",
    }
    tokens = None
    if cfg.mixture.unit == "tokens":
        tokens = student.count_tokens(cfg.student.name, target, cfg.task.system)
    # The same chance for every share, so that the rows of a smaller one are in the larger ones.
    rng = random.Random(f"{cfg.seed}/{arm.seed}/sweep")
    return mix(data.train, pool, cfg.mixture.model_copy(update=exact), rng, tokens)


@dataclass(frozen=True)
class _Bench:
    cfg: Config
    store: Store
    data: RealData
    pool: tuple[Example, ...]
    task: Task
    on_progress: OnProgress

    def outcome(self, arm: Arm, at: int, of: int) -> Outcome:
        key = self._key(arm)
        known = self.store.stage(0, f"{STAGE} {key}")
        if known is not None:
            return Outcome(arm, known["mixture"], self.store.report(key, "dev"))
        began = time.monotonic()
        label = f"arm {at}/{of}"
        self._say(label, Progress(0, "", note="loading"), arm)
        try:
            mixture = mix_arm(self.cfg, self.task.target, self.data, self.pool, arm)
            report = self._score(arm, self._train(arm, mixture, key, label), label)
        except StoreError:
            raise
        except UserError as error:  # this arm cannot be; the others may
            return Outcome(arm, {}, None, error.what)
        counts = {
            "rows": len(mixture.rows),
            "synthetic": sum(row.origin == "synthetic" for row in mixture.rows),
            "achieved_share": mixture.achieved_share,
        }
        # Under the arm's key: one adapter can be scored in two ways, by two sweeps.
        report = replace(report, checkpoint=key)
        if self.store.report(key, "dev") is None:  # else it was stored just before a stop
            self.store.commit_report(report)
        result = {"mixture": counts, "arm": arm.name}
        self.store.commit_stage(0, f"{STAGE} {key}", result, time.monotonic() - began)
        return Outcome(arm, counts, report)

    def _key(self, arm: Arm) -> str:
        """What decides an arm's scores; another pool or another student is another arm."""
        cfg = self.cfg
        settings = {
            key: value
            for key, value in cfg.identity.items()
            if key.startswith(("student.", "evaluate.", "task.", "mixture.unit"))
        }
        rows = [row.id for row in (*self.data.train, *self.pool)]
        return digest(
            [arm.design, arm.share, arm.seed, arm.rows, cfg.seed, self.task.steps, settings, rows]
        )[:16]

    def _train(self, arm: Arm, mixture: Mixture, key: str, stage: str) -> Checkpoint:
        cfg = self.cfg
        return student.train(
            mixture.rows,
            cfg.student.name,
            cfg.student.model_copy(update={"max_steps": self.task.steps}),
            self.task.target,
            cfg.task.system,
            self.store.folder / "sweep" / key / "adapter",
            cfg.seed + arm.seed,
            lambda progress: self._say(f"{stage} train", progress, arm),
            arm.name,
        )

    def _score(self, arm: Arm, checkpoint: Checkpoint, stage: str) -> Report:
        cfg = self.cfg
        opened = open_student(checkpoint, cfg.student.device, cfg.evaluate.batch_size)
        with closing(opened) as model:
            return evaluate(
                model,
                checkpoint,
                self.data.dev,
                "dev",
                cfg.evaluate,
                self.task.target,
                cfg.task.system,
                lambda progress: self._say(f"{stage} evaluate", progress, arm),
            )

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
