"""How a round's rows are shared out, and who is turned away once a goal has its own."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.aiming.goals import Goal, Unmet, check_goals, goal_of, goals, keep, missing, unmet
from selfinstruct.aiming.yields import Place, by_aim
from selfinstruct.config import GenerateConfig
from selfinstruct.errors import UserError
from selfinstruct.types import Example, Rejection, Screened

ASKED = [
    {"ask": "a fee in francs", "count": 2, "label": "fee"},
    {"ask": "a rhyme", "count": 3},
]
AIMED = {"accept": 20, "quotas": {"fee": 4, "loan": 0}, "requests": ASKED}


def config(**changes: Any) -> GenerateConfig:
    return GenerateConfig.model_validate(changes)


def row(label: str | None = None, request: str = "", n: int = 0) -> Example:
    return Example(f"row {n}", label=label, request=request)


def counted(rows: Iterable[Example]) -> Counter[Place]:
    return Counter(map(by_aim, rows))


REST = Goal(11)
QUOTA = Goal(4, label="fee")
FRANCS = Goal(2, "a fee in francs", "fee")
RHYME = Goal(3, "a rhyme")


def test_goals_are_requests_quotas_and_the_rest() -> None:
    assert set(goals(config(**AIMED)).values()) == {
        *(FRANCS, RHYME, QUOTA, REST),
        Goal(0, label="loan"),
    }
    assert goals(config(accept=7)) == {("", None): Goal(7)}


@pytest.mark.parametrize(
    ("made", "goal"),
    [
        (row("fee"), QUOTA),
        (row("fee", "a fee in francs"), FRANCS),
        (row("refund", "a fee in francs"), REST),  # not of the label it was asked for
        (row("fee", "a rhyme"), RHYME),
        (row(None, "a rhyme"), RHYME),
        (row("loan"), Goal(0, label="loan")),
        (row("refund"), REST),
        (row(None), REST),
        (row("fee", "forgotten words"), QUOTA),
    ],
)
def test_a_row_counts_for_one_goal(made: Example, goal: Goal) -> None:
    assert goal_of(made, goals(config(**AIMED))) == goal


def reasons(wave: Screened) -> list[str]:
    return [item.reason for item in wave.rejected]


def test_what_a_goal_does_not_need_is_turned_away_in_slot_order() -> None:
    wanted = goals(config(accept=3, quotas={"fee": 1}))
    rows = [row(label, n=n) for n, label in enumerate(("fee", "fee", "b", "b", "b"))]
    wave = Screened(tuple(rows), (Rejection(row("fee", n=9), "echo"),))
    found = keep(wave, wanted, {})
    assert found.accepted == (rows[0], rows[2], rows[3])
    assert [(item.what, item.reason) for item in found.rejected[1:]] == [
        (rows[1], "quota_full"),
        (rows[4], "round_full"),
    ]
    again = keep(Screened((row("fee", n=7),)), wanted, counted(found.accepted[:2]))
    assert reasons(again) == ["quota_full"]


LABELS = st.sampled_from(["fee", "loan", "refund", None])
REQUESTS = st.sampled_from(["", "a fee in francs", "a rhyme"])


@given(st.lists(st.lists(st.tuples(LABELS, REQUESTS), max_size=12), max_size=12))
def test_nobody_is_lost_no_goal_is_passed_and_a_full_round_has_met_all(
    waves: list[list[tuple[str | None, str]]],
) -> None:
    wanted = goals(config(**AIMED))
    accepted: list[Example] = []
    for number, made in enumerate(waves):
        rows = tuple(row(*what, n=100 * number + n) for n, what in enumerate(made))
        found = keep(Screened(rows), wanted, counted(accepted))
        assert len(found.accepted) + len(found.rejected) == len(rows)
        accepted += found.accepted
    for goal in wanted.values():
        assert sum(goal_of(each, wanted) == goal for each in accepted) <= goal.count
    got = counted(accepted)
    assert (len(accepted) == 20) == (missing(wanted, got) == {})
    assert len(unmet(wanted, got)) == len(
        [goal for goal in missing(wanted, got) if not goal.is_rest]
    )


def test_what_was_not_reached_is_told_with_its_numbers() -> None:
    wanted = goals(config(**AIMED))
    got = [row("fee", n=n) for n in range(3)] + [row("fee", "a rhyme", n) for n in range(3)]
    assert unmet(wanted, counted(got)) == (
        Unmet("fee", "a fee in francs", 2, 0),
        Unmet("fee", "", 4, 3),
    )
    assert unmet(goals(config(accept=9)), {}) == ()


KNOWN = ("card_arrival", "card_lost", "fee")
TAKES = {"label_first": True}


@pytest.mark.parametrize(
    ("aim", "labels", "takes", "told"),
    [
        ({"quotas": {"card_arival": 1}}, KNOWN, TAKES, "did you mean 'card_arrival'?"),
        ({"quotas": {"zzz": 1}}, KNOWN, TAKES, "known: card_arrival, card_lost, fee"),
        ({"quotas": {"fee": 1}}, (), TAKES, "no seed has a label"),
        (
            {"requests": [{"ask": "x", "count": 1, "label": "fees"}]},
            KNOWN,
            TAKES,
            "generate.requests asks for the label 'fees'",
        ),
        ({"quotas": {"fee": 1}}, KNOWN, {"self_instruct": False}, "self_instruct cannot"),
        ({"accept": 9, "quotas": {"fee": 10}}, KNOWN, TAKES, "generate.accept=10"),
        (
            {"accept": 9, "quotas": {"fee": 5}, "requests": [{"ask": "x", "count": 5}]},
            KNOWN,
            TAKES,
            "want 10 rows",
        ),
        ({"accept": 9, "quotas": dict.fromkeys(KNOWN, 2)}, KNOWN, TAKES, "3 of generate.accept=9"),
        (
            {
                "accept": 2,
                "quotas": dict.fromkeys(KNOWN, 0),
                "requests": [{"ask": "x", "count": 2}],
            },
            KNOWN,
            TAKES,
            "a quota of 0",
        ),
    ],
)
def test_what_no_round_can_reach_is_refused(
    aim: dict[str, Any], labels: tuple[str, ...], takes: dict[str, bool], told: str
) -> None:
    with pytest.raises(UserError) as caught:
        check_goals(config(**aim), labels, takes)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("aim", "labels", "takes"),
    [
        ({}, KNOWN, TAKES),
        ({}, (), {"self_instruct": False}),
        ({"requests": [{"ask": "x", "count": 5}]}, (), {"self_instruct": False}),
        ({"accept": 9, "quotas": {"fee": 9}}, KNOWN, TAKES),
        ({"accept": 6, "quotas": dict.fromkeys(KNOWN, 2)}, KNOWN, TAKES),
        (
            {"accept": 9, "quotas": dict.fromkeys(KNOWN, 2)},
            KNOWN,
            {**TAKES, "self_instruct": False},  # brings the rest, without a label
        ),
    ],
)
def test_what_can_be_reached_is_let_through(
    aim: dict[str, Any], labels: tuple[str, ...], takes: dict[str, bool]
) -> None:
    check_goals(config(**aim), labels, takes)
