"""A run begun from another: its ledger and files, less what the changed settings touch.

Made beside its place and renamed, so that a kill leaves no half run. The source may be running; it
is read and never changed. Answers of the teacher come along whatever changed: asked again, they are
not paid again.
"""

import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfinstruct.apart import carried
from selfinstruct.changes import Change, differences
from selfinstruct.checkpoints.adapters import fold_folder, load_checkpoint
from selfinstruct.config import Config, parse_config
from selfinstruct.config.section import check_id
from selfinstruct.disk.files import copy_synced, sync_folder, writing
from selfinstruct.disk.lock import lock
from selfinstruct.errors import StoreError, UserError
from selfinstruct.failpoints import failpoint
from selfinstruct.reuse import (
    EXAMS,
    Place,
    Reuse,
    consequence,
    name_stages,
    refusal,
    reuse,
)
from selfinstruct.rows import Row
from selfinstruct.store import Store
from selfinstruct.store.carry import Drop, copy_ledger, digest_answers, digest_stage, prune
from selfinstruct.store.database import explained
from selfinstruct.summary import looks
from selfinstruct.tracking import FAULTS, UNSENT
from selfinstruct.types import digest

FILES = {
    "generate": ("accepted.jsonl", "rejected.jsonl"),
    "review": ("reviewed.jsonl",),
    "mix": ("mixture.jsonl",),
    "train": ("adapter",),
}
"""What a finished stage leaves in its round's folder."""


@dataclass(frozen=True)
class Settings:
    """A run's config with the digests of what it names."""

    cfg: Config
    contents: Mapping[str, str]


def files_of(stage: str) -> tuple[str, ...]:
    """What a finished stage left in its round's folder."""
    return FILES.get(stage, (fold_folder(stage),) if stage.startswith("fold ") else ())


def is_fork(folder: Path, source: Path) -> bool:
    """Whether the run at `folder` was begun from `source`: then to fork again is to go on."""
    if not (folder / "run.db").exists():
        return False
    with Store(folder) as store:
        forked = store.meta("forked_from")
    return forked is not None and bool(forked["run"] == source.name)


def check_name(name: str, source: Path) -> Path:
    """The folder of a run to be forked from `source`.

    Raises `UserError` for a name that no run may have, and for one that is taken.
    """
    try:
        check_id(name)
    except ValueError as error:
        raise UserError(f"--fork {name!r}: {error}") from None
    folder = source.parent / name
    if os.path.lexists(folder) and not is_fork(folder, source):
        raise UserError(
            f"{folder} is there already, and is no fork of {source}",
            next_step="name another run with --fork",
        )
    return folder


def fork(source: Path, name: str, asked: Settings) -> Row:
    """Begin the run `name` beside `source` with what of it holds under the settings asked for.

    What it says of itself out: the settings that changed, what is reused, what is to do again.
    Raises `UserError` where nothing has changed, `StoreError` where the source has not begun, or is
    damaged, and `DiskError` where the disk does not take the new run.
    """
    folder = check_name(name, source)
    with Store(source) as store:
        store.require_whole()
        _require_begun(store)
    part = source.parent / f".{name}.part"
    with lock(part), writing(folder):
        try:
            _empty(part)
            copy_ledger(source, part)
            about = _carry(source, part, asked)
            _publish(part, folder)
        except sqlite3.DatabaseError as error:
            told = explained(error, part / "run.db")
            if told is None:
                raise
            raise told from error
        finally:
            if part.exists():
                shutil.rmtree(part)
    return about


def _publish(part: Path, folder: Path) -> None:
    failpoint("fork.made")
    try:
        part.rename(folder)
    except OSError as error:  # another process has begun a run of that name just now
        raise StoreError(
            f"{folder} cannot be put in its place: {error.strerror}",
            why="nothing was lost, and nothing is left of the fork",
            next_step="start the same command again",
        ) from None
    failpoint("fork.renamed")
    sync_folder(folder.parent)


def _empty(part: Path) -> None:
    """Clear away what a killed fork left, all but the lock that is held."""
    for path in part.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "run.lock":
            path.unlink()


def _carry(source: Path, part: Path, asked: Settings) -> Row:
    """Turn the copied ledger into that of the new run, and copy the files that go with it."""
    with Store(part) as store:
        changes = changed(store, asked)
        if not changes:
            raise UserError(
                f"nothing has changed since {source} was begun, so there is nothing to fork for",
                next_step="give the settings that are to differ, such as gate.alpha=0.1",
            )
        stands = _reuse(store, changes, asked)
        places: list[Place] = [(stage["round"], stage["stage"]) for stage in store.stages()]
        kept = [place for place in places if stands.keeps(place)]
        gone = [place for place in places if not stands.keeps(place)]
        about = {
            **_origin(store, source, changes, stands),
            **_told(store, stands, kept, gone),
            "stages": [[*place, digest_stage(store, *place)] for place in kept],
        }
        trained = {
            Path("rounds") / str(index) / name: store.stage(index, stage)["digest"]
            for index, stage in kept
            if stage == "train" or stage.startswith("fold ")
            for name in files_of(stage)
        }
        apart = carried(store, stands.candidates)
    prune(part, _drop(stands, gone), {**_about(asked), **apart, "forked_from": about})
    for adapter, wanted in trained.items():
        _require_adapter(source / adapter, wanted, source)
    for index, stage in kept:
        for name in files_of(stage):
            file = Path("rounds") / str(index) / name
            if (source / file).exists():
                copy_synced(source / file, part / file)
    return about


def changed(store: Store, asked: Settings) -> list[Change]:
    """The identity fields that are not what this ledger's run was begun with."""
    stored = store.meta("identity")
    if stored is None:  # a version that stored it after the splits was stopped in between
        return []
    found = differences(asked.cfg.identity_beside(stored), asked.cfg.identity)
    fields = {change.field for change in found}
    was = store.meta("contents") or {}
    again = differences(was, asked.contents, content=True)
    return found + [change for change in again if change.field not in fields]


def refuse_changed(store: Store, asked: Settings) -> None:
    """Raises `UserError` where a run was begun with other settings: each, and what it touches."""
    changes = changed(store, asked)
    if changes:
        before, rows = _before(store), _real_rows(store)
        told = [consequence(change, before, asked.cfg, rows) for change in changes]
        raise refusal(str(store.folder), told)


def _before(store: Store) -> Config:
    return parse_config(store.meta("config"), where=f"the config of {store.folder}")


def _real_rows(store: Store) -> int:
    data = store.real_data()
    return 0 if data is None else len(data.train)


def _reuse(store: Store, changes: Sequence[Change], asked: Settings) -> Reuse:
    outcomes = [gate["verdict"]["outcome"] for gate in store.results("gate").values()]
    return reuse(changes, _before(store), asked.cfg, _real_rows(store), outcomes)


def _require_begun(store: Store) -> None:
    if store.meta("identity") is None or store.real_data() is None:
        raise StoreError(
            f"{store.folder} has not begun, so there is nothing to fork",
            next_step="selfinstruct run CONFIG starts it",
        )


def _about(asked: Settings) -> dict[str, Any]:
    cfg = asked.cfg
    config = cfg.model_dump(mode="json")
    return {"identity": cfg.identity, "config": config, "contents": dict(asked.contents)}


def _origin(store: Store, source: Path, changes: Sequence[Change], stands: Reuse) -> Row:
    """Where a fork comes from, and what has been seen there already.

    Rows of `final` that were opened in the source, or in a run that it was forked from itself, are
    not unseen again, whatever is tried afterwards. Verdicts that do not stand have looked at the
    gate rows all the same, as long as these are the same rows.
    """
    before = store.meta("forked_from") or {}
    data, stages = store.real_data(), store.stages()
    opened = any(stage["stage"].endswith(" on final") for stage in stages)
    final = data.final if data is not None and opened else ()
    own = sum(stands.keeps((s["round"], s["stage"])) for s in stages if s["stage"] == "gate")
    return {
        "run": source.name,
        "fingerprint": digest(store.meta("identity")),
        "changed": [str(change) for change in changes],
        "final_seen": {**{row.id: source.name for row in final}, **before.get("final_seen", {})},
        "looks": 0 if "splits" in stands.gone else looks(store) - own,
    }


def _told(store: Store, stands: Reuse, kept: Sequence[Place], gone: Sequence[Place]) -> Row:
    """What is reused and what is to do again, in words; the answers that came along."""
    answers = digest_answers(store.folder)
    splits = ["splits"]
    calls = [f"{answers['count']} answers of the teacher"] if answers["count"] else []
    stand = "splits" not in stands.gone
    return {
        "reused": [*(splits if stand else []), *name_stages(kept), *calls],
        "again": [*([] if stand else splits), *name_stages(gone)],
        "answers": answers,
    }


def _drop(stands: Reuse, gone: Sequence[Place]) -> Drop:
    splits = "splits" in stands.gone
    return Drop(
        stages=gone,
        candidates_after=stands.candidates,
        exams=[exam for exam, part in EXAMS.items() if part in stands.gone],
        checkpoints=[stage.split(" ")[1] for _, stage in gone if stage.startswith("sweep ")],
        splits=splits,
        meta=[
            *("sweep", "ablation", "review_read", FAULTS, UNSENT),
            *(["guard"] if "guard rows" in stands.gone else []),
            *(["data", "data_digest"] if splits else []),
        ],
    )


def _require_adapter(folder: Path, wanted: str, source: Path) -> None:
    """Raises `StoreError` where a copied adapter is not the one the ledger speaks of."""
    if load_checkpoint(folder, folder.name).digest != wanted:
        raise StoreError(
            f"an adapter in {source} is not the one that was evaluated",
            next_step=f"selfinstruct doctor {source}",
        )
