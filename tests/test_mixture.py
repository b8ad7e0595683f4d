import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import MixtureConfig
from selfinstruct.errors import UserError
from selfinstruct.mixture import mix
from selfinstruct.types import Example, Mixture

REAL = tuple(Example(f"real {n}", response="yes " * (1 + n % 7)) for n in range(60))
SYNTHETIC = tuple(
    Example(f"made {n}", response="no " * (1 + n % 11), origin="synthetic") for n in range(200)
)
shares = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]), st.floats(0, 1))


def tokens(example: Example) -> int:
    return len(example.response.split())


def mixed(real: int, synthetic: int, cfg: MixtureConfig, seed: int = 0) -> Mixture:
    return mix(REAL[:real], SYNTHETIC[:synthetic], cfg, random.Random(seed), tokens)


def counts(mixture: Mixture) -> tuple[int, int]:
    synthetic = sum(row.origin == "synthetic" for row in mixture.rows)
    return len(mixture.rows) - synthetic, synthetic


def token_share(rows: Sequence[Example]) -> float:
    return sum(tokens(r) for r in rows if r.origin == "synthetic") / sum(map(tokens, rows))


@pytest.mark.parametrize(
    ("real", "synthetic", "settings", "expected"),
    [
        (50, 200, {}, (50, 50)),
        (50, 200, {"synthetic_share": 0.0}, (50, 0)),
        (50, 200, {"synthetic_share": 1.0}, (0, 200)),
        (0, 200, {"synthetic_share": 1.0}, (0, 200)),
        (50, 200, {"synthetic_share": 0.25}, (50, 17)),  # 16.7
        (50, 200, {"synthetic_share": 0.75}, (50, 150)),
        (50, 200, {"max_rows": 40}, (20, 20)),
        (50, 200, {"max_rows": 41}, (21, 20)),
        (50, 200, {"max_rows": 1000}, (50, 50)),
        (50, 200, {"max_rows": 50, "synthetic_share": 0.999}, (0, 50)),
        (50, 200, {"max_rows": 30, "synthetic_share": 1.0}, (0, 30)),
        (50, 200, {"max_rows": 30, "synthetic_share": 0.0}, (30, 0)),
        (50, 200, {"repeat": 3}, (150, 150)),
        (50, 120, {"repeat": 3}, (120, 120)),
        (50, 200, {"repeat": 2, "synthetic_share": 0.0}, (100, 0)),
        (50, 200, {"repeat": 2, "max_rows": 150}, (75, 75)),
        (50, 30, {}, (50, 30)),
        (50, 30, {"repeat": 2}, (50, 30)),
        (50, 0, {}, (50, 0)),
        (50, 30, {"synthetic_share": 0.9, "max_rows": 60}, (30, 30)),
        (50, 30, {"synthetic_share": 0.9, "max_rows": 100}, (50, 30)),
        (50, 30, {"max_rows": 60}, (30, 30)),
    ],
)
def test_how_many_of_each(
    real: int, synthetic: int, settings: dict[str, float], expected: tuple[int, int]
) -> None:
    assert counts(mixed(real, synthetic, MixtureConfig.model_validate(settings))) == expected


@given(shares, st.integers(1, 60), st.integers(1, 200), st.integers(1, 3))
def test_the_share_is_met_to_the_nearest_row_or_all_synthetic_rows_are_used(
    share: float, real: int, synthetic: int, repeat: int
) -> None:
    mixture = mixed(real, synthetic, MixtureConfig(synthetic_share=share, repeat=repeat))
    ours, theirs = counts(mixture)
    assert mixture.achieved_share == theirs / (ours + theirs)
    assert theirs == synthetic or abs(theirs - share * (ours + theirs)) <= 0.5
    assert mixture.achieved_share <= share + 0.5 / (ours + theirs)


@given(shares, st.integers(1, 60), st.integers(1, 200), st.integers(1, 3), st.integers(0, 9))
def test_every_real_row_is_in_and_only_real_rows_are_copied(
    share: float, real: int, synthetic: int, repeat: int, seed: int
) -> None:
    cfg = MixtureConfig(synthetic_share=share, repeat=repeat)
    mixture = mixed(real, synthetic, cfg, seed)
    seen = Counter(row.id for row in mixture.rows)
    copies = [seen[row.id] for row in REAL[:real]]
    assert all(seen[row.id] <= 1 for row in SYNTHETIC)
    assert max(copies) <= repeat
    assert max(copies) - min(copies) <= 1
    assert share == 1 or min(copies) >= 1
    assert mixture == mixed(real, synthetic, cfg, seed)


@given(shares, st.integers(1, 60), st.integers(1, 200), st.integers(1, 300))
def test_a_cap_is_kept_and_the_share_with_it(
    share: float, real: int, synthetic: int, max_rows: int
) -> None:
    cfg = MixtureConfig(synthetic_share=share, max_rows=max_rows)
    mixture = mixed(real, synthetic, cfg)
    ours, theirs = counts(mixture)
    assert 1 <= ours + theirs <= max_rows
    assert theirs == synthetic or abs(theirs - share * (ours + theirs)) <= 0.5


@given(st.floats(0, 0.95), st.integers(5, 60), st.integers(1, 200), st.integers(0, 9))
def test_a_share_of_tokens_is_met_to_the_nearest_row(
    share: float, real: int, synthetic: int, seed: int
) -> None:
    cfg = MixtureConfig(synthetic_share=share, unit="tokens")
    mixture = mixed(real, synthetic, cfg, seed)
    assert mixture.achieved_share == pytest.approx(token_share(mixture.rows))
    assert mixture.unit == "tokens"
    longest_half = max(map(tokens, SYNTHETIC)) / 2
    missed = abs(share - mixture.achieved_share) * sum(map(tokens, mixture.rows))
    assert counts(mixture)[1] == synthetic or missed <= longest_half


def test_tokens_and_rows_are_different_shares() -> None:
    long = tuple(replace(row, response="no " * 50) for row in SYNTHETIC)
    cfg = MixtureConfig(synthetic_share=0.5, unit="tokens")
    mixture = mix(REAL, long, cfg, random.Random(0), tokens)
    assert mixture.achieved_share == pytest.approx(0.5, abs=0.05)
    assert counts(mixture)[1] < 10


def test_a_share_of_tokens_does_not_prefer_short_rows() -> None:
    cfg = MixtureConfig(synthetic_share=0.5, unit="tokens")
    mean = sum(map(tokens, SYNTHETIC)) / len(SYNTHETIC)
    drawn = [
        tokens(row)
        for seed in range(200)
        for row in mixed(60, 200, cfg, seed).rows
        if row.origin == "synthetic"
    ]
    assert sum(drawn) / len(drawn) == pytest.approx(mean, rel=0.02)


def test_the_order_is_mixed_and_follows_the_seed() -> None:
    mixture = mixed(50, 50, MixtureConfig())
    origins = [row.origin for row in mixture.rows]
    assert 20 < sum(a != b for a, b in pairwise(origins)) < 80
    assert mixture.rows != mixed(50, 50, MixtureConfig(), seed=1).rows


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["asks for 50 synthetic rows beside 50 real ones; there are 30", "0.375", "20 more"]),
        ({"unit": "tokens"}, ["synthetic tokens", "largest share"]),
        ({"max_rows": 70}, ["asks for 35 synthetic rows beside 40 real ones"]),
    ],
)
def test_a_share_that_cannot_be_had_is_an_error_with_the_numbers(
    settings: dict[str, object], words: list[str]
) -> None:
    cfg = MixtureConfig.model_validate({"on_shortage": "error", **settings})
    with pytest.raises(UserError) as caught:
        mixed(50, 30, cfg)
    assert all(word in str(caught.value) for word in words)


def test_a_cap_can_make_a_share_possible() -> None:
    cfg = MixtureConfig(on_shortage="error", max_rows=60)
    assert counts(mixed(50, 30, cfg)) == (30, 30)


def test_a_side_that_is_asked_for_must_not_be_empty() -> None:
    with pytest.raises(UserError, match="no real rows"):
        mixed(0, 30, MixtureConfig())
    with pytest.raises(UserError, match="no synthetic rows"):
        mixed(50, 0, MixtureConfig(synthetic_share=1.0))


def test_the_unit_tokens_needs_a_counter() -> None:
    with pytest.raises(ValueError, match="counts them"):
        mix(REAL, SYNTHETIC, MixtureConfig(unit="tokens"), random.Random(0))
