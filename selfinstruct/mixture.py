"""Real and synthetic rows in, one training mixture of an asked synthetic share out.

The share is that of the final mixture, synthetic / (synthetic + real), counted in rows or tokens.
Rows are drawn without replacement on both sides; only `repeat` allows copies, of real rows alone.
"""

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from selfinstruct.config import MixtureConfig
from selfinstruct.errors import UserError
from selfinstruct.types import Example, Mixture

Tokens = Callable[[Example], int]


@dataclass(frozen=True, slots=True)
class _Stock:
    """What can be drawn, in drawing order: running totals of the unit after 0, 1, 2, ... rows.

    `real` holds every copy that may be drawn, one full pass over the rows after another.
    """

    real: list[int]
    synthetic: list[int]
    distinct: int  # real rows in one pass


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many rows to draw of each side; `need` is what the share asks of the synthetic side."""

    real: int
    synthetic: int
    need: float
    short: bool


def mix(
    real: Sequence[Example],
    synthetic: Sequence[Example],
    cfg: MixtureConfig,
    rng: random.Random,
    tokens: Tokens | None = None,
) -> Mixture:
    """Draw a mixture as large as the share allows, shuffled.

    Every real row is in it, up to `repeat` times while the synthetic rows last, unless `max_rows`
    is smaller. The number of synthetic rows is the whole number that brings the share nearest, the
    rows themselves are taken at random, so that no length is preferred. `tokens` gives the size of
    a row; the unit tokens needs it.

    Raises `UserError` where a side that the share asks for is empty and, with `on_shortage` error,
    where synthetic rows are too few.
    """
    _require_both(real, synthetic, cfg)
    size = tokens if cfg.unit == "tokens" else _one
    if size is None:
        raise ValueError("the unit tokens needs a function that counts them")
    copies = [row for _ in range(cfg.repeat) for row in rng.sample(real, len(real))]
    drawn = rng.sample(synthetic, len(synthetic))
    stock = _Stock(_totals(copies, size), _totals(drawn, size), len(real))
    plan = _plan(stock, cfg.synthetic_share, cfg.max_rows)
    if plan.short and cfg.on_shortage == "error":
        raise _shortage(stock, plan, cfg)
    rows = copies[: plan.real] + drawn[: plan.synthetic]
    rng.shuffle(rows)
    achieved = _share(stock, plan.real, plan.synthetic)
    return Mixture(tuple(rows), cfg.synthetic_share, achieved, cfg.unit)


def _one(_: Example) -> int:
    return 1


def _totals(rows: Sequence[Example], size: Tokens) -> list[int]:
    return list(accumulate((size(row) for row in rows), initial=0))


def _require_both(
    real: Sequence[Example], synthetic: Sequence[Example], cfg: MixtureConfig
) -> None:
    share = cfg.synthetic_share
    if not real and share < 1:
        raise UserError(
            f"mixture.synthetic_share is {share:g}, but there are no real rows to mix with",
            next_step="raise seeds.split.train, or set mixture.synthetic_share=1",
        )
    if not synthetic and share == 1:
        raise UserError(
            "mixture.synthetic_share is 1, but there are no synthetic rows to train on",
            next_step="lower mixture.synthetic_share, or see why nothing was accepted",
        )


def _plan(stock: _Stock, share: float, max_rows: int | None) -> _Plan:
    plan = _whole(stock, share)
    if max_rows is None or plan.real + plan.synthetic <= max_rows:
        return plan
    return _capped(stock, share, max_rows)


def _whole(stock: _Stock, share: float) -> _Plan:
    """Every real row in it, in as many copies as there are synthetic rows to go with."""
    everything = len(stock.synthetic) - 1
    if share == 1:
        return _Plan(0, everything, 0, short=False)
    odds = share / (1 - share)
    for real in range(len(stock.real) - 1, stock.distinct - 1, -1):
        need = odds * stock.real[real]
        if not _is_short(stock, need):
            return _Plan(real, _nearest(stock.synthetic, need), need, short=False)
    return _Plan(stock.distinct, everything, odds * stock.real[stock.distinct], short=True)


def _capped(stock: _Stock, share: float, rows: int) -> _Plan:
    """Exactly `rows` rows with the share nearest to the asked one; a tie goes to the real rows."""
    fewest = max(0, rows - (len(stock.synthetic) - 1))
    most = min(rows, len(stock.real) - 1)
    real = min(
        range(most, fewest - 1, -1),
        key=lambda count: abs(_share(stock, count, rows - count) - share),
    )
    synthetic = rows - real
    need = share * (stock.real[real] + stock.synthetic[synthetic])
    return _Plan(real, synthetic, need, short=_is_short(stock, need))


def _is_short(stock: _Stock, need: float) -> bool:
    rows, total = len(stock.synthetic) - 1, stock.synthetic[-1]
    half_a_row = total / rows / 2 if rows else 0.0
    return need - total > half_a_row


def _nearest(totals: Sequence[int], target: float) -> int:
    """The index of the running total nearest to the target; of two as near, the smaller."""
    above = min(bisect_left(totals, target), len(totals) - 1)
    if above == 0:
        return 0
    return above if totals[above] - target < target - totals[above - 1] else above - 1


def _share(stock: _Stock, real: int, synthetic: int) -> float:
    ours = stock.synthetic[synthetic]
    return ours / (ours + stock.real[real])


def _shortage(stock: _Stock, plan: _Plan, cfg: MixtureConfig) -> UserError:
    have, beside = stock.synthetic[-1], stock.real[plan.real]
    possible = have / (have + beside)
    return UserError(
        f"mixture.synthetic_share is {cfg.synthetic_share:g}, which asks for {plan.need:.0f} "
        f"synthetic {cfg.unit} beside {beside} real ones; there are {have}",
        why=f"with these real rows the largest share that can be had is {possible:.3f}",
        next_step=f"generate {plan.need - have:.0f} more {cfg.unit}, lower the share, or set "
        "mixture.on_shortage=shrink to use all there are",
    )
