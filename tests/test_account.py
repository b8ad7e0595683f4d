from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.account import (
    KINDS,
    Spending,
    account,
    affordable,
    asks_for_counts,
    broken,
    charge,
    is_limited,
    price_of,
    require_price,
    spent_error,
    used,
    worst_prompt_tokens,
)
from selfinstruct.config import BudgetConfig, PriceConfig
from selfinstruct.errors import UserError
from selfinstruct.progress import Used

CHEAP = PriceConfig(input=0.15, output=0.6)


def budget(**values: object) -> BudgetConfig:
    return BudgetConfig.model_validate(values)


def test_money_is_tokens_times_price_a_million_to_the_last_digit() -> None:
    assert charge(1_000_000, 500_000, CHEAP) == Spending(1, 1_500_000, Decimal("0.45"))
    tenth = PriceConfig(input=0.1, output=0.1)
    ten = sum((charge(1_000_000, 0, tenth) for _ in range(10)), Spending())
    assert ten.cost == 1  # ten binary tenths are less
    assert broken(budget(max_cost=1), ten) == ()
    assert charge(7, 8, None) == Spending(1, 15)


def test_an_account_is_every_model_at_its_own_price() -> None:
    cfg = budget(
        prices={"a": {"input": 1, "output": 2}, "openai:b@host": {"input": 0, "output": 5}}
    )
    spent = {
        "openai:a@host": {"calls": 2, "prompt_tokens": 1_000_000, "completion_tokens": 500_000},
        "openai:b@host": {"calls": 1, "prompt_tokens": 9, "completion_tokens": 200_000},
        "program:c:f": {"calls": 4, "prompt_tokens": 1, "completion_tokens": 1},
    }
    assert account(cfg, spent, 5400.0) == Spending(7, 1_700_011, Decimal(3), 1.5)


@pytest.mark.parametrize(
    ("model", "priced"),
    [
        ("openai:gpt-x@api.a.com", True),
        ("program:gpt-x", True),
        ("openai:gpt-x-mini@api.a.com", False),
        ("openai:org/gpt-x@api.a.com", False),
    ],
)
def test_a_price_is_found_by_the_name_in_the_config(model: str, priced: bool) -> None:
    cfg = budget(prices={"gpt-x": {"input": 1, "output": 2}}, max_cost=1)
    assert (price_of(cfg, model) is not None) is priced
    if priced:
        require_price(cfg, model)
    else:
        with pytest.raises(UserError, match="has no price"):
            require_price(cfg, model)


def test_a_missing_price_is_told_with_the_line_to_add_and_asked_for_only_with_a_limit() -> None:
    with pytest.raises(UserError) as caught:
        require_price(budget(max_cost=0), "openai:gpt-x@api.a.com")
    assert 'prices: {"gpt-x": {input: ..., output: ...}}' in str(caught.value)
    require_price(budget(max_calls=0), "openai:gpt-x@api.a.com")


@pytest.mark.parametrize(
    ("limits", "spent", "found"),
    [
        ({}, Spending(10**9, 10**12, Decimal(10**9), 1e9), ()),
        ({"max_calls": 0}, Spending(), ()),
        ({"max_calls": 0}, Spending(calls=1), ("calls",)),
        ({"max_calls": 3, "max_tokens": 9}, Spending(3, 9), ()),
        ({"max_calls": 3, "max_tokens": 9}, Spending(4, 10), ("calls", "tokens")),
        ({"max_cost": 0.3}, Spending(cost=Decimal("0.3")), ()),
        ({"max_cost": 0.3}, Spending(cost=Decimal("0.3000001")), ("cost",)),
        ({"max_hours": 0}, Spending(), ("hours",)),
        ({"max_hours": 0.5}, Spending(hours=0.49), ()),
        ({"max_hours": 0.5}, Spending(hours=0.5), ("hours",)),
    ],
)
def test_zero_is_a_limit_and_none_is_off(
    limits: dict[str, float], spent: Spending, found: tuple[str, ...]
) -> None:
    assert broken(budget(**limits), spent) == found


TOKENS = st.integers(0, 5000)
CALLS = st.lists(st.tuples(TOKENS, TOKENS), max_size=30)
PRICES = st.builds(PriceConfig, input=st.floats(0, 100), output=st.floats(0, 100))
LIMITS = st.builds(
    BudgetConfig,
    max_calls=st.none() | st.integers(0, 30),
    max_tokens=st.none() | st.integers(0, 60_000),
    max_cost=st.none() | st.floats(0, 2),
    max_hours=st.none() | st.floats(0, 2),
)


@given(LIMITS, PRICES, CALLS, st.data())
def test_no_limit_is_broken_by_calls_within_their_worst_case(
    limits: BudgetConfig, price: PriceConfig, calls: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Handed over prefix by prefix, as the teacher does, whatever each call comes to."""
    spent = Spending()
    left = calls
    while left and (fit := affordable(limits, spent, [charge(*call, price) for call in left])):
        for read, written in left[:fit]:
            true = data.draw(st.tuples(st.integers(0, read), st.integers(0, written)))
            spent += charge(*true, price)
        left = left[fit:]
        assert broken(limits, spent) == ()
    if left:
        assert broken(limits, spent + charge(*left[0], price))


@given(LIMITS, PRICES, CALLS, TOKENS)
def test_more_spent_never_lets_more_through(
    limits: BudgetConfig, price: PriceConfig, calls: list[tuple[int, int]], more: int
) -> None:
    worst = [charge(*call, price) for call in calls]
    before = affordable(limits, Spending(), worst)
    assert affordable(limits, charge(more, 0, price), worst) <= before <= len(calls)


@given(st.text(max_size=200), st.floats(0, 10))
def test_a_prompt_is_never_taken_for_less_than_its_bytes_before_any_was_seen(
    text: str, densest: float
) -> None:
    import json

    written = json.dumps([["user", text]])
    assert worst_prompt_tokens(len(written), None) >= len(text.encode("utf-8", "surrogatepass"))
    assert worst_prompt_tokens(len(written), densest) >= min(densest, 1.0) * len(written)


def test_what_is_told_has_what_was_spent_what_is_left_and_what_to_raise() -> None:
    cfg = budget(max_cost=0.02, max_calls=40, max_hours=1, currency="EUR")
    spent = Spending(40, 900, Decimal("0.0199"), 1.5)
    told = str(spent_error(cfg, spent, Spending(1, 100, Decimal("0.0005"))))
    assert "budget.max_calls = 40 lets no further call through: 40 spent, 0 left" in told
    assert "budget.max_cost = 0.02 EUR lets no further call through: 0.0199 spent" in told
    assert "0.0001 left, a call may take 0.0005" in told
    assert "budget.max_hours = 1 lets no further call through: 1.5 spent, 0 left\n" in told
    assert "raise the budget (budget.max_calls, budget.max_cost, budget.max_hours)" in told


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, ()),
        ({"max_calls": 0}, (Used("calls", 3.0, 0.0),)),
        ({"prices": {"m": CHEAP}}, (Used("USD", 0.5),)),
        (
            {"max_cost": 2, "max_hours": 1, "currency": "EUR"},
            (Used("EUR", 0.5, 2.0), Used("h", 0.25, 1.0)),
        ),
    ],
)
def test_what_has_a_limit_or_a_price_is_shown(
    values: dict[str, object], shown: tuple[Used, ...]
) -> None:
    assert used(budget(**values), Spending(3, 9, Decimal("0.5"), 0.25)) == shown


@pytest.mark.parametrize("values", [{}, {"max_hours": 1}, {"currency": "EUR"}])
def test_where_nobody_asks_for_counts_they_make_no_difference(values: dict[str, object]) -> None:
    assert not asks_for_counts(budget(**values))
    none, many = Spending(hours=0.5), Spending(10**9, 10**12, Decimal(10**6), 0.5)
    assert used(budget(**values), none) == used(budget(**values), many)
    assert broken(budget(**values), none) == broken(budget(**values), many) == ()


@pytest.mark.parametrize(
    "values", [{"max_calls": 0}, {"max_tokens": 9}, {"max_cost": 0.5}, {"prices": {"m": CHEAP}}]
)
def test_a_limit_or_a_price_asks_for_counts(values: dict[str, object]) -> None:
    assert asks_for_counts(budget(**values))


@pytest.mark.parametrize("kind", KINDS)
def test_every_limit_is_one(kind: str) -> None:
    assert is_limited(budget(**{f"max_{kind}": 0}))
    assert not is_limited(budget(prices={"m": CHEAP}))


def test_every_limit_has_its_kind() -> None:
    limits = {name for name in BudgetConfig.model_fields if name.startswith("max_")}
    assert limits == {f"max_{kind}" for kind in KINDS}
