from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.config import ContradictionConfig
from selfinstruct.filters.contradiction import Answers, contradictions_within
from selfinstruct.text import rouge_l, words
from selfinstruct.types import Example, Message, Rejection

PRIME = Example("Is the number in the text prime", "91", "No")
CARD = Example("Name the intent", "Where is my new card today?", "Soon.", label="card_arrival")
JOKE = Example("Tell a joke", response="A horse walks into a bar.")


def known(*rows: Example, rouge_l: float | None = None) -> Answers:
    answers = Answers(ContradictionConfig(rouge_l=rouge_l))
    answers.add(rows)
    return answers


@pytest.mark.parametrize(
    ("row", "draft"),
    [
        (PRIME, replace(PRIME, response="Yes")),
        (PRIME, replace(PRIME, instruction=" is the NUMBER in the\ntext prime", response="Yes")),
        (CARD, replace(CARD, label="lost_card")),
        (CARD, replace(CARD, input="where is my new  card today?", label="lost_card")),
        (replace(CARD, input="", instruction="Where is it"), Example("Where is it", label="b")),
    ],
)
def test_another_answer_to_a_known_question_is_a_contradiction(
    row: Example, draft: Example
) -> None:
    assert known(row).contradiction(draft) == Rejection(draft, "contradiction", neighbour=row.id)


@pytest.mark.parametrize(
    ("row", "draft"),
    [
        (PRIME, replace(PRIME, response=" no ")),
        (PRIME, replace(PRIME, input="97", response="Yes")),
        (PRIME, replace(PRIME, response="")),  # a question that is not answered yet
        (JOKE, replace(JOKE, response="Another one.")),
        (CARD, replace(CARD, response="Within a week.")),
        (CARD, replace(CARD, label=None, response="Within a week.")),
        (CARD, replace(CARD, input="Where is my new card now?", label="lost_card")),
        (Example("Say if it holds", "3 < 4", "Yes"), Example("Say if it holds", "3 > 4", "No")),
    ],
)
def test_what_may_be_said_beside_it_is_none(row: Example, draft: Example) -> None:
    assert known(row).contradiction(draft) is None


def test_where_real_rows_disagree_each_of_their_answers_may_be_given() -> None:
    answers = known(PRIME, replace(PRIME, response="Hardly"))
    assert answers.contradiction(replace(PRIME, response="hardly")) is None
    third = answers.contradiction(replace(PRIME, response="Yes"))
    assert third is not None and third.neighbour == PRIME.id


def test_a_near_question_with_another_label_counts_where_it_is_asked_for() -> None:
    near = replace(CARD, input="Where is my new card now?", label="lost_card")
    twin = replace(CARD, input="Where is my new card right now?", label="card_arrival")
    fault = known(twin, CARD, rouge_l=0.8).contradiction(near)
    expected = rouge_l(words(near.input), words(twin.input))
    assert fault == Rejection(near, "contradiction", expected, 0.8, twin.id)
    assert known(CARD, twin).contradiction(near) is None
    assert known(CARD, twin, rouge_l=0.95).contradiction(near) is None
    assert known(CARD, twin, rouge_l=0.8).contradiction(replace(near, label=CARD.label)) is None


def test_the_same_last_turn_after_other_turns_is_not_near() -> None:
    one, other = (
        Example(
            "Yes please do",
            label=label,
            turns=(Message("user", asked), Message("assistant", "Shall I?")),
        )
        for asked, label in (("My new card has not come", "card"), ("Charged me twice", "fee"))
    )
    assert known(one, rouge_l=0.6).contradiction(other) is None
    near = replace(one, instruction="Yes please", label="fee")
    fault = known(one, rouge_l=0.6).contradiction(near)
    assert fault is not None and fault.neighbour == one.id


def test_of_equally_near_rows_the_first_is_named() -> None:
    first, second = replace(CARD, label="a"), replace(CARD, label="b")
    fault = known(first, second, rouge_l=0.5).contradiction(replace(CARD, input=f"{CARD.input} x"))
    assert fault is not None and fault.neighbour == first.id


def test_near_unlabelled_questions_never_contradict() -> None:
    draft = replace(PRIME, instruction="Is the number in this text prime", response="Yes")
    assert known(PRIME, rouge_l=0.0).contradiction(draft) is None


def test_within_a_batch_nobody_knows_who_is_right() -> None:
    yes, other = replace(PRIME, response="Yes"), replace(PRIME, input="97")
    found = contradictions_within([PRIME, yes, other, PRIME], [None] * 4)
    assert {slot: fault.neighbour for slot, fault in found.items()} == {
        0: yes.id,
        1: PRIME.id,
        3: yes.id,
    }
    unsound = Rejection(yes, "refusal")
    assert contradictions_within([PRIME, yes], [None, unsound]) == {}


ROWS = st.builds(
    Example,
    instruction=st.sampled_from(["is it so", "tell me", "Is it so"]),
    input=st.sampled_from(["", "a b c", "a b d"]),
    response=st.sampled_from(["", "yes", "no"]),
    label=st.sampled_from([None, "x", "y"]),
)


@given(st.lists(ROWS, max_size=8), ROWS)
def test_a_known_row_never_contradicts_and_batch_and_ledger_agree(
    rows: list[Example], draft: Example
) -> None:
    answers = known(*rows)
    assert all(answers.contradiction(row) is None for row in rows)
    if len(rows) == 1:
        within = contradictions_within([*rows, draft], [None, None])
        assert (answers.contradiction(draft) is not None) == (1 in within)


@given(st.lists(ROWS, max_size=8), ROWS, st.sampled_from([0.0, 0.5, 0.8]))
def test_a_near_contradiction_is_what_reading_every_row_finds(
    rows: list[Example], draft: Example, limit: float
) -> None:
    """The oracle: ROUGE-L of every labelled row, one after the other."""
    from selfinstruct.text import question_text

    def likeness(row: Example) -> float:
        return rouge_l(words(question_text(row)), words(question_text(draft)))

    found = known(*rows, rouge_l=limit).contradiction(draft)
    exact = known(*rows).contradiction(draft)
    same = [row for row in rows if row.label == draft.label and _asked(row) == _asked(draft)]
    others = [row for row in rows if row.label not in (None, draft.label)]
    if exact is not None or draft.label is None or same:
        assert found == exact
    else:
        best = max(map(likeness, others), default=0.0)
        assert (found is not None) == (best > limit)
        assert found is None or found.value == best


def _asked(row: Example) -> tuple[str, str]:
    return row.instruction.lower(), row.input
