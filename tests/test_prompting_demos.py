"""Which examples a prompt shows."""

import random
from collections import Counter

import pytest

from selfinstruct.config import DemosConfig
from selfinstruct.prompting import choose_demos
from selfinstruct.types import Example

TRAIN = tuple(Example(f"real {n}", label="ab"[n % 2]) for n in range(20))
POOL = tuple(
    Example(f"new {n}", label="ab"[n % 2], origin="synthetic", depth=1 + n % 3) for n in range(20)
)


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
    demos = choose_demos(TRAIN, pool, cfg, random.Random(1))
    origins = Counter(demo.origin for demo in demos)
    assert (origins["real"], origins["synthetic"]) == (real, synthetic)
    assert len(set(demos)) == len(demos)
    assert all(demo.depth <= cfg.max_depth for demo in demos)


def test_demos_of_a_label_have_that_label() -> None:
    demos = choose_demos(TRAIN, POOL, DemosConfig(), random.Random(1), "b")
    assert Counter(demo.label for demo in demos) == {"b": 8}
    few = choose_demos(TRAIN[:3], (), DemosConfig(), random.Random(1), "a")
    assert sorted(few, key=lambda demo: demo.instruction) == [TRAIN[0], TRAIN[2]]


def test_demos_depend_on_the_chance_alone_and_are_shuffled() -> None:
    drawn = [choose_demos(TRAIN, POOL, DemosConfig(), random.Random(seed)) for seed in range(40)]
    again = [choose_demos(TRAIN, POOL, DemosConfig(), random.Random(seed)) for seed in range(40)]
    assert drawn == again
    assert {demos[-1].origin for demos in drawn} == {"real", "synthetic"}
