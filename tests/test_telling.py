import pytest

from selfinstruct import telling


@pytest.mark.parametrize(
    ("metric", "gain", "interval"),
    [
        ("accuracy", "+45.0 points [-2.0, +62.1]", "45.0 % [-2.0, 62.1]"),
        ("nll", "+0.450 [-0.020, +0.621]", "0.450 [-0.020, 0.621]"),
    ],
)
def test_shares_are_told_in_points_and_the_rest_in_its_unit(
    metric: str, gain: str, interval: str
) -> None:
    ends = {"value": 0.45, "low": -0.02, "high": 0.621}
    assert telling.gain(metric, ends) == gain
    assert telling.interval(metric, ends) == interval


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("nll", "NLL, nats/token (lower is better)"),
        ("macro_f1", "macro_f1 (higher is better)"),
    ],
)
def test_a_metric_is_named_with_its_direction(metric: str, told: str) -> None:
    assert telling.name_metric(metric) == told


ENDS = {"value": 0.5, "low": 0.25, "high": 0.75}


def test_a_table_of_students_has_a_column_for_what_any_of_them_has() -> None:
    base = {"name": "base", "n": 8, "metrics": {"nll": ENDS}}
    round_1 = {"name": "round-1", "n": 8, "metrics": {"accuracy": ENDS, "nll": ENDS}}
    columns = {"nll": "NLL, nats/token (lower is better)"}
    columns["accuracy"] = "label accuracy (higher is better)"
    assert list(telling.name_metrics([base, round_1]).items()) == list(columns.items())
    cells = {"accuracy": "50.0 % [25.0, 75.0]", "nll": "0.500 [0.250, 0.750]"}
    assert telling.tell_student(round_1) == {"name": "round-1", "n": 8, "cells": cells}


@pytest.mark.parametrize(
    ("outcome", "sign"),
    [("accept", "✓"), ("reject", "✗"), ("inconclusive", "?"), ("unfinished", "…")],
)
def test_a_verdict_has_a_sign_beside_its_colour(outcome: str, sign: str) -> None:
    assert telling.sign(outcome) == sign


@pytest.mark.parametrize(
    ("metric", "score", "amount"),
    [("accuracy", "5.7 %", "5.7 points"), ("rouge_l", "0.057", "0.057")],
)
def test_values_and_differences_have_their_unit(metric: str, score: str, amount: str) -> None:
    assert (telling.score(metric, 0.057), telling.amount(metric, 0.057)) == (score, amount)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.2, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_duration_is_read_at_a_glance(value: float, shown: str) -> None:
    assert telling.seconds(value) == shown


@pytest.mark.parametrize(
    ("of", "told"), [("synthetic", "x of the synthetic rows"), ("student", "x of the student")]
)
def test_a_signal_is_named_with_what_it_was_taken_of(of: str, told: str) -> None:
    assert telling.name_signal("x", of) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0.00 USD"), (0.00123, "0.0012 USD"), (0.1, "0.10 USD"), (12.345, "12.35 USD")],
)
def test_money_is_told_to_the_cent_or_to_what_says_something(value: float, told: str) -> None:
    assert telling.money(value, "USD") == told
