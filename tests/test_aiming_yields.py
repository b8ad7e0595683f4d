"""What came of asking, arm by arm."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.aiming.yields import (
    Bill,
    Place,
    Seen,
    bills,
    by_prompt,
    count,
    recipe_of,
    yields,
)
from selfinstruct.stats import wilson
from selfinstruct.types import Example, Rejection, Screened

R, S = Place("r"), Place("s")
COSTS = ("calls", "tokens")


def row(n: int, label: str | None = "fee", request: str = "", of: str = "r") -> Example:
    return Example(f"row {n}", label=label, request=request, source=f"recipe:{of}")


def dropped(reason: str, *rows: Example) -> tuple[Rejection, ...]:
    return tuple(Rejection(each, reason) for each in rows)


@pytest.mark.parametrize(
    ("source", "recipe"), [("recipe:few_shot", "few_shot"), ("hf:x", ""), ("", ""), ("recipe:", "")]
)
def test_a_row_names_its_recipe(source: str, recipe: str) -> None:
    assert recipe_of(Example("x", source=source)) == recipe


def test_a_row_that_was_not_needed_counts_as_kept_and_a_failed_call_not_at_all() -> None:
    wave = Screened(
        (row(0),),
        (
            *dropped("echo", row(1), row(2, "loan")),
            *dropped("round_full", row(3)),
            *dropped("quota_full", row(4)),
            *dropped("failed_call", row(5), row(6, "lost")),
        ),
    )
    assert count([wave], lambda each: each.label) == {"fee": Seen(3, 4), "loan": Seen(0, 1)}


def call(template: str, version: str, tokens: int) -> dict[str, Any]:
    return {
        "template": template,
        "version": version,
        "prompt_tokens": tokens,
        "completion_tokens": 1,
    }


def test_calls_are_summed_by_recipe_under_the_version_it_began_with() -> None:
    calls = [
        call("r/question.j2", "v1", 9),
        call("s/propose.j2", "v3", 4),
        call("r/answer.j2", "v2", 19),
    ]
    assert bills(calls) == {R: Bill("v1", 2, 30), S: Bill("v3", 1, 5)}
    assert bills([]) == {}


def test_every_arm_has_its_share_with_its_interval_and_what_a_row_cost() -> None:
    wave = Screened(
        tuple(row(n) for n in range(3)),
        (*dropped("echo", *(row(n, "loan") for n in range(3, 8))), *dropped("echo", row(8))),
    )
    worst, best = yields([(wave, {R: Bill("v", 18, 900)})])
    assert (worst.label, worst.kept, worst.candidates) == ("loan", 0, 5)
    assert (worst.calls, worst.tokens) == (None, None)
    assert (best.recipe, best.version, best.label, best.request) == ("r", "v", "fee", "")
    assert best.share == wilson(3, 4)
    assert best.calls == pytest.approx(18 * 4 / 9 / 3)
    assert best.tokens == pytest.approx(900 * 4 / 9 / 3)


def test_a_new_version_of_a_prompt_is_another_arm_and_so_is_a_request() -> None:
    first = Screened((row(0), row(1, request="a rhyme")))
    second = Screened((row(2),))
    found = yields([(first, {R: Bill("v1", 2, 2)}), (second, {R: Bill("v2", 1, 1)})])
    assert {(arm.version, arm.request) for arm in found} == {
        ("v1", ""),
        ("v1", "a rhyme"),
        ("v2", ""),
    }


def test_rows_of_no_known_call_have_an_arm_without_a_price() -> None:
    (arm,) = yields([(Screened((row(0),)), {})])
    assert (arm.version, arm.calls, arm.tokens, arm.kept) == ("", None, None, 1)


@given(
    st.lists(
        st.tuples(st.sampled_from("rs"), st.sampled_from(["a", "b", None]), st.booleans()),
        min_size=1,
        max_size=40,
    )
)
def test_arms_add_up_to_all_candidates_and_all_calls(given: list[tuple[str, str, bool]]) -> None:
    rows = [(row(n, label, of=of), kept) for n, (of, label, kept) in enumerate(given)]
    wave = Screened(
        tuple(each for each, kept in rows if kept),
        dropped("echo", *(each for each, kept in rows if not kept)),
    )
    found = yields([(wave, {R: Bill("v", 10, 70), S: Bill("w", 4, 8)})])
    assert sum(arm.candidates for arm in found) == len(rows)
    assert sum(arm.kept for arm in found) == len(wave.accepted)
    for recipe, calls in (("r", 10), ("s", 4)):
        ours = [arm for arm in found if arm.recipe == recipe]
        if ours and all(arm.kept for arm in ours):
            paid = sum((arm.calls or 0) * arm.kept for arm in ours)
            assert paid == pytest.approx(calls)
    assert [arm.share.value for arm in found] == sorted(arm.share.value for arm in found)


def test_prompts_that_share_a_recipe_are_arms_and_pay_for_their_own_calls() -> None:
    arms = {("r/question.j2", "v7"): "r/question@7", ("r/question.j2", "v8"): "r/question@8"}
    calls = [
        *(call("r/question.j2", "v7", 9) for _ in range(2)),
        call("r/question.j2", "v8", 99),
        *(call("r/answer.j2", "a", 4) for _ in range(4)),
    ]
    billed = bills(calls, arms)
    seven, eight = Place("r", "r/question@7"), Place("r", "r/question@8")
    assert billed == {seven: Bill("v7", 2, 20), eight: Bill("v8", 1, 100), R: Bill("a", 4, 20)}
    rows = [replace(row(n, "ab"[n % 2]), arm=(seven, eight)[n > 2].arm) for n in range(4)]
    found = yields([(Screened(tuple(rows)), billed)], by_prompt)
    assert {arm.arm: (arm.version, arm.kept, arm.label) for arm in found} == {
        seven.arm: ("v7", 3, None),
        eight.arm: ("v8", 1, None),
    }
    calls_of, tokens_of = ({arm.arm: getattr(arm, what) for arm in found} for what in COSTS)
    assert calls_of == {seven.arm: pytest.approx((2 + 3) / 3), eight.arm: pytest.approx(2)}
    assert tokens_of == {seven.arm: pytest.approx((20 + 15) / 3), eight.arm: pytest.approx(105)}
    by_label = yields([(Screened(tuple(rows)), billed)])
    assert sorted((arm.arm[-1], arm.label) for arm in by_label) == [
        *(("7", "a"), ("7", "b"), ("8", "b"))
    ]


def test_nothing_asked_is_no_arm() -> None:
    assert yields([]) == ()
    assert yields([(Screened(), {})]) == ()
