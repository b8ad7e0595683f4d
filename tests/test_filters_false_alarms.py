import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfinstruct.config import ContaminationConfig
from selfinstruct.filters.contamination import HeldOut
from selfinstruct.filters.false_alarms import LIMITS, PART, FalseAlarms, count_false_alarms
from selfinstruct.progress import Progress
from selfinstruct.text import rouge_l, words
from selfinstruct.types import Example, Message

TEXTS = st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join)
TURNS = st.lists(TEXTS, max_size=1).map(lambda said: tuple(Message("user", text) for text in said))
ROWS = st.lists(st.builds(Example, TEXTS, TEXTS, TEXTS, TURNS), max_size=5)
LIMIT = st.sampled_from([None, 0.0, 0.5, 0.6, 2 / 3, 0.8, 1.0])
CONFIGS = st.builds(
    ContaminationConfig,
    ngram=st.sampled_from([None, 2, 3]),
    rouge_l=LIMIT,
    passage_words=st.sampled_from([None, 1, 3]),
)


def one_by_one(
    train: list[Example],
    held_out: list[Example],
    cfg: ContaminationConfig,
    among: Sequence[int] | None = None,
) -> int:
    """The filter itself, built anew for each row, or each of some places, from all others."""
    found = 0
    for place in range(len(train)) if among is None else among:
        others = [*train[:place], *train[place + 1 :]]
        found += HeldOut.build(held_out, cfg, others).leak(train[place]) is not None
    return found


@settings(max_examples=300, deadline=None)
@given(ROWS, ROWS, CONFIGS)
def test_the_counts_are_those_of_the_filter_asked_row_by_row(
    train: list[Example], held_out: list[Example], cfg: ContaminationConfig
) -> None:
    found = count_false_alarms(train, held_out, cfg)
    assert (found.rows, found.either) == (len(train), one_by_one(train, held_out, cfg))
    by_run, by_rouge = cfg.model_copy(update={"rouge_l": None}), {"ngram": None}
    assert (found.ngram or 0) == one_by_one(train, held_out, by_run)
    assert (found.rouge_l or 0) == one_by_one(train, held_out, cfg.model_copy(update=by_rouge))
    assert ((found.ngram is None), (found.rouge_l is None)) == (
        cfg.ngram is None,
        cfg.rouge_l is None,
    )
    higher = [limit for limit in LIMITS if cfg.rouge_l is not None and limit > cfg.rouge_l]
    assert list(found.at) == higher
    for limit in higher:
        there = cfg.model_copy(update={**by_rouge, "rouge_l": limit})
        assert found.at[limit] == one_by_one(train, held_out, there)


@settings(max_examples=200, deadline=None)
@given(ROWS, ROWS, CONFIGS, st.integers(1, 4))
def test_of_a_sample_the_counts_are_those_of_the_filter_that_knows_all_rows(
    train: list[Example], held_out: list[Example], cfg: ContaminationConfig, most: int
) -> None:
    found = count_false_alarms(train, held_out, cfg, seed=7, most=most)
    among: Sequence[int] = range(len(train))
    if len(train) > most:
        among = random.Random("7/false-alarms").sample(among, most)
    assert (found.rows, found.of) == (len(among), len(train))
    assert found.either == one_by_one(train, held_out, cfg, among)
    for limit, rows in found.at.items():
        there = cfg.model_copy(update={"ngram": None, "rouge_l": limit})
        assert rows == one_by_one(train, held_out, there, among)


def question(text: str) -> Example:
    return Example("Name the intent", text, label="x")


ROUGE = ContaminationConfig(ngram=None)


def test_short_questions_of_one_kind_are_false_alarms_and_a_higher_limit_is_named() -> None:
    held_out = [question("how do i change my pin")]
    near = [question(f"how do i change my {name}") for name in ("name", "card", "plan", "code")]
    train = [*near, question("where is the money that i sent")]
    found = count_false_alarms(train, held_out, ROUGE)  # 5 of 6 words: ROUGE-L is 0.833
    assert (found.rows, found.rouge_l, found.ngram) == (5, 4, None)
    assert found.at == {0.65: 4, 0.7: 4, 0.75: 4, 0.8: 4, 0.85: 0, 0.9: 0}
    assert found.lowest(0.05) == 0.85
    assert found.lowest(0.8) == 0.65


def test_a_passage_that_two_training_rows_have_alarms_for_neither() -> None:
    stock = "we have sent you a new card today and it will come soon"
    held_out = [Example("one two three", response=stock)]
    first = Example("four five six", response=f"{stock} by post")
    second = Example("seven eight nine", response=f"{stock} as well")
    assert count_false_alarms([first], held_out, ROUGE).rouge_l == 1
    assert count_false_alarms([first, second], held_out, ROUGE).rouge_l == 0
    words = ContaminationConfig(rouge_l=None)
    assert count_false_alarms([first], held_out, words).ngram == 1
    assert count_false_alarms([first, second], held_out, words).ngram == 0


@pytest.mark.parametrize(
    ("at", "lowest"), [({}, None), ({0.65: 6, 0.9: 6}, None), ({0.65: 6, 0.7: 5, 0.9: 0}, 0.7)]
)
def test_the_lowest_limit_at_which_few_enough_fall(
    at: dict[float, int], lowest: float | None
) -> None:
    assert FalseAlarms(100, 100, 9, None, 9, at).lowest(0.05) == lowest


def test_the_limit_that_is_set_and_those_below_it_are_no_remedy() -> None:
    cfg = ContaminationConfig(rouge_l=0.8)
    assert list(count_false_alarms([question("a")], [question("b")], cfg).at) == [0.85, 0.9]


def by_every_pair(train: list[Example], held_out: list[Example], limit: float) -> int:
    """The rows that fall at a limit, by the ROUGE-L of every pair of questions and of responses."""
    falling = {
        place
        for place, row in enumerate(train)
        if any(
            rouge_l(words(row.instruction), words(other.instruction)) >= limit for other in held_out
        )
    }
    for other in held_out:
        own = [rouge_l(words(row.response), words(other.response)) for row in train]
        near = [place for place, value in enumerate(own) if value >= limit]
        if len(near) == 1:  # a passage that two training rows have is common property
            falling.update(near)
    return len(falling)


def test_many_rows_are_counted_as_every_pair_says_and_told_as_they_go() -> None:
    rng = random.Random("many")
    rows = [
        Example(
            " ".join(rng.choices("abcdefghijkl", k=6)),
            response=" ".join(rng.choices("abcdefghijklmnop", k=12)),
        )
        for _ in range(2 * PART + 100)
    ]
    train, held_out = rows[: PART + 50], rows[PART + 50 :]
    steps: list[Progress] = []
    cfg = ContaminationConfig(ngram=None, rouge_l=0.6)
    found = count_false_alarms(train, held_out, cfg, on_progress=steps.append)
    assert found.rouge_l == by_every_pair(train, held_out, 0.6)
    assert found.at[0.7] == by_every_pair(train, held_out, 0.7)
    assert 0 < found.at[0.7] < (found.rouge_l or 0) < len(train)
    assert [(step.done, step.total, step.unit) for step in steps] == [
        (PART, len(train), "questions"),
        (PART, len(held_out), "passages"),
    ]
