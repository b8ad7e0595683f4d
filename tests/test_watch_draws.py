from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfinstruct.types import Example
from selfinstruct.watch.draws import FEW_ROWS, Plan, plan_draws


def rows(count: int, start: int = 0) -> list[Example]:
    return [Example(f"row {index}") for index in range(start, start + count)]


def plan(
    watched: Sequence[Example], real: Sequence[Example], seed: int = 0, max_rows: int = 400
) -> Plan:
    found = plan_draws(watched, real, 40, max_rows, np.random.default_rng(seed))
    assert found is not None
    return found


@given(
    reals=st.integers(10, 40),
    kept=st.integers(0, 40),
    copies=st.integers(1, 4),
    others=st.integers(0, 60),
)
@settings(max_examples=60, deadline=None)
def test_draws_are_of_one_size_and_keep_the_reference_apart(
    reals: int, kept: int, copies: int, others: int
) -> None:
    real = rows(reals)
    watched = real[:kept] * copies + rows(others, start=1000)
    found = plan_draws(watched, real, 20, 400, np.random.default_rng(0))
    size = min(reals, len(watched)) // 2
    if kept:  # no draw takes a real row twice
        size = min(size, len(watched) // copies)
    if size < FEW_ROWS // 2:
        assert found is None
        return
    assert found is not None
    assert found.watched.shape[1] == size
    assert found.watched.shape == found.real.shape
    assert found.real.shape[1] + found.reference.shape[1] == reals
    for ours, theirs, held in zip(found.watched, found.real, found.reference, strict=True):
        assert len(set(ours)) == len(ours)
        assert set(theirs) | set(held) == set(range(reals))
        assert not set(ours) & set(held)
        assert {place for place in ours if place < reals} <= set(theirs)


def test_a_draw_keeps_the_share_of_real_rows() -> None:
    real = rows(60)
    found = plan([*real, *rows(180, start=1000)], real)
    assert found.watched.shape == (40, 30)
    assert ((found.watched < 60).sum(axis=1) == 8).all()  # a quarter, rounded up


def test_copies_of_real_rows_count_in_the_share_and_are_drawn_once() -> None:
    real = rows(60)
    found = plan([*real * 3, *rows(60, start=1000)], real)
    assert ((found.watched < 60).sum(axis=1) == 23).all()  # three quarters of 30
    assert all(len(set(line)) == 30 for line in found.watched.tolist())


def test_copies_of_one_synthetic_row_stay_copies() -> None:
    found = plan([Example("row 0", origin="synthetic")] * 30, rows(30))
    assert (found.watched >= 30).all()


def test_each_draw_redraws_one_part_of_the_one_before() -> None:
    real = rows(40)
    found = plan([*real, *rows(40, start=1000)], real)
    for step, part in enumerate(found.chain.redrawn):
        same = [
            [set(line[line < 40]) for line in found.watched[step : step + 2]],
            [set(line[line >= 40]) for line in found.watched[step : step + 2]],
        ]
        assert same[1 - part][0] == same[1 - part][1]
        assert same[part][0] != same[part][1]


@pytest.mark.parametrize(("reals", "others", "mixed"), [(60, 60, 60), (40, 160, 40), (60, 90, 0)])
def test_the_factors_give_the_variance_of_a_difference_of_means(
    reals: int, others: int, mixed: int
) -> None:
    """The mean of a mixture less that of its real rows is a share of two independent means."""
    rng = np.random.default_rng(5)
    real = rows(reals)
    found = [
        plan([*real[:mixed], *rows(others, start=1000)], real, seed=seed) for seed in range(60)
    ]
    estimates = []
    for each in found:
        values = rng.normal(0, 1, reals + others)
        steps = np.diff(values[each.watched].mean(axis=1) - values[each.real].mean(axis=1))
        parts = [np.square(steps[each.chain.redrawn == part]).mean() / 2 for part in (0, 1)]
        estimates.append(np.dot(parts, each.chain.factors))
    share = others / (others + mixed)
    assert np.mean(estimates) == pytest.approx(share**2 * (1 / reals + 1 / others), rel=0.1)


def test_the_real_rows_themselves_leave_nothing_to_vary() -> None:
    real = rows(30)
    found = plan(real, real)
    assert found.chain.factors == (0.0, 0.0)
    assert all(set(a) == set(b) for a, b in zip(found.watched, found.real, strict=True))


def test_no_more_rows_than_asked_are_looked_at() -> None:
    found = plan(rows(200, start=1000), rows(200), max_rows=50)
    assert len(found.rows) == 100
    assert len(np.unique(found.real)) == 50
    assert found.watched.shape == (40, 25)


@pytest.mark.parametrize(
    ("watched", "real"),
    [
        ([], []),
        ([], rows(20)),
        (rows(20), []),
        (rows(1, start=50), rows(20)),
        (rows(9, start=50), rows(20)),
        (rows(20, start=50), rows(9)),
        (rows(20, start=50), rows(1) * 30),  # one real row, told thirty times
        (rows(1) * 30, rows(30)),
    ],
)
def test_too_few_rows_make_no_draws(watched: list[Example], real: list[Example]) -> None:
    assert plan_draws(watched, real, 40, 400, np.random.default_rng(0)) is None


def test_the_same_seed_draws_the_same_rows() -> None:
    there, back = (plan(rows(30, start=50), rows(30), seed=7) for _ in range(2))
    assert (there.watched == back.watched).all()
    assert (there.real == back.real).all()
    assert (there.watched != plan(rows(30, start=50), rows(30), seed=8).watched).any()
