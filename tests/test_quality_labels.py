import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfinstruct.filters.screen import Verified
from selfinstruct.quality.labels import (
    Belief,
    believe,
    confirm,
    label_prompt,
    name_labels,
    read_label,
    softmax,
    tally,
)
from selfinstruct.types import Completion, Example, Sampling
from tests.bad_rows import bad_rows
from tests.fake_students import FakeStudent, asks

LABELS = ("card_arrival", "fee", "refund")
ROW = Example("Name it.", "where is my money", label="refund")


def held(belief: Belief | None, least: float | None = 0.5, row: Example = ROW) -> Verified:
    return confirm([row], [belief], least, "label_agreement", "label_disagrees", "the champion")


@pytest.mark.parametrize(
    ("belief", "least", "reason"),
    [
        ({"refund": 0.9, "fee": 0.1}, 0.5, None),
        ({"refund": 0.4, "fee": 0.3, "card_arrival": 0.3}, None, None),
        ({"refund": 0.4, "fee": 0.3, "card_arrival": 0.3}, 0.5, "label_disagrees"),
        ({"refund": 0.4, "fee": 0.6}, None, "label_disagrees"),
        ({"refund": 0.4, "fee": 0.6}, 0.0, "label_disagrees"),  # 0 is a limit; another has more
        ({"refund": 0.5, "fee": 0.5}, 0.5, None),  # a tie is for the row
        ({"Refund ": 0.9}, 0.5, None),  # as labels are compared everywhere
        ({"fee": 1.0}, None, "label_disagrees"),
        ({}, None, "label_disagrees"),
        (None, 0.5, "beyond_context"),
    ],
)
def test_the_intended_label_must_have_most(
    belief: Belief | None, least: float | None, reason: str | None
) -> None:
    found = held(belief, least)
    assert [each.reason for each in found.rejections.values()] == ([reason] if reason else [])
    assert len(found.scores) == (0 if belief is None else 1)


def test_a_score_tells_who_said_what_whatever_became_of_the_row() -> None:
    (score,) = held({"refund": 0.25, "fee": 0.75}).scores
    assert (score.id, score.name, score.value) == (ROW.id, "label_agreement", 0.25)
    assert (score.source, score.detail) == ("model", "the champion said fee")
    (rejection,) = held({"refund": 0.25, "fee": 0.75}).rejections.values()
    assert (rejection.value, rejection.threshold) == (0.25, 0.5)
    (kept,) = held({"refund": 0.75, "fee": 0.25}).scores
    assert kept.detail == "the champion said refund"


def test_a_row_without_a_label_is_named_as_such() -> None:
    found = held({"fee": 1.0}, row=Example("Tell a joke."))
    assert [each.reason for each in found.rejections.values()] == ["no_label"]
    assert found.scores == ()


@given(st.lists(st.floats(-800, 0), min_size=1, max_size=80))
def test_probabilities_sum_to_one_however_small_they_are(logs: list[float]) -> None:
    shares = softmax(logs)
    assert math.isclose(sum(shares), 1)
    assert (
        shares.index(max(shares)) == logs.index(max(logs))
        or logs.count(max(logs)) > 1
        or (max(logs) - sorted(logs)[-2] < 1e-9)
    )


@pytest.mark.parametrize(("target", "first_line"), [("label", False), ("label_and_response", True)])
def test_a_student_weighs_every_label_as_it_would_write_it(target: str, first_line: bool) -> None:
    student = FakeStudent(lambda text: "fee" if "fee" in text else "refund", odds=8.0)
    rows = [ROW, Example("Name it.", "a fee", label="fee")]
    found = believe(rows, student, LABELS, target, "s")  # type: ignore[arg-type]
    assert [each and round(each["fee"], 3) for each in found] == [0.1, 0.8]
    (asked,) = student.asked
    assert asked == (["Name it.\n\nwhere is my money", "Name it.\n\na fee"], first_line)


@pytest.mark.parametrize(
    ("beliefs", "share"),
    [
        ([{"a": 0.9, "b": 0.1}, {"a": 0.4, "b": 0.6}], {"a": 0.5, "b": 0.5}),
        ([{"a": 0.9}, {"a": 0.8}, {"b": 1.0}], {"a": 2 / 3, "b": 1 / 3}),
        ([{"a": 0.9}, None], None),
    ],
)
def test_students_have_a_vote_each(
    beliefs: list[Belief | None], share: dict[str, float] | None
) -> None:
    assert tally(beliefs) == share


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("fee", "fee"),
        ("Label: **Card arrival**.", "card_arrival"),
        ("<think>fee?</think>\nrefund", "refund"),
        ("It is about a fee", None),
        ("", None),
        ("fee, refund", None),
    ],
)
def test_an_answer_names_a_label_or_none(answer: str, label: str | None) -> None:
    assert read_label(Completion(answer, "stop"), LABELS) == label


def test_draws_that_name_no_label_count_against_the_row() -> None:
    said = ["refund", "refund", "who knows", "fee", "refund"]
    found = name_labels([ROW], asks(lambda _, n, __: said[n]), LABELS, (), Sampling(), 5)
    assert found == [{"refund": 0.6, "fee": 0.2}]


def test_a_failed_call_is_no_voice_and_where_all_fail_nobody_judged() -> None:
    def answer(_: str, n: int, how: Sampling) -> str | Completion:
        failed = Completion("", "error", error="503")
        return failed if n or how.max_tokens == 1 else "refund"

    assert name_labels([ROW], asks(answer), LABELS, (), Sampling(), 4) == [{"refund": 0.25}]
    silent = name_labels([ROW], asks(answer), LABELS, (), Sampling(max_tokens=1), 4)
    assert silent[0] == {"refund": 0.25} or silent == [None]
    gone = name_labels([ROW], asks(lambda *_: Completion("", "error")), LABELS, (), Sampling(), 2)
    assert gone == [None]
    assert name_labels([], asks(answer), LABELS, (), Sampling(), 2) == []


def test_the_prompt_shows_real_rows_and_the_labels_alone() -> None:
    prompt = label_prompt(ROW, LABELS, [Example("Name it.", "a fee", label="fee")])
    assert [turn.role for turn in prompt.messages] == ["user", "assistant", "user"]
    assert prompt.messages[1].content == "fee"
    rule = "one of these labels: card_arrival, fee, refund."
    assert rule in prompt.messages[0].content
    assert prompt.messages[-1].content == "<text>\nwhere is my money\n</text>"
    (alone,) = label_prompt(ROW, LABELS, ()).messages
    assert rule in alone.content
    assert alone.content.endswith("<text>\nwhere is my money\n</text>")
    assert prompt.template == "quality/label.j2"
    assert prompt.about == ROW.id


def test_bad_rows_are_scored_or_told_to_be_too_long() -> None:
    rows = bad_rows()
    student = FakeStudent(lambda _: "fee")
    found = confirm(rows, believe(rows, student, LABELS, "label", "s"), 0.5, "a", "b", "c")
    assert [each.reason for each in found.rejections.values()] == ["beyond_context"]
    assert len(found.scores) == len(rows) - 1
    voted = name_labels(rows, asks(lambda *_: "fee"), LABELS, (), Sampling(), 2)
    assert voted == [{"fee": 1.0}] * len(rows)
