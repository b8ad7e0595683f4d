"""Which examples a prompt shows."""

import random
from collections import Counter
from collections.abc import Collection, Sequence

import pytest

from selfinstruct.config import DemosConfig
from selfinstruct.prompting import Shelf, choose_demos, choose_row
from selfinstruct.types import Example

TRAIN = tuple(Example(f"real {n}", label="ab"[n % 2]) for n in range(20))
POOL = tuple(
    Example(f"new {n}", label="ab"[n % 2], origin="synthetic", depth=1 + n % 3) for n in range(20)
)


def shelf(
    pool: Sequence[Example] = POOL, full: Collection[str] = (), cfg: DemosConfig | None = None
) -> Shelf:
    found = Shelf(pool, (cfg or DemosConfig()).max_depth)
    found.take_off(full)
    return found


@pytest.mark.parametrize(
    ("pool", "cfg", "real", "synthetic"),
    [
        (POOL, DemosConfig(), 6, 2),
        ((), DemosConfig(), 8, 0),
        (POOL[:1], DemosConfig(), 7, 1),
        (POOL, DemosConfig(max_depth=0), 8, 0),
        (POOL, DemosConfig(real=0, synthetic=3), 0, 3),
        (POOL, DemosConfig(real=3, synthetic=0), 3, 0),
        (POOL, DemosConfig(real=0, synthetic=0), 0, 0),
        (POOL, DemosConfig(real=99), 20, 2),
    ],
)
def test_demos_are_real_and_synthetic_in_their_numbers(
    pool: tuple[Example, ...], cfg: DemosConfig, real: int, synthetic: int
) -> None:
    demos = choose_demos(TRAIN, shelf(pool, cfg=cfg), cfg, random.Random(1))
    origins = Counter(demo.origin for demo in demos)
    assert (origins["real"], origins["synthetic"]) == (real, synthetic)
    assert len(set(demos)) == len(demos)
    assert all(demo.depth <= cfg.max_depth for demo in demos)


def test_demos_of_a_label_have_that_label() -> None:
    demos = choose_demos(TRAIN, shelf(), DemosConfig(), random.Random(1), "b")
    assert Counter(demo.label for demo in demos) == {"b": 8}
    few = choose_demos(TRAIN[:3], Shelf(), DemosConfig(), random.Random(1), "a")
    assert sorted(few, key=lambda demo: demo.instruction) == [TRAIN[0], TRAIN[2]]


IDS = [row.id for row in TRAIN]
NEW = [row.id for row in POOL]


@pytest.mark.parametrize(
    ("full", "real", "synthetic"),
    [
        (IDS[:12], 6, 2),
        (IDS[:17], 3, 2),  # better fewer rows than full ones
        (IDS, 6, 2),  # no other is left, and none at all would be no prompt
        (NEW[:19], 8, 0),  # the last of the pool is too deep: real rows fill in
        (NEW, 8, 0),
        ([*IDS[:18], *NEW], 2, 0),
        ([*IDS, *NEW], 8, 0),
    ],
)
def test_rows_that_have_had_their_children_are_not_shown(
    full: list[str], real: int, synthetic: int
) -> None:
    cfg = DemosConfig(max_depth=1)
    for seed in range(20):
        pool = shelf(POOL[:19], full, cfg)
        demos = choose_demos(TRAIN, pool, cfg, random.Random(seed), full=full)
        origins = Counter(demo.origin for demo in demos)
        assert (origins["real"], origins["synthetic"]) == (real, synthetic)
        shown = [demo.id for demo in demos if demo.id in full]
        assert not shown or set(IDS) <= set(full)


def test_of_a_label_its_own_rows_count_as_left() -> None:
    of_b = [row.id for row in TRAIN if row.label == "b"]
    some = choose_demos(TRAIN, Shelf(), DemosConfig(), random.Random(1), "b", of_b[:7])
    assert sorted(demo.id for demo in some) == sorted(of_b[7:])
    every = choose_demos(TRAIN, Shelf(), DemosConfig(), random.Random(1), "b", of_b)
    assert Counter(demo.label for demo in every) == {"b": 8}


def test_a_row_that_is_full_elsewhere_changes_no_draw() -> None:
    for label, other in (("a", "b"), ("b", "a")):
        full = [row.id for row in (*TRAIN, *POOL) if row.label == other]
        drawn = [
            choose_demos(TRAIN, shelf(POOL, names), DemosConfig(), random.Random(7), label, names)
            for names in ((), full)
        ]
        assert drawn[0] == drawn[1]


def test_demos_depend_on_the_chance_alone_and_are_shuffled() -> None:
    drawn = [choose_demos(TRAIN, shelf(), DemosConfig(), random.Random(seed)) for seed in range(40)]
    again = [choose_demos(TRAIN, shelf(), DemosConfig(), random.Random(seed)) for seed in range(40)]
    assert drawn == again
    assert {demos[-1].origin for demos in drawn} == {"real", "synthetic"}


@pytest.mark.parametrize("label", [None, "a", "b"])
@pytest.mark.parametrize("full", [[], IDS[:15], IDS, NEW, [*IDS, *NEW[:9]], [*IDS, *NEW]])
def test_one_row_is_drawn_as_from_a_list_of_all(label: str | None, full: list[str]) -> None:
    shallow = [row for row in POOL if row.depth <= 2]
    rows = [row for row in (*TRAIN, *shallow) if label in (None, row.label)]
    left = [row for row in rows if row.id not in full] or rows
    pool = shelf(POOL, full, DemosConfig(max_depth=2))
    for seed in range(20):
        found = choose_row(TRAIN, pool, random.Random(seed), label, full)
        assert found == random.Random(seed).choice(left)
