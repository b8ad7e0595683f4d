"""A run: rounds in order, resumable at every stage boundary and inside generation.

`execute` is the loop. What it calls are the stages of `round`, each remembered in the ledger the
moment it is finished, so that starting the same command again does only what is missing.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from selfinstruct import rows
from selfinstruct.apart import date_set
from selfinstruct.checkpoints import weights
from selfinstruct.config import Config
from selfinstruct.contents import contents
from selfinstruct.estimate import Evidence
from selfinstruct.fork import Settings, check_name, fork, refuse_changed
from selfinstruct.judging.guard import guard_rows
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.round import Kit, advance, run_round, start
from selfinstruct.seeds import read_real_data
from selfinstruct.setting import ENDS, Setting
from selfinstruct.stages import doubting, examining, making, reviewing
from selfinstruct.stages.pilot import pilot
from selfinstruct.store import Store
from selfinstruct.task import located, require_prices, settle
from selfinstruct.tracked import numbers_of, words_of
from selfinstruct.tracking import UNSENT, require_ready, require_trackers, send
from selfinstruct.types import Checkpoint
from selfinstruct.verdict import FailedRound, Round
from selfinstruct.wording import settle_wording


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

    def execute(self, rounds: int | None = None, *, close: bool = False) -> None:
        """Run, or resume, to the end; with `rounds`, stop after so many more.

        The end opens `final`, once; with `close` it comes after `rounds` too, and there are no more
        rounds after it. Raises `UserError` for what the user can mend, `IncompleteError` when it
        stops early and can be resumed, and `StoreError` when the ledger is locked or damaged.
        """
        with Store(self.folder, write=True) as store:
            here = self._open(store)
            reviewing.take_scores(store)
            kit = _kit(here)
            state = start(kit, here.base)
            ran = 0
            for index in range(1, self._last_round(store) + 1):
                if state.vain >= self.cfg.rounds.patience:
                    break
                new = all(store.stage(index, end) is None for end in ENDS)
                if new:
                    if ran == rounds:
                        if close:
                            break
                        return
                    ran += 1
                    store.set_meta(UNSENT, index)
                done = run_round(kit, state, index)
                if store.meta(UNSENT) == index:
                    _report(here, done)
                state = advance(state, done)
            examining.finish(here, state)

    def pilot(self, calls: int) -> Evidence:
        """A few of the calls that round 1 will make, kept for it in the run's ledger; begins the
        run where it has not begun. Raises as `execute`.
        """
        with Store(self.folder, write=True) as store:
            return pilot(self._open(store), calls)

    def fork(self, name: str) -> tuple["Run", rows.Row | None]:
        """The run of that name beside this one, and what it says of itself when it has just begun.

        It has this run's config, and what of its finished stages fits that; a fork that exists is
        gone on with, and there is nothing to tell. Raises as `fork.fork` and `fork.check_name`.
        """
        folder = check_name(name, self.folder)
        run = replace(self, cfg=self.cfg.model_copy(update={"name": name}))
        if folder.exists():
            return run, None
        cfg = located(self.cfg, self.base)
        held = {**contents(cfg, self._base()), **self._wording_of(cfg)}
        return run, fork(self.folder, name, Settings(run.cfg, held))

    def _wording_of(self, cfg: Config) -> rows.Row:
        """The versions of the prompts that this run, as far as it has begun, asks with."""
        with Store(self.folder) as store:
            data, before = store.real_data(), store.meta("prompts")
        if data is None:
            return {}
        return settle_wording(cfg, self.base, settle(cfg, data), before).contents

    def _last_round(self, store: Store) -> int:
        """Of a run that was closed early, the last it has; there are no rounds after `final`."""
        if store.stage(0, "finish") is None:
            return self.cfg.rounds.max
        return sum(stage["stage"] in ENDS for stage in store.stages())

    def _base(self) -> Checkpoint:
        """The untuned student."""

        def on_note(note: str) -> None:
            self.on_progress(Progress(0, "base", note=note))

        folder = weights.locate(self.cfg.student.name, on_note)
        return Checkpoint("base", self.cfg.student.name, None, weights.digest(folder))

    def _open(self, store: Store) -> Setting:
        """Ready to work on the frozen rows: of this run if it has begun, of the files otherwise.

        One that came no further than its first call, such as to a mistyped address, has not begun:
        any setting may still change.
        """
        cfg = located(self.cfg, self.base)
        require_prices(cfg)
        require_trackers(cfg.student.report_to)
        require_ready(cfg.student.report_to)
        frozen = store.real_data()
        begun = frozen is not None and store.has_begun()
        data = frozen if begun else None
        guards, worded = (store.meta(key) if begun else None for key in ("guard", "prompts"))
        if begun:
            refuse_changed(store, Settings(self.cfg, {}))  # before a model is looked for
        if data is None:
            data = read_real_data(cfg.seeds, self.base, cfg.seed, cfg.licenses, self.on_progress)
        task = settle(cfg, data)
        wording = settle_wording(cfg, self.base, task, worded)
        if not begun or guards is None:  # a run that is older than the guard gets it now
            found = guard_rows(cfg.guard, task.target, self.base, data, cfg.seed)
            guards = [rows.from_example(row) for row in found]
        base = self._base()
        held = {**contents(cfg, base), **wording.contents}
        about = {
            "identity": self.cfg.identity,
            "config": self.cfg.model_dump(mode="json"),
            "budget": cfg.budget.model_dump(mode="json"),  # with the prices of its file
            "contents": {**((begun and store.meta("contents")) or {}), **held},
            "guard": guards,
            "prompts": wording.to_rows(),
        }
        if begun:
            refuse_changed(store, Settings(self.cfg, held))
            store.update_meta(about)
            date_set(store)
        else:
            store.freeze(data, about)
        own_tasks = cfg.guard.lm_eval_path

        def on_progress(progress: Progress) -> None:
            store.tick()  # a stage that is killed has worked all the same
            self.on_progress(progress)

        return Setting(
            cfg,
            store,
            data,
            tuple(rows.to_example(row) for row in guards),
            task,
            base,
            on_progress,
            Path(own_tasks) if own_tasks else None,
            wording.prompts,
        )


def _report(here: Setting, done: Round | FailedRound) -> None:
    """Tell the trackers what a round came to, and keep in mind that they know."""
    track = here.track(done.index, f"round-{done.index} gate")
    if track is not None:
        send(track, done.index, numbers_of(done), words_of(done))
    here.store.set_meta(UNSENT, None)


def _kit(here: Setting) -> Kit:
    return Kit(
        partial(making.generate, here),
        partial(reviewing.review, here),
        partial(doubting.doubt, here),
        partial(making.mix, here),
        partial(making.train, here),
        partial(examining.examine, here),
        partial(examining.watch, here),
        partial(examining.decide, here),
    )
