"""A `Setting` of a few rows and the tiny student, as the stages of a run find it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfinstruct.checkpoints import weights
from selfinstruct.config import parse_config
from selfinstruct.progress import Progress
from selfinstruct.setting import Setting
from selfinstruct.store import Store
from selfinstruct.task import settle
from selfinstruct.types import Checkpoint, Example, RealData
from tests.frozen_run import rows, tiny_config

GENERAL = tuple(Example(f"Say {i} in words.", response=f"word {i}") for i in range(4))


def setting(
    base: Path,
    store: Store,
    on_progress: Callable[[Progress], None] = lambda _: None,
    **sections: Any,
) -> Setting:
    """Over a ledger that has these rows frozen; `sections` replace those of the config."""
    tree = tiny_config(base, store.folder.parent)
    cfg = parse_config({**tree, **sections})
    data = store.real_data()
    if data is None:
        data = RealData(rows("train", 12), rows("dev", 6), rows("gate", 6), rows("final", 3))
        store.freeze(data)
    untuned = Checkpoint("base", str(base), None, weights.digest(base))
    return Setting(cfg, store, data, GENERAL, settle(cfg, data), untuned, on_progress)
