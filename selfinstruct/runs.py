"""A run: rounds in order, resumable at every stage boundary and inside generation.

`execute` is the loop. What it calls are the stages of `round`, each remembered in the ledger the
moment it is finished, so that starting the same command again does only what is missing.
"""

import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from selfinstruct import rows, stats, student, weights
from selfinstruct.config import Config
from selfinstruct.errors import StoreError, UserError
from selfinstruct.evaluate import evaluate
from selfinstruct.files import write_jsonl
from selfinstruct.gate import decide
from selfinstruct.generate import Aim, Memory, generate
from selfinstruct.mixture import mix
from selfinstruct.models import open_model, open_student
from selfinstruct.recipes import RECIPES
from selfinstruct.round import Kit, Pool, State, advance, run_round, start
from selfinstruct.seeds import group_rows, read_real_data
from selfinstruct.store import Store
from selfinstruct.task import Task, settle
from selfinstruct.teacher import Teacher, ask
from selfinstruct.types import (
    Checkpoint,
    Mixture,
    OnProgress,
    Progress,
    RealData,
    Report,
    Screened,
    Split,
    silent,
)
from selfinstruct.verdict import Verdict


@dataclass(frozen=True)
class Run:
    """One run: its config, the folder the config's relative paths start from, and who watches."""

    cfg: Config
    base: Path = Path()
    on_progress: OnProgress = silent

    @property
    def folder(self) -> Path:
        """Where the run lives."""
        return Path(self.cfg.out) / self.cfg.name

    def execute(self, rounds: int | None = None) -> None:
        """Run, or resume, to the end; with `rounds`, stop after so many more.

        Raises `UserError` for what the user can mend, `IncompleteError` when it stops early and can
        be resumed, and `StoreError` when the ledger is locked or damaged.
        """
        with Store(self.folder, write=True) as store:
            data = self._open(store)
            base = self._base()
            stages = _Stages(self, store, data, settle(self.cfg, data), base)
            kit = stages.kit()
            kit.evaluate(0, base, "gate")
            state = start(kit)
            ran = 0
            for index in range(1, self.cfg.rounds.max + 1):
                if state.vain >= self.cfg.rounds.patience:
                    break
                if ran == rounds:
                    return
                known = store.stage(index, "gate") is not None
                state = advance(state, run_round(kit, state, index))
                ran += not known
            stages.finish(state)

    def _base(self) -> Checkpoint:
        """The untuned student."""

        def on_note(note: str) -> None:
            self.on_progress(Progress(0, "base", note=note))

        folder = weights.locate(self.cfg.student.name, on_note)
        return Checkpoint("base", self.cfg.student.name, None, weights.digest(folder))

    def _open(self, store: Store) -> RealData:
        """The frozen splits: of this run if it has begun, of the seed file otherwise."""
        stored = store.meta("identity")
        if stored is not None and stored != self.cfg.identity:
            raise _changed(self.folder, stored, self.cfg.identity)
        data = store.real_data()
        if data is None:
            data = read_real_data(self.cfg.seeds, self.base, self.cfg.seed)
            settle(self.cfg, data)
            store.freeze(data)
        store.set_meta("identity", self.cfg.identity)
        store.set_meta("config", self.cfg.model_dump(mode="json"))
        return data


def _changed(folder: Path, stored: dict[str, Any], asked: dict[str, Any]) -> UserError:
    keys = sorted(key for key in stored | asked if stored.get(key) != asked.get(key))
    lines = [f"  {key}: {stored.get(key)!r} -> {asked.get(key)!r}" for key in keys]
    return UserError(
        "\n".join([f"{folder} was begun with other settings:", *lines]),
        why="its finished stages would not fit the new ones",
        next_step="go back to the old settings, or start a new run with name=OTHER",
    )


@dataclass(frozen=True)
class _Stages:
    """The kit's stages, each computed once and remembered in the ledger."""

    run: Run
    store: Store
    data: RealData
    task: Task
    base: Checkpoint

    def kit(self) -> Kit:
        return Kit(self.generate, self.mix, self.train, self.evaluate, self.decide)

    def generate(self, index: int, pool: Pool) -> Screened:
        if self.store.stage(index, "generate") is not None:
            return self.store.screened(index)
        cfg = self.run.cfg
        began = time.monotonic()
        self._note(index, "generate", "opening the teacher")
        # The teacher is gone before the student trains: llama.cpp's idle threads spin.
        with closing(open_model(cfg.teacher)) as model:
            teacher = Teacher(model, self.store, cfg.budget, cfg.seed, self.run.on_progress)
            screened = generate(
                RECIPES[self.task.recipe],
                lambda wave: partial(ask, teacher, index, wave),
                Memory(partial(self.store.wave, index), partial(self.store.commit_wave, index)),
                Aim(index, cfg.seed, self.data, pool, self.task.target),
                cfg.generate,
                cfg.filters,
                self.run.on_progress,
            )
        write_jsonl(
            self._folder(index) / "accepted.jsonl", map(rows.from_example, screened.accepted)
        )
        write_jsonl(
            self._folder(index) / "rejected.jsonl", map(rows.from_rejection, screened.rejected)
        )
        counts = {"accepted": len(screened.accepted), "rejected": self.store.reasons(index)}
        self._commit(index, "generate", counts, began)
        return screened

    def mix(self, index: int, synthetic: Pool) -> Mixture:
        """Mixing is cheap and pure: it is done again on resume and held against the ledger."""
        began = time.monotonic()
        cfg = self.run.cfg.mixture
        if index == 0:
            cfg = cfg.model_copy(update={"synthetic_share": 0.0})
        rng = random.Random(f"{self.run.cfg.seed}/{index}/mix")
        tokens = self._tokens() if cfg.unit == "tokens" else None
        mixture = mix(self.data.train, synthetic, cfg, rng, tokens)
        stored = self.store.stage(index, "mix")
        if stored is None:
            write_jsonl(self._folder(index) / "mixture.jsonl", map(rows.from_example, mixture.rows))
            self._commit(index, "mix", rows.from_mixture(mixture), began)
        elif stored["digest"] != mixture.digest:
            raise StoreError(
                f"{self.run.folder}: the mixture of round {index} cannot be made again",
                why="another version of selfinstruct, or a changed ledger, mixes other rows",
                next_step="resume with the version that began the run",
            )
        return mixture

    def train(self, index: int, mixture: Mixture) -> Checkpoint:
        name = "real-only" if index == 0 else f"round-{index}"
        out = self._folder(index) / "adapter"
        if self.store.stage(index, "train") is not None:
            return student.load_checkpoint(out, name)
        began = time.monotonic()
        self._note(index, "train", f"training {name} on {len(mixture.rows)} rows")
        cfg = self.run.cfg
        checkpoint = student.train(
            mixture.rows,
            self.base.base,
            cfg.student.model_copy(update={"max_steps": self.task.steps}),
            self.task.target,
            cfg.task.system,
            out,
            cfg.seed,
            lambda progress: self.run.on_progress(replace(progress, round=index)),
            name,
        )
        self._commit(index, "train", {"name": name, "digest": checkpoint.digest}, began)
        return checkpoint

    def evaluate(self, index: int, checkpoint: Checkpoint, split: Split) -> Report:
        known = self.store.report(checkpoint.digest, split)
        if known is not None:
            return known
        cfg = self.run.cfg
        began = time.monotonic()
        self._note(index, "evaluate", f"loading {checkpoint.name}")
        with closing(
            open_student(checkpoint, cfg.student.device, cfg.evaluate.batch_size)
        ) as model:
            report = evaluate(
                model,
                checkpoint,
                self.data.split(split),
                split,
                cfg.evaluate,
                self.task.target,
                cfg.task.system,
                lambda progress: self.run.on_progress(
                    replace(progress, round=index, note=f"{checkpoint.name} on {split}")
                ),
            )
        self.store.commit_report(report)
        name = f"evaluate {checkpoint.name} on {split}"
        self._commit(index, name, {"checkpoint": checkpoint.digest}, began)
        return report

    def decide(self, index: int, candidate: Report, champion: Report) -> Verdict:
        stored = self.store.stage(index, "gate")
        if stored is not None:
            return rows.to_verdict(stored["verdict"])
        began = time.monotonic()
        cfg = self.run.cfg
        rounds = cfg.rounds.max if cfg.gate.horizon == "fixed" else None
        alpha = stats.alpha_of_round(cfg.gate.alpha, index, rounds)
        groups = group_rows(self.data.gate, cfg.seeds.near_duplicate)
        verdict = decide(candidate, champion, cfg.gate, alpha, cfg.seed, groups)
        result = {
            "verdict": rows.from_verdict(verdict),
            "candidate": candidate.checkpoint,
            "champion": champion.checkpoint,
        }
        self._commit(index, "gate", result, began)
        return verdict

    def finish(self, state: State) -> None:
        """Open `final` for the first and only time, for the base and the last champion."""
        if self.store.stage(0, "finish") is None:
            if self.data.final:
                self.evaluate(0, self.base, "final")
                self.evaluate(0, state.champion, "final")
            began = time.monotonic()
            result = {"champion": state.champion.digest, "name": state.champion.name}
            self._commit(0, "finish", result, began)

    def _tokens(self) -> Callable[[Any], int]:
        cfg = self.run.cfg
        return student.count_tokens(self.base.base, self.task.target, cfg.task.system)

    def _folder(self, index: int) -> Path:
        return self.run.folder / "rounds" / str(index)

    def _commit(self, index: int, stage: str, result: object, began: float) -> None:
        self.store.commit_stage(index, stage, result, time.monotonic() - began)

    def _note(self, index: int, stage: str, note: str) -> None:
        self.run.on_progress(Progress(index, stage, note=note))
