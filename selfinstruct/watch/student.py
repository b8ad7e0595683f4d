"""A student beside the real-only one: does it find the real rows harder to say than that one does?

The tail is where forgetting begins, so the 95th percentile of the rows' NLL is watched beside the
mean.
"""

from collections.abc import Callable, Mapping

import numpy as np

from selfinstruct.config import WatchConfig
from selfinstruct.pairs import pair
from selfinstruct.stats.halves import Draws, draw_halves, ratio_of_draws
from selfinstruct.types import Report
from selfinstruct.verdict import Signal
from selfinstruct.watch.draws import FEW_ROWS
from selfinstruct.watch.rows import is_beyond, limit_of

NAMES = ("candidate", "real-only student")

# Of the rows along the last axis.
Summary = Callable[[Draws], Draws]


def _mean(nll: Draws) -> Draws:
    return np.asarray(nll.mean(axis=-1))


def _p95(nll: Draws) -> Draws:
    return np.asarray(np.quantile(nll, 0.95, axis=-1))


SUMMARIES: Mapping[str, Summary] = {"nll_mean": _mean, "nll_p95": _p95}


def watch_student(
    candidate: Report, control: Report, cfg: WatchConfig, seed: int
) -> tuple[Signal, ...]:
    """The NLL of real dev rows under a candidate beside that under the real-only student.

    The draws of a ratio are halves of the rows, the same ones for both. Fewer than `FEW_ROWS` rows
    set off no alarm, fewer than two give no signal. Raises `UserError` where the reports do not
    pair up row by row.
    """
    if candidate.ids == control.ids and len(control.ids) < 2:
        return ()
    paired = pair(candidate, control, "nll", NAMES)
    halves, chain = draw_halves(len(control.ids), cfg.draws, np.random.default_rng(seed))
    limit = limit_of(cfg.band, "more") if len(control.ids) >= FEW_ROWS else None
    signals = []
    for name, summary in SUMMARIES.items():
        value, real = float(summary(paired.ours)), float(summary(paired.theirs))
        drawn = summary(paired.ours[halves]), summary(paired.theirs[halves])
        ratio = ratio_of_draws(*drawn, chain, (value, real))
        signals.append(Signal(name, "student", value, real, ratio, limit, is_beyond(ratio, limit)))
    return tuple(signals)
