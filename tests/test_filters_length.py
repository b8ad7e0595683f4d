from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import LengthConfig
from selfinstruct.filters.length import Lengths
from selfinstruct.types import Example, Message

CFG = LengthConfig(factor=2.0, min_rows=5)


def said(count: int, response: int = 10, label: str | None = None) -> Example:
    return Example("q " * count, response="a " * response, label=label)


ROWS = [said(count, 3 * count) for count in range(6, 16)]  # 6..15 words, 18..45 words
LABELLED = [said(30, label="long") for _ in range(5)] + [said(5, label="short") for _ in range(4)]


@pytest.mark.parametrize(
    ("draft", "value", "band"),
    [
        (said(2, 20), 2, "question 3..30"),
        (said(31, 20), 31, "question 3..30"),
        (said(10, 8), 8, "response 9..90"),
        (said(10, 91), 91, "response 9..90"),
    ],
)
def test_a_length_outside_the_widened_band_is_told(draft: Example, value: int, band: str) -> None:
    fault = Lengths.of(ROWS, CFG).fault(draft)
    assert fault is not None
    assert (fault.reason, fault.value, fault.threshold) == ("length_outlier", value, band)
    assert fault.what is draft


@pytest.mark.parametrize("draft", [said(3, 9), said(30, 90), said(10, 0), said(0, 20)])
def test_the_ends_of_the_band_are_in_it_and_an_absent_text_has_no_length(draft: Example) -> None:
    assert Lengths.of(ROWS, CFG).fault(draft) is None


def test_a_label_with_rows_enough_has_a_band_of_its_own() -> None:
    lengths = Lengths.of(LABELLED, CFG)
    draft = said(6, label="long")
    fault = lengths.fault(draft)
    assert fault is not None and fault.threshold == "question 15..60"
    assert lengths.fault(replace(draft, label="short")) is None  # four rows: the band of all
    assert lengths.fault(replace(draft, label="unseen")) is None
    assert lengths.fault(said(2, label="short")) is not None


def test_too_few_rows_or_no_factor_make_no_band() -> None:
    giant = said(10_000, 10_000)
    assert Lengths.of(ROWS[:4], CFG).fault(giant) is None
    assert Lengths.of(ROWS, LengthConfig(factor=None, min_rows=5)).fault(giant) is None
    assert Lengths.of([], CFG).fault(giant) is None


def test_rows_of_labels_alone_set_no_band_for_responses() -> None:
    rows = [replace(row, label="a", response="") for row in ROWS]
    lengths = Lengths.of(rows, CFG)
    assert lengths.fault(said(10, 10_000, label="a")) is None
    assert lengths.fault(said(100, label="a")) is not None


def test_one_freak_in_many_rows_does_not_set_the_band() -> None:
    rows = [*(said(10) for _ in range(100)), said(1000)]
    fault = Lengths.of(rows, CFG).fault(said(21))
    assert fault is not None and fault.threshold == "question 5..20"


def test_the_question_alone_is_judged_before_there_is_an_answer() -> None:
    lengths = Lengths.of(ROWS, CFG)
    assert lengths.question_fault(said(10, 1000)) is None
    assert lengths.question_fault(said(1000, 10)) is not None


def spoken(earlier: int, last: int = 10) -> Example:
    """A conversation of so many words before the last question."""
    said_before = "q " * (earlier // 2)
    turns = (Message("user", said_before), Message("assistant", said_before))
    return replace(said(last), turns=turns)


TALKS = [spoken(earlier) for earlier in range(40, 60, 2)]  # 50..68 words with the last question


@pytest.mark.parametrize(
    ("rows", "draft", "threshold"),
    [
        (TALKS, spoken(14), "conversation 25..136"),
        (TALKS, spoken(128), "conversation 25..136"),
        (TALKS, spoken(16), None),
        (TALKS, spoken(126), None),
        (TALKS, spoken(50, last=21), "question 5..20"),  # the sum is sound, the question is not
        (TALKS, said(10), None),  # a question that stands alone is no short conversation
        (ROWS, spoken(1000), None),  # no real conversation says how long one is
        ([*ROWS, *TALKS[:4]], spoken(1000), None),
        ([*ROWS, *TALKS], spoken(14), "conversation 25..136"),  # single questions do not count
    ],
)
def test_a_conversation_is_as_long_as_real_conversations(
    rows: list[Example], draft: Example, threshold: str | None
) -> None:
    lengths = Lengths.of(rows, CFG)
    assert lengths.question_fault(draft) == (fault := lengths.fault(draft))
    assert (fault and fault.threshold) == threshold


@given(st.lists(st.integers(1, 200), min_size=5, max_size=40), st.floats(1, 5))
def test_at_most_one_real_row_in_fifty_falls_at_either_end(
    counts: list[int], factor: float
) -> None:
    rows = [said(count, count) for count in counts]
    lengths = Lengths.of(rows, LengthConfig(factor=factor, min_rows=5))
    assert sum(lengths.fault(row) is not None for row in rows) <= 2 * (len(rows) * 0.02)
