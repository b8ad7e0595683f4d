"""Students that each were trained without one fold of the real rows, kept as stages of round 0."""

import random
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from selfinstruct.checkpoints.adapters import fold_folder, load_checkpoint, require_same
from selfinstruct.mixture import mix
from selfinstruct.progress import Progress
from selfinstruct.quality.folds import fold_of, suspects
from selfinstruct.quality.labels import Belief, believe
from selfinstruct.quality.students import Student
from selfinstruct.rows import Row
from selfinstruct.seeds import group_rows
from selfinstruct.setting import Setting
from selfinstruct.student import Workshop
from selfinstruct.types import Checkpoint, Example
from selfinstruct.verifying.witnesses import Witnesses


def fold_students(asked: Witnesses, k: int) -> Sequence[Student]:
    """The k students, trained where they have not been, opened once; the first time they are also
    asked about the real rows that they were not trained on.
    """
    known = asked.folds.get(k)
    if known is not None:
        return known
    here = asked.here
    folds = folds_of(here, k)
    students = asked.open_all([train_fold(here, folds, at, k) for at in range(k)])
    asked.folds[k] = students
    here.once(0, f"suspects of {k}", lambda: _suspects(here, folds, students))
    return students


def folds_of(here: Setting, k: int) -> list[int]:
    """The fold of each training row; near-duplicates share one."""
    rng = random.Random(f"{here.cfg.seed}/0/folds/{k}")
    groups = group_rows(here.data.train, here.cfg.seeds.near_duplicate)
    return fold_of(here.data.train, groups, k, rng)


def train_fold(here: Setting, folds: Sequence[int], at: int, k: int) -> Checkpoint:
    """The student of all folds but one, trained as the control is: its mixture, steps and seed.

    Raises `StoreError` for an adapter that is not the one that was trained, and what training
    raises.
    """
    name = f"fold {at + 1} of {k}"
    out = here.folder(0) / fold_folder(name)
    stored = here.store.stage(0, name)
    if stored is not None and out.exists():
        return require_same(load_checkpoint(out, name), here.base.base, stored["digest"])
    began = time.monotonic()
    rows = [row for row, fold in zip(here.data.train, folds, strict=True) if fold != at]
    here.note(0, "train", f"training {name} on {len(rows)} rows")

    def on_step(progress: Progress) -> None:
        here.on_progress(replace(progress, round=0, note=name))

    cfg = here.cfg.student
    before = stored or {"micro_batch": cfg.micro_batch}
    changes = {"max_steps": here.task.steps, "micro_batch": before["micro_batch"]}
    target, system = here.task.target, here.cfg.task.system
    with Workshop(here.base.base, cfg.model_copy(update=changes), target, system) as workshop:
        alone = here.cfg.mixture.model_copy(update={"synthetic_share": 0.0})
        tokens = workshop.count if alone.unit == "tokens" else None
        mixture = mix(rows, (), alone, random.Random(f"{here.cfg.seed}/0/mix"), tokens)
        trained = workshop.train(mixture.rows, out, here.cfg.seed, on_step, name)
    checkpoint = trained.checkpoint
    if stored is not None:
        return require_same(checkpoint, here.base.base, stored["digest"])
    result = {"digest": checkpoint.digest, "micro_batch": trained.micro_batch, "rows": len(rows)}
    here.commit(0, name, result, began)
    return checkpoint


def _suspects(here: Setting, folds: Sequence[int], students: Sequence[Student]) -> Row:
    """Real rows to which the students that have not seen them give another label."""
    beliefs: dict[str, Belief | None] = {}
    told = (here.data.labels, here.task.target, here.cfg.task.system)
    for at, student in enumerate(students):
        unseen: list[Example] = [
            row for row, fold in zip(here.data.train, folds, strict=True) if fold == at
        ]
        found = believe(unseen, student, *told)
        beliefs |= dict(zip([row.id for row in unseen], found, strict=True))
    rows = here.data.train
    doubted = suspects(rows, [beliefs[row.id] for row in rows])
    return {"rows": len(rows), "suspects": [asdict(each) for each in doubted]}
