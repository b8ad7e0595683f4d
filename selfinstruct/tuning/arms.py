"""The arms of a sweep before any training: their shares and seeds, the frozen rows, each mixture.

With one seed the real and the synthetic rows of all arms are nested.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from selfinstruct.apart import without_stress
from selfinstruct.config import Config
from selfinstruct.errors import StoreError, UserError
from selfinstruct.mixture import mix
from selfinstruct.settled import settled
from selfinstruct.store import Store
from selfinstruct.types import Example, Mixture, RealData

Design = Literal["fixed-real", "fixed-size"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One training of a sweep; `rows` is the size of its mixture in the design fixed-size.

    `steps` are the optimiser steps of a rung of halving, None for a full training.
    """

    design: Design
    share: float
    seed: int
    rows: int | None = None
    steps: int | None = None

    @property
    def name(self) -> str:
        """Shown to people, such as `share 0.25, seed 1`."""
        short = "" if self.steps is None else f", {self.steps} steps"
        return f"share {self.share:g}, seed {self.seed}{short}"


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


def frozen(store: Store) -> tuple[RealData, tuple[Example, ...]]:
    """The real rows of a run and every synthetic row it ever kept, whatever its gate said, less its
    stress set.
    """
    data = store.real_data()
    if data is None:
        raise StoreError(
            f"{store.folder} has not begun", next_step="selfinstruct run CONFIG starts it"
        )
    rounds = list(store.results("generate"))
    kept = (example for index in rounds for example in settled(store, index).accepted)
    by_id = {example.id: example for example in kept}
    pool = without_stress(store, tuple(by_id.values()), data.train)
    if not pool:
        raise UserError(
            f"{store.folder} has no synthetic rows yet, so there is no share to choose",
            next_step="selfinstruct run CONFIG --rounds 1",
        )
    return data, pool


def mix_arm(
    cfg: Config,
    data: RealData,
    pool: Sequence[Example],
    arm: Arm,
    tokens: Callable[[Example], int] | None = None,
) -> Mixture:
    """The rows of one arm; `tokens` counts those of a row, for the unit tokens. Real rows repeat as
    they do in a round (`mixture.repeat`), or a share would be chosen for another mixture.

    Raises `UserError` where the pool is too small for its share.
    """
    exact = {"synthetic_share": arm.share, "max_rows": arm.rows, "on_shortage": "error"}
    # The same chance for every share, so that the rows of a smaller one are in the larger ones.
    rng = random.Random(f"{cfg.seed}/{arm.seed}/sweep")
    return mix(data.train, pool, cfg.mixture.model_copy(update=exact), rng, tokens)
