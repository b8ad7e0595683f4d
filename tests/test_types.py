from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.types import Example, Message, Mixture, RealData, Report, digest

BASE = Example("say it", "now", "yes", label="a")


@pytest.mark.parametrize(
    "changed",
    [
        replace(BASE, instruction="say"),
        replace(BASE, input="then"),
        replace(BASE, response="no"),
        replace(BASE, label="b"),
        replace(BASE, label=None),
        replace(BASE, turns=(Message("user", "x"),)),
    ],
)
def test_an_id_changes_with_any_word(changed: Example) -> None:
    assert changed.id != BASE.id


@pytest.mark.parametrize(
    "changed",
    [
        replace(BASE, round=3),
        replace(BASE, origin="synthetic", parents=("p",), depth=2),
        replace(BASE, source="f:1", license="x", group="g", attempt="k", kind="k"),
    ],
)
def test_an_id_does_not_change_with_where_a_row_comes_from(changed: Example) -> None:
    assert changed.id == BASE.id


def test_words_do_not_move_between_fields_unnoticed() -> None:
    assert Example("a b").id != Example("a", "b").id


def test_nouns_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        BASE.response = "x"  # type: ignore[misc]


@given(st.dictionaries(st.text(), st.integers()))
def test_a_digest_follows_the_value_and_not_the_order(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))
    assert digest(value) != digest({**value, "one more": 1, "and another": 2})


def test_real_data_knows_its_labels_and_notices_a_moved_row() -> None:
    rows = tuple(Example(f"q{i}", label=label) for i, label in enumerate("bab"))
    data = RealData(rows, rows[:1], rows[1:2], ())
    assert data.labels == ("a", "b")
    assert data.split("gate") == rows[1:2]
    assert RealData(rows, rows[1:2], rows[:1], ()).digest != data.digest


def test_a_mixture_is_told_apart_by_its_order() -> None:
    rows = (Example("a"), Example("b"))
    assert Mixture(rows, 0.5, 0.5).digest != Mixture(rows[::-1], 0.5, 0.5).digest


def test_a_report_means() -> None:
    report = Report("c", "gate", ("a", "b"), {"nll": (1.0, 2.0)}, ("", ""))
    assert report.mean("nll") == 1.5
