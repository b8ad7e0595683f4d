"""What a wave asks for, before any recipe is called."""

import inspect
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfinstruct.aiming.tally import Size, Tally
from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.prompting import Arm, shipped
from selfinstruct.recipes import Order, Situation, draw_orders
from selfinstruct.recipes.orders import labelling
from selfinstruct.types import Example, Rejection, Screened
from tests.counted import tally_of

ROWS = tuple(Example("i", f"x {n}", label=label) for n, label in enumerate(["fee", "refund"] * 3))
LABELS = ("fee", "refund")
ONE = {"label_first": 1.0}


def by_label(rows: Sequence[Example]) -> Counter[str | None]:
    return Counter(row.label for row in rows)


def config(**changes: Any) -> GenerateConfig:
    return GenerateConfig.model_validate(changes)


def draw(
    cfg: GenerateConfig,
    seed: int = 0,
    recipes: Mapping[str, float] = ONE,
    rows: Sequence[Example] = ROWS,
    labels: Sequence[str] = LABELS,
    waves: Sequence[Screened] = (),
    **changes: Any,
) -> tuple[Order, ...]:
    tally = tally_of((cfg.prompts_per_wave, wave) for wave in waves)
    here = Situation(by_label(rows), labels, "0/1", **{"tally": tally, **changes})
    return draw_orders(recipes, here, cfg, cfg.prompts_per_wave, random.Random(seed))


def labels_of(
    rows: Sequence[Example], cfg: GenerateConfig, seed: int = 0, labels: Sequence[str] = LABELS
) -> list[str | None]:
    return [order.label for order in draw(cfg, seed, rows=rows, labels=labels)]


def test_rare_labels_are_drawn_more_often() -> None:
    rows = (*[Example("i", f"x {n}", label="often") for n in range(19)], Example("i", label="rare"))
    one = GenerateConfig(prompts_per_wave=1, samples_per_prompt=1)
    drawn = Counter(labels_of(rows, one, seed, ("often", "rare"))[0] for seed in range(2000))
    assert drawn["rare"] / 2000 == pytest.approx((1 / 2) / (1 / 2 + 1 / 20), abs=0.03)


@pytest.mark.parametrize(
    ("balance", "share"), [(0, 0.5), (1, 10 / 11), (2, 100 / 101), (0.5, 10**0.5 / (1 + 10**0.5))]
)
def test_balance_says_how_strongly_rare_labels_go_first(balance: float, share: float) -> None:
    rows = (*[Example("i", f"x {n}", label="often") for n in range(19)], Example("i", label="rare"))
    one = config(prompts_per_wave=1, samples_per_prompt=1, balance=balance)
    drawn = Counter(labels_of(rows, one, seed, ("often", "rare"))[0] for seed in range(2000))
    assert drawn["rare"] / 2000 == pytest.approx(share, abs=0.035)


def test_a_wave_spreads_over_the_labels() -> None:
    cfg = GenerateConfig(prompts_per_wave=40, samples_per_prompt=50)
    drawn = Counter(labels_of(ROWS, cfg))
    assert abs(drawn["fee"] - drawn["refund"]) <= 8


def test_the_pool_counts_as_coverage() -> None:
    pool = tuple(Example("i", f"y {n}", label="fee", origin="synthetic") for n in range(10_000))
    one = GenerateConfig(prompts_per_wave=1)
    assert {labels_of((*ROWS, *pool), one, n)[0] for n in range(50)} == {"refund"}


def test_labels_are_needed() -> None:
    with pytest.raises(UserError, match="labelled"):
        labels_of(ROWS, GenerateConfig(), labels=())


def test_a_recipe_without_labels_is_ordered_plainly() -> None:
    cfg = GenerateConfig(prompts_per_wave=3)
    assert draw(cfg, recipes={"self_instruct": 1.0}) == (Order("self_instruct"),) * 3


def old_draw(
    rows: Sequence[Example], labels: Sequence[str], cfg: GenerateConfig, rng: random.Random
) -> list[str]:
    """The rule before anything could be aimed at: weight 1 / (1 + rows)."""
    count = Counter(row.label for row in rows)
    found = []
    for _ in range(cfg.prompts_per_wave):
        (label,) = rng.choices(labels, [1 / (1 + count[label]) for label in labels])
        count[label] += cfg.samples_per_prompt
        found.append(label)
    return found


@given(st.integers(0, 10**6), st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=60))
def test_a_config_that_aims_at_nothing_draws_as_it_always_did(seed: int, given: list[str]) -> None:
    rows = [Example("i", f"x {n}", label=label) for n, label in enumerate(given)]
    labels = sorted(set(given))
    cfg = GenerateConfig()
    rng, other = random.Random(seed), random.Random(seed)
    orders = draw_orders(
        ONE, Situation(by_label(rows), labels, "0/1"), cfg, cfg.prompts_per_wave, rng
    )
    assert orders == tuple(
        Order("label_first", label) for label in old_draw(rows, labels, cfg, other)
    )
    assert rng.random() == other.random()  # what recipes draw after it is the same too


def made(label: str | None, count: int, request: str = "", of: str = "label_first") -> Screened:
    rows = [
        Example("i", f"{label} {request} {n}", label=label, request=request, source=f"recipe:{of}")
        for n in range(count)
    ]
    return Screened(tuple(rows))


def test_what_is_filled_is_no_longer_asked_for_and_the_rest_is_of_other_labels() -> None:
    cfg = config(accept=20, quotas={"fee": 5, "loan": 0}, prompts_per_wave=60)
    labels = ("fee", "loan", "refund")
    drawn = Counter(order.label for order in draw(cfg, labels=labels))
    assert set(drawn) == {"fee", "refund"}
    filled = draw(cfg, labels=labels, waves=[made("fee", 5)])
    assert {order.label for order in filled} == {"refund"}
    only = draw(cfg, labels=labels, waves=[made("refund", 15)])
    assert {order.label for order in only} == {"fee"}


def test_goals_share_prompts_by_what_they_lack() -> None:
    cfg = config(accept=100, quotas={"fee": 75, "refund": 25}, prompts_per_wave=1)
    drawn = Counter(draw(cfg, seed)[0].label for seed in range(2000))
    assert drawn["fee"] / 2000 == pytest.approx(0.75, abs=0.03)
    half = [made("fee", 50)]
    drawn = Counter(draw(cfg, seed, waves=half)[0].label for seed in range(2000))
    assert drawn["fee"] / 2000 == pytest.approx(0.5, abs=0.03)


def test_a_goal_that_never_yields_does_not_starve_the_others() -> None:
    cfg = config(accept=100, quotas={"fee": 90, "refund": 10}, prompts_per_wave=2)
    drawn = Counter(order.label for seed in range(500) for order in draw(cfg, seed))
    assert drawn["refund"] > 70


def test_a_wave_spreads_over_its_goals() -> None:
    cfg = config(accept=100, quotas={"fee": 50, "refund": 50}, prompts_per_wave=10)
    even = 0
    for seed in range(200):
        drawn = Counter(order.label for order in draw(cfg, seed))
        even += abs(drawn["fee"] - drawn["refund"]) <= 2
    assert even > 155  # of coins that forget it would be 131


def test_a_request_is_shown_until_it_has_its_rows() -> None:
    asked = [{"ask": "a fee in francs", "count": 3, "label": "fee"}, {"ask": "a rhyme", "count": 2}]
    cfg = config(accept=10, requests=asked, prompts_per_wave=50)
    drawn = {(order.request, order.label) for order in draw(cfg)}
    assert drawn == {
        ("a fee in francs", "fee"),
        *(("a rhyme", label) for label in LABELS),
        *(("", label) for label in LABELS),
    }
    rhymed = [made("fee", 2, "a rhyme"), made("fee", 2, "a fee in francs")]
    drawn = {(order.request, order.label) for order in draw(cfg, waves=rhymed)}
    assert "a rhyme" not in {request for request, _ in drawn}
    assert ("a fee in francs", "fee") in drawn


def test_a_request_without_a_label_gets_none_of_which_no_row_is_wanted() -> None:
    asked = [{"ask": "a rhyme", "count": 10}]
    cfg = config(accept=10, requests=asked, quotas={"fee": 0}, prompts_per_wave=30)
    assert {order.label for order in draw(cfg)} == {"refund"}


BOTH = {"label_first": 0.7, "self_instruct": 0.3}


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0.01, 0.99))
def test_every_recipe_gets_its_share_of_a_wave_up_to_one_prompt(
    seed: int, prompts: int, share: float
) -> None:
    weights = {"self_instruct": 1 - share, "label_first": share}
    orders = draw(config(prompts_per_wave=prompts), seed, weights)
    count = Counter(order.recipe for order in orders)
    assert len(orders) == prompts
    assert abs(count["label_first"] - share * prompts) <= 1
    assert [order.recipe for order in orders] == sorted(order.recipe for order in orders)
    assert all((order.label is None) == (order.recipe == "self_instruct") for order in orders)


def test_a_share_below_one_prompt_a_wave_is_had_over_many_waves() -> None:
    cfg = config(prompts_per_wave=2)
    drawn = Counter(order.recipe for seed in range(1000) for order in draw(cfg, seed, BOTH))
    assert drawn["self_instruct"] / 2000 == pytest.approx(0.3, abs=0.02)


def test_a_recipe_that_no_open_goal_can_ask_for_gets_no_prompt() -> None:
    cfg = config(accept=10, quotas={"fee": 10}, prompts_per_wave=8)
    assert {(o.recipe, o.label) for o in draw(cfg, recipes=BOTH)} == {("label_first", "fee")}
    cfg = config(accept=10, quotas={"fee": 4, "refund": 4}, prompts_per_wave=30)
    drawn = {(order.recipe, order.label) for order in draw(cfg, recipes=BOTH)}
    assert drawn == {("label_first", "fee"), ("label_first", "refund"), ("self_instruct", None)}
    done = [made("fee", 4), made("refund", 4)]
    drawn = {(order.recipe, order.label) for order in draw(cfg, recipes=BOTH, waves=done)}
    assert drawn == {("self_instruct", None)}


def test_personas_and_styles_go_on_where_the_last_wave_stopped() -> None:
    cfg = config(personas=["a", "b"], styles=["x", "y", "z"], prompts_per_wave=4)
    asked = [Tally(size=Size(start)) for start in (0, 4, 8)]
    orders = [order for tally in asked for order in draw(cfg, tally=tally)]
    cells = Counter((order.persona, order.style) for order in orders)
    assert cells == {(p, s): 2 for p in "ab" for s in "xyz"}


def test_focus_at_rest_has_rows_in_proportion() -> None:
    cfg = config(prompts_per_wave=1, samples_per_prompt=1)
    focus = {"fee": 1.5, "refund": 0.5}
    rows: list[Example] = []
    for seed in range(2000):
        (order,) = draw(cfg, seed, rows=rows, focus=focus)
        rows.append(Example("i", f"x {seed}", label=order.label))
    drawn = Counter(row.label for row in rows)
    assert drawn["fee"] / 2000 == pytest.approx(0.75, abs=0.02)


def test_an_order_can_follow_from_no_split_but_train() -> None:
    """What is drawn from is listed here: no real data, no report, no store."""
    given = {
        name: str(parameter.annotation)
        for function in (draw_orders, Situation)
        for name, parameter in inspect.signature(function).parameters.items()
    }
    assert set(given) == {
        *("recipes", "here", "cfg", "prompts", "rng"),
        *("rows", "labels", "place", "tally", "focus", "arms"),
    }
    assert not [name for name, type_ in given.items() if "Report" in type_ or "Data" in type_]


ARMS = tuple(
    Arm(f"label_first/question@{n}", shipped("label_first/question.j2"), weight)
    for n, weight in ((7, 3.0), (8, 1.0))
)


def test_prompts_that_share_a_recipe_get_their_weights_whatever_the_wave() -> None:
    cfg = config(prompts_per_wave=8)
    for seed in range(20):
        found = Counter(order.arm for order in draw(cfg, seed, arms=ARMS))
        assert found == {"label_first/question@7": 6, "label_first/question@8": 2}
    small = config(prompts_per_wave=1)
    drawn = Counter(order.arm for seed in range(2000) for order in draw(small, seed, arms=ARMS))
    assert drawn["label_first/question@7"] / 2000 == pytest.approx(0.75, abs=0.03)


def test_no_prompt_has_the_first_labels_and_styles_to_itself() -> None:
    cfg = config(prompts_per_wave=4, styles=["x", "y", "z", "w"])
    even = tuple(Arm(arm.name, arm.template, 1.0) for arm in ARMS)
    orders = [order for seed in range(600) for order in draw(cfg, seed, arms=even)]
    cells = Counter((order.arm, order.style) for order in orders)
    assert len(cells) == 8
    assert min(cells.values()) > 240


def test_arms_are_for_their_own_recipe_and_without_them_nothing_changes() -> None:
    cfg, seed = config(prompts_per_wave=8), 3
    both = draw(cfg, seed, recipes=BOTH, arms=ARMS)
    assert {order.arm for order in both if order.recipe == "self_instruct"} == {""}
    assert all(order.arm for order in both if order.recipe == "label_first")
    other = tuple(Arm("few_shot/ask@1", shipped("few_shot/ask.j2"), 1.0) for _ in "ab")
    assert draw(cfg, seed, arms=other) == draw(cfg, seed)


def test_prompts_shift_to_the_version_whose_rows_are_kept() -> None:
    cfg = config(prompts_per_wave=8, adapt=0.2)
    even = tuple(Arm(arm.name, arm.template, 1.0) for arm in ARMS)
    good, bad = (
        [Example(f"{arm.name} {n}", arm=arm.name, source="recipe:label_first") for n in range(40)]
        for arm in even
    )
    done = [Screened(tuple(good), tuple(Rejection(row, "echo") for row in bad))]
    drawn = Counter(
        order.arm for seed in range(100) for order in draw(cfg, seed, waves=done, arms=even)
    )
    assert drawn[even[0].name] / 800 > 0.7
    assert drawn[even[1].name] / 800 > 0.2 / 2 - 0.01  # what is left to each at least


Rates = Mapping[tuple[str, str | None], float]


def simulate(
    rates: Rates, recipes: Mapping[str, float], seed: int, adapt: float | None, **changes: Any
) -> tuple[Counter[tuple[str, str | None]], float]:
    """Prompts by arm over 60 waves in which candidates are kept at these rates; kept per call."""
    cfg = config(accept=10**6, adapt=adapt, prompts_per_wave=8, samples_per_prompt=4, **changes)
    chance = random.Random(f"teacher/{seed}")
    waves: list[Screened] = []
    prompts: Counter[tuple[str, str | None]] = Counter()
    for wave in range(60):
        kept = [row for each in waves for row in each.accepted]
        tally = tally_of((8, each) for each in waves)
        here = Situation(by_label((*ROWS, *kept)), LABELS, "0/1", tally)
        orders = draw_orders(recipes, here, cfg, 8, random.Random(f"{seed}/{wave}"))
        prompts.update((order.recipe, order.label) for order in orders)
        waves.append(answered(orders, rates, chance, wave))
    candidates = sum(len(wave.accepted) + len(wave.rejected) for wave in waves)
    return prompts, sum(len(wave.accepted) for wave in waves) / candidates


def answered(orders: Sequence[Order], rates: Rates, chance: random.Random, wave: int) -> Screened:
    accepted, rejected = [], []
    for position, order in enumerate(orders):
        for sample in range(4):
            text, source = f"{wave} {position} {sample}", f"recipe:{order.recipe}"
            row = Example("i", text, label=order.label, source=source)
            if chance.random() < rates[order.recipe, order.label]:
                accepted.append(row)
            else:
                rejected.append(Rejection(row, "echo"))
    return Screened(tuple(accepted), tuple(rejected))


EVEN = {"label_first": 0.5, "self_instruct": 0.5}
UNEVEN: Rates = {
    ("label_first", "fee"): 0.1,
    ("label_first", "refund"): 0.1,
    ("self_instruct", None): 0.6,
}
BY_LABEL: Rates = {("label_first", "fee"): 0.1, ("label_first", "refund"): 0.6}


@pytest.mark.parametrize(
    ("rates", "recipes", "least"), [(UNEVEN, EVEN, 1.25), (BY_LABEL, ONE, 1.2)]
)
def test_prompts_shift_to_the_arms_that_yield_and_none_starves(
    rates: Rates, recipes: Mapping[str, float], least: float
) -> None:
    for seed in range(3):
        _, plain = simulate(rates, recipes, seed, None)
        prompts, adapted = simulate(rates, recipes, seed, 0.25)
        assert adapted / plain > least
        assert min(prompts.values()) / prompts.total() > 0.25 / len(rates) * 0.8


def test_arms_that_yield_alike_keep_their_shares() -> None:
    alike: Rates = dict.fromkeys(UNEVEN, 0.3)
    for seed in range(3):
        prompts, _ = simulate(alike, EVEN, seed, 0.25)
        share = prompts["self_instruct", None] / prompts.total()
        assert share == pytest.approx(0.5, abs=0.06)
        assert prompts["label_first", "fee"] == pytest.approx(
            prompts["label_first", "refund"], rel=0.2
        )


def test_which_recipes_can_be_asked_for_a_label() -> None:
    plain = GenerateConfig()
    assert labelling(BOTH, plain) == {"label_first": True, "self_instruct": False}


@pytest.mark.parametrize(
    ("aim", "taken"),
    [
        ({}, False),  # its grid is walked evenly
        ({"quotas": {"fee": 2}}, True),
        ({"focus": "weak"}, True),
        ({"requests": [{"ask": "an angry one", "count": 1, "label": "fee"}]}, True),
        ({"requests": [{"ask": "an angry one", "count": 1}]}, False),
        ({"quotas": {"fee": 2}, "dialogue": {"scenarios": ["a lost card"]}}, False),
    ],
)
def test_conversations_are_asked_by_label_where_labels_are_aimed_at(
    aim: dict[str, Any], taken: bool
) -> None:
    cfg = GenerateConfig.model_validate({"recipe": "dialogue", "accept": 10, **aim})
    assert labelling({"dialogue": 1.0}, cfg) == {"dialogue": taken}
    here = Situation({}, ("fee", "refund"), "0/1")
    orders = draw_orders({"dialogue": 1.0}, here, cfg, 8, random.Random(0))
    assert all((order.label is not None) == taken for order in orders)
