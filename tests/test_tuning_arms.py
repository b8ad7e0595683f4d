from pathlib import Path
from typing import Any

import pytest

from selfinstruct.config import Config, parse_config
from selfinstruct.errors import StoreError, UserError
from selfinstruct.store import Store
from selfinstruct.tuning.arms import Arm, frozen, mix_arm, plan_arms
from selfinstruct.types import RealData
from tests.frozen_run import rows, tiny_config, write_frozen_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_frozen_run(tmp_path / "t")
    return tmp_path / "t"


@pytest.fixture
def cfg(tiny_base: Path, tmp_path: Path) -> Config:
    return parse_config(tiny_config(tiny_base, tmp_path))


def arms(*shares: float, seeds: int = 1) -> list[Arm]:
    return plan_arms("fixed-real", shares, seeds, real=12, synthetic=11)


@pytest.mark.parametrize(
    ("design", "shares", "expected", "size"),
    [
        ("fixed-real", (0.5, 0.25), [0, 0.25, 0.5], None),
        ("fixed-real", (0.0, 0.5, 0.5), [0, 0.5], None),
        ("fixed-size", (0.25, 0.75), [0, 0.25, 0.75], 40),  # 30 synthetic rows / 0.75
        ("fixed-size", (0.1,), [0, 0.1], 100),  # no more than there are real rows
        ("fixed-size", (1.0,), [0, 1], 30),
        ("fixed-size", (0.0,), [0], 100),
    ],
)
def test_real_rows_alone_are_always_among_the_arms(
    design: Any, shares: tuple[float, ...], expected: list[float], size: int | None
) -> None:
    found = plan_arms(design, shares, 2, real=100, synthetic=30)
    assert [(arm.seed, arm.share) for arm in found] == [
        (seed, share) for seed in (0, 1) for share in expected
    ]
    assert {arm.rows for arm in found} == {size}


@pytest.mark.parametrize(("share", "words"), [(1.5, "not in 0..1"), (-0.1, "0..1"), (1, "fixed-s")])
def test_a_share_that_cannot_be_is_refused(share: float, words: str) -> None:
    with pytest.raises(UserError, match=words):
        plan_arms("fixed-real", [share], 1, real=10, synthetic=10)


def test_the_pool_is_every_row_that_was_ever_kept_once(folder: Path) -> None:
    with Store(folder) as store:
        data, pool = frozen(store)
    assert len(data.train) == 12
    assert len(pool) == len({row.id for row in pool}) == 11


def test_a_run_without_a_pool_is_told_what_to_type(tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store:
        store.freeze(RealData(rows("train", 2), (), rows("gate", 2), ()))
        with pytest.raises(UserError, match="no synthetic rows yet") as raised:
            frozen(store)
    assert "--rounds 1" in raised.value.next_step


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "t", write=True) as store, pytest.raises(StoreError, match="not begun"):
        frozen(store)


@pytest.mark.parametrize(
    ("repeat", "share", "real", "synthetic"),
    [(1, 0.4, 12, 8), (3, 0.2, 36, 9), (3, 0.4, 17, 11), (3, 0.0, 36, 0)],
)
def test_real_rows_repeat_as_they_do_in_a_round(
    tiny_base: Path,
    tmp_path: Path,
    folder: Path,
    repeat: int,
    share: float,
    real: int,
    synthetic: int,
) -> None:
    cfg = parse_config({**tiny_config(tiny_base, tmp_path), "mixture": {"repeat": repeat}})
    with Store(folder) as store:
        data, pool = frozen(store)
    (arm,) = [arm for arm in arms(share) if arm.share == share]
    mixture = mix_arm(cfg, data, pool, arm)
    origins = [row.origin for row in mixture.rows]
    assert (origins.count("real"), origins.count("synthetic")) == (real, synthetic)
    assert {row.id for row in mixture.rows if row.origin == "real"} == {r.id for r in data.train}


def test_the_rows_of_a_smaller_share_are_in_the_larger_one(cfg: Config, folder: Path) -> None:
    with Store(folder) as store:
        data, pool = frozen(store)
    mixtures = [
        {row.id for row in mix_arm(cfg, data, pool, arm).rows if row.origin == "synthetic"}
        for arm in arms(0.1, 0.25, 0.4)
    ]
    sized = [
        {row.id for row in mix_arm(cfg, data, pool, arm).rows if row.origin == "real"}
        for arm in plan_arms("fixed-size", [0.25, 0.5], 1, len(data.train), len(pool))
    ]
    assert mixtures[0] < mixtures[1] < mixtures[2] < mixtures[3]
    assert sized[0] > sized[1] > sized[2]
