"""One student of a run, found by its name: its checkpoint, held against the ledger, and its task.

Students are base, real-only and round-N; `champion` is the last that the gate accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selfinstruct.chat import Target
from selfinstruct.checkpoints.adapters import load_checkpoint, require_same
from selfinstruct.config import Config, parse_config
from selfinstruct.errors import StoreError, UserError
from selfinstruct.store import Store
from selfinstruct.summary import CONTROL, summarise
from selfinstruct.task import settle_target
from selfinstruct.types import Checkpoint, Example

BASE = "base"
CHAMPION = "champion"


@dataclass(frozen=True)
class Trained:
    """A student and what it was trained for; `rows` are the run's real training rows,
    `base_digest` what `weights.identify` said of the base, None where the run knows of none.
    """

    run: Path
    checkpoint: Checkpoint
    cfg: Config
    target: Target
    rows: tuple[Example, ...]
    base_digest: str | None

    @property
    def name(self) -> str:
        """As the run calls it."""
        return self.checkpoint.name


def find_student(run: Path, name: str = CHAMPION) -> Trained:
    """The student of that name.

    Raises `UserError` where the run has none of that name, and `StoreError` for a run that has not
    begun and for an adapter that is damaged or is not the one that was evaluated.
    """
    with Store(run) as store:
        data, config = store.real_data(), store.meta("config")
        if data is None or config is None:
            raise StoreError(f"{run} has not begun", next_step="selfinstruct run CONFIG starts it")
        cfg = parse_config(config, where=f"the config of {run}")
        known = _students(store)
        wanted = summarise(store)["champion"] if name == CHAMPION else name
        if wanted not in known:
            raise UserError(
                f"{run} has no trained student {wanted or 'yet'}",
                why=f"it has {', '.join(known)}",
                next_step=f"selfinstruct status {run}",
            )
        held = (store.meta("contents") or {}).get("student.name")
        base = Checkpoint(BASE, cfg.student.name, None, held or "")
        checkpoint = base if wanted == BASE else _checkpoint(store, base.base, wanted)
    target = settle_target(cfg, data.train)
    return Trained(run, checkpoint, cfg, target, data.train, held)


def _students(store: Store) -> Sequence[str]:
    trained = [result["name"] for result in store.results("train").values()]
    return [BASE, *trained]


def round_of(name: str) -> int:
    """The round that a trained student is of, 0 for the control."""
    return 0 if name == CONTROL else int(name.removeprefix("round-"))


def _checkpoint(store: Store, base: str, name: str) -> Checkpoint:
    """As `making.train` leaves it in its round's folder."""
    index = round_of(name)
    folder = store.folder / "rounds" / str(index) / "adapter"
    wanted = store.stage(index, "train")["digest"]
    return require_same(load_checkpoint(folder, name), base, wanted)
