"""What all stages of one run share: its config, ledger and frozen rows, and who watches."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from selfinstruct.aiming.weights import weak_labels
from selfinstruct.apart import to_show
from selfinstruct.config import Config, ModelConfig
from selfinstruct.errors import DivergedError, StoreError
from selfinstruct.generate import Aim
from selfinstruct.model import Model
from selfinstruct.privacy import Finder
from selfinstruct.progress import OnProgress, Progress
from selfinstruct.prompting import SHIPPED, Prompts
from selfinstruct.rows import Row
from selfinstruct.store import Store
from selfinstruct.task import Task
from selfinstruct.teacher import Teacher
from selfinstruct.tracking import FAULTS, Fault, Track
from selfinstruct.types import Checkpoint, Example, RealData, Report, Score

ENDS = ("gate", "diverged")
"""The stages that end a round: a verdict, or that there is no student to give one on."""


def aim_of(
    cfg: Config,
    data: RealData,
    task: Task,
    index: int,
    pool: tuple[Example, ...],
    focus: Mapping[str, float],
    prompts: Prompts,
    store: Store,
) -> Aim:
    """What a round of a run with these settings generates for; what its ledger has set apart is
    shown to nobody.
    """
    return Aim(
        index,
        cfg.seed,
        data,
        pool,
        task.target,
        task.recipes,
        focus,
        task.speech,
        cfg.privacy,
        cfg.teacher.terms,
        prompts,
        cfg.licenses,
        to_show(store, index, data.train),
    )


def focus_of(cfg: Config, store: Store, data: RealData, champion: str) -> Mapping[str, float]:
    """The weight of each label, by what the dev report of the champion with this digest says of it
    and nothing else. Raises `StoreError` where there is none.
    """
    if cfg.generate.focus is None:
        return {}
    report = store.report(champion, "dev")
    if report is None:
        raise StoreError(
            f"{store.folder} has no scores of the champion ({champion}) on dev",
            why="generate.focus goes by them",
            next_step="look with: selfinstruct doctor, or take generate.focus away in a new run",
        )
    return weak_labels(report, data.dev, data.labels)


def first_focus(cfg: Config, store: Store, data: RealData) -> Mapping[str, float] | None:
    """The weight of each label in round 1, whose champion is the control; None where that has not
    been scored on dev yet.
    """
    control = store.stage(0, "train")
    if cfg.generate.focus is None:
        return {}
    if control is None or store.report(control["digest"], "dev") is None:
        return None
    return focus_of(cfg, store, data, control["digest"])


@dataclass(frozen=True)
class Setting:
    """One run, ready to work.

    `guards` are the rows of another kind that a student must not get worse on, `base` is the
    untuned student, `task_path` the folder of the user's own lm-evaluation-harness tasks, `prompts`
    what its models are asked with.
    """

    cfg: Config
    store: Store
    data: RealData
    guards: tuple[Example, ...]
    task: Task
    base: Checkpoint
    on_progress: OnProgress
    task_path: Path | None = None
    prompts: Prompts = SHIPPED

    def folder(self, index: int) -> Path:
        """Where a round leaves its files."""
        return self.store.folder / "rounds" / str(index)

    def asks(self, model: Model, cfg: ModelConfig) -> Teacher:
        """The opened model as one that is paid from this run's budget."""
        on_progress, seed = self.on_progress, self.cfg.seed
        privacy = self.cfg.privacy
        hidden = Finder.of(privacy) if privacy.hides_from(cfg) else None
        return Teacher(model, self.store, self.cfg.budget, seed, on_progress, cfg.parallel, hidden)

    def aim(
        self, index: int, pool: tuple[Example, ...], focus: Mapping[str, float] | None = None
    ) -> Aim:
        """What a round generates for; `focus` is the weight of labels that is not 1."""
        cfg, data, task = self.cfg, self.data, self.task
        return aim_of(cfg, data, task, index, pool, focus or {}, self.prompts, self.store)

    def track(self, index: int, what: str) -> Track | None:
        """Where the training of this student, or a round's verdict, is reported; None for nowhere.

        Its name tells run, student (and so round) and seed. A fault of a tracker is told the
        watcher, and stays in the ledger.
        """
        cfg = self.cfg
        to = cfg.student.report_to

        def on_fault(fault: Fault) -> None:
            known = self.store.meta(FAULTS) or []
            self.store.set_meta(FAULTS, [*known, asdict(fault)])
            self.note(index, "tracker", fault.words)

        name = f"{cfg.name} {what} seed {cfg.seed}"
        return Track(to, name, self.store.folder / "trackers", on_fault) if to else None

    def note(self, index: int, stage: str, note: str) -> None:
        """Tell the watcher what is going on."""
        self.on_progress(Progress(index, stage, note=note))

    def commit(
        self,
        index: int,
        stage: str,
        result: object,
        began: float,
        report: Report | None = None,
        scores: Sequence[Score] = (),
    ) -> None:
        """Mark a stage finished that began at this reading of the monotonic clock, together with
        the report it made and what it measured of rows beyond waves.
        """
        self.store.commit_stage(index, stage, result, time.monotonic() - began, report, scores)

    def give_up(
        self, index: int, error: DivergedError, began: float, losses: Sequence[float | None] = ()
    ) -> None:
        """Remember that a round's student is no numbers, and where that showed; `losses` as in the
        stage of a training, None where one was no number.

        Of round 0 nothing is remembered: without a control there is no run, so it is tried again.
        """
        if index > 0:
            self.note(index, "train", f"rejected: {error.what}")
            self.commit(index, "diverged", {"why": error.what, "losses": list(losses)}, began)

    def require_sound(self, index: int) -> None:
        """Raises `DivergedError` where a round's student is known to be no numbers."""
        known: Row | None = self.store.stage(index, "diverged")
        if known is not None:
            raise DivergedError(known["why"])

    def once(self, index: int, stage: str, make: Callable[[], Row]) -> Row:
        """The stage's result as a row: the stored one, or what `make` makes, stored."""
        stored: Row | None = self.store.stage(index, stage)
        if stored is not None:
            return stored
        began = time.monotonic()
        made = make()
        self.commit(index, stage, made, began)
        return made
