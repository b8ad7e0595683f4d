"""The stages that make a student: candidates, mixture, training. Each is done once, remembered."""

import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from selfinstruct import rows, student
from selfinstruct.apart import KEY, too_near
from selfinstruct.checkpoints.adapters import require_same
from selfinstruct.disk.files import write_jsonl
from selfinstruct.errors import DivergedError, StoreError
from selfinstruct.filters.memorisation import overlap
from selfinstruct.generate import Memory, require_full
from selfinstruct.generate import generate as fill
from selfinstruct.mixture import mix as draw
from selfinstruct.models import open_model
from selfinstruct.privacy import Finder, survey
from selfinstruct.progress import OnProgress, Progress
from selfinstruct.round import Pool
from selfinstruct.setting import Setting, focus_of
from selfinstruct.teacher import ask
from selfinstruct.types import Checkpoint, Example, Mixture, Screened
from selfinstruct.verifying import verifying


def generate(here: Setting, index: int, pool: Pool, champion: Checkpoint) -> Screened:
    """The candidates of a round, accepted and rejected, wave by wave until it is full.

    The champion so far is whom filters and aims may ask.
    """
    store, cfg = here.store, here.cfg
    if store.stage(index, "generate") is not None:
        return store.screened(index)
    began = time.monotonic()
    aim = here.aim(index, pool, focus_of(cfg, store, here.data, champion.digest))
    here.note(index, "generate", "opening the teacher")
    # The teacher is gone before the student trains: llama.cpp's idle threads spin.
    with (
        closing(open_model(cfg.teacher, partial(here.note, index, "generate"))) as model,
        verifying(here, index, champion, here.asks(model, cfg.teacher)) as verify_in_wave,
    ):
        teacher = here.asks(model, cfg.teacher)
        filled = fill(
            lambda wave: partial(ask, teacher, index, wave),
            Memory(partial(store.wave, index), partial(store.commit_wave, index)),
            aim,
            cfg.generate,
            cfg.filters,
            here.on_progress,
            verify_in_wave,
        )
    screened = filled.screened
    require_full(filled, cfg.generate, index)
    folder = here.folder(index)
    write_jsonl(folder / "accepted.jsonl", map(rows.from_example, screened.accepted))
    write_jsonl(folder / "rejected.jsonl", map(rows.from_rejection, screened.rejected))
    result = {
        "accepted": len(screened.accepted),
        "rejected": store.reasons(index),
        "ending": filled.ending,
        "target": cfg.generate.accept,
        "unmet": [asdict(each) for each in filled.unmet],
        "personal_data": _personal_data(here),
        "overlap": overlap(screened.accepted, here.data.train, here.data.dev),
    }
    here.commit(index, "generate", result, began)
    return screened


def _personal_data(here: Setting) -> rows.Row:
    """What of it the training rows hold, and whether the teacher was shown placeholders for it."""
    cfg = here.cfg
    found = survey(here.data.train, Finder.of(cfg.privacy))
    reader = {"remote": cfg.teacher.is_remote, "hidden": cfg.privacy.hides_from(cfg.teacher)}
    return {**asdict(found), **reader}


def mix(here: Setting, index: int, synthetic: Pool) -> Mixture:
    """Mixing is cheap and pure: it is done again on resume and held against the ledger.

    Rows set apart as a stress set, by the time a mixture is first made, are not in it.
    """
    began = time.monotonic()
    cfg = here.cfg.mixture
    if index == 0:
        cfg = cfg.model_copy(update={"synthetic_share": 0.0})
    rng = random.Random(f"{here.cfg.seed}/{index}/mix")
    tokens = _tokens(here) if cfg.unit == "tokens" else None
    stored = here.store.stage(index, "mix")
    if stored is None:
        gone = too_near(here.store, synthetic, here.data.train)
    else:
        gone = stored.get(KEY, [])
    apart = frozenset(gone)
    free = [row for row in synthetic if row.id not in apart]
    mixture = draw(here.data.train, free, cfg, rng, tokens)
    if stored is None:
        path = here.folder(index) / "mixture.jsonl"
        write_jsonl(path, map(rows.from_example, mixture.rows))
        left_out = {KEY: gone} if gone else {}
        here.store.commit_mixture(index, mixture, time.monotonic() - began, left_out)
    elif stored["digest"] != mixture.digest:
        raise StoreError(
            f"{here.store.folder}: the mixture of round {index} cannot be made again",
            why="another version of selfinstruct, or a changed ledger, mixes other rows",
            next_step="resume with the version that began the run",
        )
    return mixture


def train(here: Setting, index: int, mixture: Mixture) -> Checkpoint:
    """A student of the mixture, from the base; the loss of every step is kept with it.

    An adapter that was deleted is trained again and held against the ledger. Raises `StoreError`
    where it is not the one that was evaluated, and `DivergedError` where training came to no
    student, now or before.
    """
    here.require_sound(index)
    name = "real-only" if index == 0 else f"round-{index}"
    out = here.folder(index) / "adapter"
    stored = here.store.stage(index, "train")
    if stored is not None and out.exists():
        return require_same(student.load_checkpoint(out, name), here.base.base, stored["digest"])
    began = time.monotonic()
    here.note(index, "train", f"training {name} on {len(mixture.rows)} rows")
    losses: list[float | None] = []

    def on_step(progress: Progress) -> None:
        if progress.loss is not None:
            losses[progress.done - 1 :] = [progress.loss]  # a training may have begun anew
        here.on_progress(replace(progress, round=index))

    try:
        trained = _train(here, index, mixture, out, on_step, name, stored or {})
    except DivergedError as error:
        here.give_up(index, error, began, [*losses, None])
        raise
    checkpoint = trained.checkpoint
    if stored is not None:
        return require_same(checkpoint, here.base.base, stored["digest"])
    result = {
        "name": name,
        "digest": checkpoint.digest,
        "losses": losses,
        "micro_batch": trained.micro_batch,
    }
    here.commit(index, "train", result, began)
    return checkpoint


def _train(
    here: Setting,
    index: int,
    mixture: Mixture,
    out: Path,
    on_step: OnProgress,
    name: str,
    before: Mapping[str, Any],
) -> student.Trained:
    """Train, with as many rows at once as `before`, when this very student was trained."""
    cfg = here.cfg
    changes = {
        "max_steps": here.task.steps,
        "micro_batch": before.get("micro_batch", cfg.student.micro_batch),
    }
    with student.Workshop(
        here.base.base,
        cfg.student.model_copy(update=changes),
        here.task.target,
        cfg.task.system,
    ) as workshop:
        track = here.track(index, name)
        return workshop.train(mixture.rows, out, cfg.seed, on_step, name, track=track)


def _tokens(here: Setting) -> Callable[[Example], int]:
    return student.count_tokens(here.base.base, here.task.target, here.cfg.task.system)
