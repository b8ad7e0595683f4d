import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from selfinstruct.types import Example
from selfinstruct.watch import tails
from selfinstruct.watch.draws import Plan, plan_draws
from selfinstruct.watch.texts import Numbers, taught_words
from tests.watched import rows_of


def plan_of(watched: Sequence[Example], real: Sequence[Example], draws: int = 20) -> Plan:
    plan = plan_draws(watched, real, draws, 400, np.random.default_rng(0))
    assert plan is not None
    return plan


def words_of(plan: Plan, places: Numbers) -> list[list[str]]:
    return [taught_words(plan.rows[place]) for place in places]


def vectors(plan: Plan) -> list[dict[str, float]]:
    texts = words_of(plan, np.arange(len(plan.rows)))
    rows_with = Counter(word for text in texts for word in set(text))
    found = []
    for text in texts:
        weights = {
            word: (1 + math.log(count)) * math.log1p(len(texts) / rows_with[word])
            for word, count in Counter(text).items()
        }
        norm = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        found.append({word: weight / norm for word, weight in weights.items()})
    return found


def test_rare_words_are_those_of_few_rows_held_apart() -> None:
    plan = plan_of(rows_of(30, 1), rows_of(30, 2))
    watched, real = tails.rare_words(plan)
    for found, places in ((watched, plan.watched), (real, plan.real)):
        rows_with = Counter(
            word for text in words_of(plan, plan.reference[3]) for word in set(text)
        )
        rare = {word for word, count in rows_with.items() if count <= tails.RARE}
        said = {word for text in words_of(plan, places[3]) for word in text}
        assert found[3] == pytest.approx((len(rare & said) + 0.5) / (len(rare) + 1))


def test_clusters_are_met_by_the_nearest_row() -> None:
    plan = plan_of(rows_of(24, 1), rows_of(24, 2))
    weights = vectors(plan)

    def cosine(one: int, other: int) -> float:
        return sum(weight * weights[other].get(word, 0) for word, weight in weights[one].items())

    watched, _ = tails.clusters(plan)
    held, shares = plan.reference[6].tolist(), []
    for centres in (held[:6], held[6:], held[::2], held[1::2]):
        nearest = {
            max(centres, key=lambda centre: cosine(centre, row)) for row in plan.watched[6].tolist()
        }
        shares.append(len(nearest) / len(centres))
    assert watched[6] == pytest.approx(np.mean(shares))


def test_rows_that_share_no_word_meet_no_cluster_and_no_rare_word() -> None:
    strangers = [Example(f"x{i} y{i} z{i}") for i in range(20)]
    plan = plan_of([*strangers[:10], *[Example("")] * 10], rows_of(20, 1))
    assert (tails.clusters(plan)[0] == 0).all()
    rare = tails.rare_words(plan)
    assert (rare[0] < 0.05).all()
    assert (rare[1] > 2 * rare[0]).all()


def test_other_real_rows_meet_as_much_as_their_like() -> None:
    """On the average over many data sets: what is measured favours neither side."""
    for measure in (tails.clusters, tails.rare_words):
        sums = np.zeros(2)
        for seed in range(60):
            plan = plan_of(rows_of(30, 2 * seed), rows_of(30, 2 * seed + 1))
            sums += [side.mean() for side in measure(plan)]
        assert sums[0] / sums[1] == pytest.approx(1, abs=0.03)
