"""The stage that doubts the labels of a round's rows, before a student learns from them."""

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, replace

from selfinstruct import rows
from selfinstruct.evaluate import labels_found
from selfinstruct.models import open_student
from selfinstruct.progress import Progress
from selfinstruct.round import Pool, Signals
from selfinstruct.sentences import tell_labels
from selfinstruct.setting import Setting
from selfinstruct.types import Checkpoint, Example
from selfinstruct.watch import by_label, watch_labels

STAGE = "labels"


def doubt(here: Setting, index: int, accepted: Pool, control: Checkpoint) -> Signals:
    """How often the real-only student finds the labels of a round's rows, beside those of dev.

    Nothing where nobody looks: the watch or this part of it is off, rows have no labels, or a
    student has picked them by their labels already; and nothing new of a run that has ended.
    """
    store, cfg = here.store, here.cfg
    stored = store.stage(index, STAGE)
    if stored is None:
        picked = cfg.filters.quality.asks_students
        looked_at = cfg.watch.enabled and here.task.target != "response" and not picked
        if not looked_at or store.stage(0, "finish") is not None:
            return ()
        made, real = _sample(here, index, accepted), _sample(here, 0, here.data.dev)
        if not made or not real:
            return ()
        stored = here.once(index, STAGE, lambda: _look(here, index, made, real, control))
        rows_read, told = len(made) + len(real), tell_labels(stored)
        here.on_progress(Progress(index, STAGE, rows_read, rows_read, "rows answered", note=told))
    return tuple(map(rows.to_signal, stored["signals"]))


def _sample(here: Setting, index: int, examples: Sequence[Example]) -> list[Example]:
    """So many of those with a label, in their order; the same dev rows in every round."""
    labelled = [row for row in examples if row.label is not None]
    most = min(here.cfg.watch.label_rows, len(labelled))
    chosen = random.Random(f"{here.cfg.seed}/{index}/labels").sample(range(len(labelled)), most)
    return [labelled[at] for at in sorted(chosen)]


def _look(
    here: Setting, index: int, made: Sequence[Example], real: Sequence[Example], control: Checkpoint
) -> rows.Row:
    cfg = here.cfg

    def on_progress(progress: Progress) -> None:
        note = f"{control.name} looks for the labels of {len(made)} new and {len(real)} dev rows"
        here.on_progress(replace(progress, round=index, stage=STAGE, note=note))

    here.note(index, STAGE, f"loading {control.name}")
    opened = open_student(control, cfg.student.device, cfg.evaluate.batch_size)
    with closing(opened) as model:
        target, system = here.task.target, cfg.task.system
        found = labels_found(model, [*made, *real], cfg.evaluate, target, system, on_progress)
    ours, theirs = found[: len(made)], found[len(made) :]
    signals = watch_labels(made, ours, theirs, cfg.watch.band)
    return {
        "signals": [rows.from_signal(signal) for signal in signals],
        "by_label": [asdict(each) for each in by_label(made, ours)],
    }
