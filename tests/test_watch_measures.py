import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from selfinstruct.text import ngrams, rouge_l
from selfinstruct.types import Example
from selfinstruct.watch import measures
from selfinstruct.watch.draws import Plan, plan_draws
from selfinstruct.watch.measures import Sides
from selfinstruct.watch.texts import Numbers, taught_text, taught_words
from tests.watched import rows_of


def plan_of(watched: Sequence[Example], real: Sequence[Example]) -> Plan:
    plan = plan_draws(watched, real, 20, 400, np.random.default_rng(0))
    assert plan is not None
    return plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    real = rows_of(40, 1)
    return plan_of([*real, *rows_of(40, 2, origin="synthetic")], real)


def rows(plan: Plan, places: Numbers) -> list[Example]:
    return [plan.rows[place] for place in places]


def measured(sides: Sides | None) -> Sides:
    assert sides is not None
    return sides


@pytest.mark.parametrize("n", [1, 2, 3])
def test_distinct_n_is_taken_on_as_many_ngrams(plan: Plan, n: int) -> None:
    watched, real = measured(measures.distinct(n)(plan))
    for draw in (0, 7):
        both = [
            [gram for row in rows(plan, side[draw]) for gram in ngrams(taught_words(row), n)]
            for side in (plan.watched, plan.real)
        ]
        size = min(map(len, both))
        assert watched[draw] == len(set(both[0][:size])) / size
        assert real[draw] == len(set(both[1][:size])) / size


def test_compression_is_taken_on_as_many_bytes(plan: Plan) -> None:
    watched, real = measured(measures.compression(plan))
    both = [
        "".join(f"{taught_text(row)}\n" for row in rows(plan, side[3])).encode()
        for side in (plan.watched, plan.real)
    ]
    size = min(map(len, both))
    assert watched[3] == size / len(zlib.compress(both[0][:size]))
    assert real[3] == size / len(zlib.compress(both[1][:size]))


def test_self_rouge_l_is_that_of_the_nearest_other_row(plan: Plan) -> None:
    watched, real = measures.self_rouge_l(plan)
    for found, places in ((watched, plan.watched), (real, plan.real)):
        texts = [taught_words(row) for row in rows(plan, places[5])]
        nearest = [
            max(rouge_l(text, other) for j, other in enumerate(texts) if j != i)
            for i, text in enumerate(texts)
        ]
        assert found[5] == pytest.approx(np.mean(nearest), abs=1e-6)


def test_texts_without_words_are_not_alike() -> None:
    watched, _ = measures.self_rouge_l(plan_of([Example("!?")] * 20, rows_of(20, 1)))
    assert (watched == 0).all()


def test_opening_share_is_of_the_commonest_four_words() -> None:
    same = "Thank you for reaching out about it."
    given = [
        Example(f"q{i}", response=same if i % 4 else f"another one for {i}") for i in range(40)
    ]
    plan = plan_of(given, rows_of(40, 1))
    watched, _ = measured(measures.opening_share(plan))
    for draw in (0, 9):
        openings = Counter(row.response == same for row in rows(plan, plan.watched[draw]))
        assert watched[draw] == openings[True] / 20


def test_openings_shorter_than_four_words_are_none() -> None:
    short = [Example(f"one {i} three") for i in range(20)]
    assert measures.opening_share(plan_of(short[:10], short[10:])) is None


def test_label_balance_is_the_divergence_of_scipy(plan: Plan) -> None:
    watched, real = measured(measures.label_balance(plan))
    for found, places in ((watched, plan.watched), (real, plan.real)):
        sides = [
            [row.label for row in rows(plan, side)]
            for side in (places[2], plan.reference[2][: plan.real.shape[1]])
        ]
        shares = [[side.count(f"label {label}") for label in range(4)] for side in sides]
        assert found[2] == pytest.approx(jensenshannon(*shares, base=2) ** 2, abs=1e-9)


def test_labels_are_not_balanced_where_there_are_none() -> None:
    assert (
        measures.label_balance(plan_of(rows_of(20, 1, labels=0), rows_of(20, 2, labels=0))) is None
    )


def test_rows_without_a_label_are_a_label_apart() -> None:
    found = measures.label_balance(plan_of(rows_of(20, 1, labels=0), rows_of(20, 2)))
    watched, _ = measured(found)
    assert watched == pytest.approx(np.ones(20))


def test_length_is_the_distance_of_scipy(plan: Plan) -> None:
    watched, real = measures.length(plan)
    for found, places in ((watched, plan.watched), (real, plan.real)):
        sides = [
            [len(taught_words(row)) for row in rows(plan, side)]
            for side in (places[4], plan.reference[4][: plan.real.shape[1]])
        ]
        assert found[4] == pytest.approx(ks_2samp(*sides).statistic)


def test_depth_is_the_mean_generation(plan: Plan) -> None:
    watched, real = measures.depth(plan)
    assert (watched == 0.5).all()
    assert (real == 0).all()


def test_half_a_character_is_compressed_too() -> None:
    watched, _ = measured(measures.compression(plan_of([Example("\ud800")] * 20, rows_of(20, 1))))
    assert (watched > 1).all()


@pytest.mark.parametrize("measure", [measures.distinct(2), measures.distinct(3)])
def test_rows_too_short_for_an_ngram_have_none_to_count(measure: measures.Measure) -> None:
    assert measure(plan_of([Example(f"yes{i}") for i in range(20)], rows_of(20, 1))) is None
