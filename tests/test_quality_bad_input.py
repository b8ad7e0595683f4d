"""What every filter that asks a model says of text that is none, with models that are functions."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from selfinstruct import chat, quality
from selfinstruct.config import LikelihoodConfig, RubricConfig, SelfConsistencyConfig
from selfinstruct.config.quality import IfdConfig, NllConfig
from selfinstruct.filters.screen import Verified
from selfinstruct.quality.consistency import consistent
from selfinstruct.quality.labels import UNJUDGED, believe, confirm, name_labels
from selfinstruct.quality.likelihood import Band, measure, within
from selfinstruct.quality.round_trip import back_to_instruction, back_to_label
from selfinstruct.quality.rubric import grade, judged
from selfinstruct.quality.spoil import spoil
from selfinstruct.types import Completion, Example, Prompt, Sampling
from tests.bad_texts import TEXTS, cells, long_text, work_of
from tests.fake_students import FakeStudent

ROW = Example("Name the intent.", "Where is my card?", "It is on its way.", label="lost card")
LABELS = ("lost card", "fee")
SAMPLING = Sampling(0.7, 1.0, 16)
DRAWS = 3


@dataclass
class Teacher:
    """An ask that gives one answer to everything, and remembers what it was asked."""

    answer: str
    asked: list[str] = field(default_factory=list)

    def __call__(
        self, prompts: Sequence[Prompt], _sampling: Sampling, samples: int
    ) -> list[list[Completion]]:
        for prompt in prompts:
            self.asked += [message.content for message in prompt.messages] * samples
        for text in self.asked:
            text.encode()  # as whatever sends it does
        return [[Completion(self.answer, "stop")] * samples for _ in prompts]


Filter = Callable[[Sequence[Example], Teacher], Verified]


def agreement(rows: Sequence[Example], _: Teacher) -> Verified:
    student = FakeStudent(lambda _: LABELS[0], context=10_000)
    beliefs = believe(rows, student, LABELS, "label", "")
    return confirm(rows, beliefs, None, "label_agreement", "label_disagrees", "the champion")


def draws(rows: Sequence[Example], ask: Teacher) -> Verified:
    beliefs = name_labels(rows, ask, LABELS, [ROW], SAMPLING, DRAWS)
    return confirm(rows, beliefs, None, "label_agreement", "label_disagrees", "draws", UNJUDGED)


def consistency(rows: Sequence[Example], ask: Teacher) -> Verified:
    return consistent(rows, ask, SelfConsistencyConfig(k=DRAWS), [ROW])


def to_label(rows: Sequence[Example], ask: Teacher) -> Verified:
    beliefs = back_to_label(rows, ask, LABELS, [ROW], 16)
    return confirm(rows, beliefs, None, "round_trip", "round_trip", "the teacher", UNJUDGED)


def to_instruction(rows: Sequence[Example], ask: Teacher) -> Verified:
    return back_to_instruction(rows, ask, [ROW], 0.5, 16)


def likelihood(rows: Sequence[Example], _: Teacher) -> Verified:
    cfg = LikelihoodConfig(ifd=IfdConfig(most=1.5), nll=NllConfig())
    student = FakeStudent(lambda _: "", context=10_000)
    return within(rows, measure(rows, student, "response", "", ifd=True), cfg, Band(0, 2), "it")


def rubric(rows: Sequence[Example], ask: Teacher) -> Verified:
    cfg = RubricConfig()
    grades = grade(rows, ask, cfg, "response")
    return judged(rows, grades, 4, "the judge", keep_ungraded=False)


FILTERS: Mapping[str, tuple[Filter, Callable[[Example], str], int]] = {
    "agreement": (agreement, lambda _: "", 0),
    "draws": (draws, lambda _: LABELS[0], DRAWS),
    "consistency": (consistency, lambda row: row.response, DRAWS),
    "to_label": (to_label, lambda _: LABELS[0], 1),
    "to_instruction": (to_instruction, lambda row: row.instruction, 1),
    "likelihood": (likelihood, lambda _: "", 0),
    "rubric": (rubric, lambda _: "5", 1),
}
"""Each filter, what a model says that is always right, and its questions about one row: twice as
many where no answer can be read.
"""

COLUMNS = {
    "labels": "agreement draws",
    "consistency": "consistency",
    "round_trip": "to_label to_instruction",
    "likelihood": "likelihood",
    "rubric": "rubric",
}
"""The columns of each module that looks at candidates."""
ELSEWHERE = {
    "asking": "how the others ask",
    "students": "the same",
    "chain": "the order of the others",
    "folds": "which real rows a student sees",
    "spoil": "below",
}

# A dot is a text that is kept. The model is right, so what is dropped is so for the text alone.
AS_QUESTION = """
text           agreement       draws  consistency  to_label  to_instruction  likelihood      rubric
empty          .               .      .            .         unjudged        .               .
blank          .               .      .            .         unjudged        .               .
huge           beyond_context  .      .            .         .               beyond_context  .
one-word       .               .      .            .         .               .               .
emoji          .               .      .            .         round_trip      .               .
mixed-scripts  .               .      .            .         .               .               .
surrogate      .               .      .            .         .               .               .
NUL            .               .      .            .         .               .               .
right-to-left  .               .      .            .         .               .               .
brackets       .               .      .            .         round_trip      .               .
fences         .               .      .            .         .               .               .
"""
AS_RESPONSE = """
text           agreement  draws  consistency  to_label  to_instruction  likelihood      rubric
empty          .          .      .            .         .               .               .
blank          .          .      .            .         .               .               .
huge           .          .      .            .         .               beyond_context  .
one-word       .          .      .            .         .               .               .
emoji          .          .      .            .         .               .               .
mixed-scripts  .          .      .            .         .               .               .
surrogate      .          .      .            .         .               .               .
NUL            .          .      .            .         .               .               .
right-to-left  .          .      .            .         .               .               .
brackets       .          .      .            .         .               .               .
fences         .          .      .            .         .               .               .
"""


def outcome_of(row: Example, name: str) -> str:
    check, right, _ = FILTERS[name]
    found = check([row], Teacher(right(row).encode(errors="replace").decode()))
    return found.rejections[0].reason if found.rejections else "."


@pytest.mark.parametrize(("text", "name", "outcome"), cells(AS_QUESTION))
def test_bad_input_as_a_question(text: str, name: str, outcome: str) -> None:
    assert outcome_of(replace(ROW, instruction=TEXTS[text], input=""), name) == outcome


@pytest.mark.parametrize(("text", "name", "outcome"), cells(AS_RESPONSE))
def test_bad_input_as_a_response(text: str, name: str, outcome: str) -> None:
    assert outcome_of(replace(ROW, response=TEXTS[text]), name) == outcome


def test_every_module_that_looks_at_candidates_has_its_columns() -> None:
    folder = Path(quality.__file__).parent
    assert {path.stem for path in folder.glob("*.py")} - {
        "__init__"
    } == COLUMNS.keys() | ELSEWHERE.keys()
    assert {name for names in COLUMNS.values() for name in names.split()} == FILTERS.keys()


@pytest.mark.parametrize("target", ["label", "response", "label_and_response"])
def test_rows_of_such_texts_are_spoilt_without_an_error(target: chat.Target) -> None:
    texts = list(TEXTS.values())
    rows = [Example("Name it.", text, text, label=f"l{at % 2}") for at, text in enumerate(texts)]
    for spoilt in spoil(rows, target, random.Random(0)):
        assert chat.reference(spoilt.row, target) or spoilt.fault


def test_the_tables_cover_every_text_and_every_filter() -> None:
    for table in (AS_QUESTION, AS_RESPONSE):
        assert {text for text, *_ in cells(table)} == {*TEXTS}
        assert {name for _, name, _ in cells(table)} == {*FILTERS}


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_model_that_answers_with_such_a_text_ends_in_no_error(text: str, name: str) -> None:
    """As the ledger gives it back: halves of characters have become U+FFFD."""
    check, _, _ = FILTERS[name]
    said = TEXTS[text].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    found = check([ROW], Teacher(said))
    told = [*found.rejections.values()]
    assert len(told) + bool(not told) == 1
    assert all(len(score.detail) <= 300 for score in found.scores)


@pytest.mark.parametrize("name", FILTERS)
def test_a_thousand_copies_of_one_row_have_one_fate(name: str) -> None:
    check, right, _ = FILTERS[name]
    for text in ("emoji", "surrogate"):
        row = replace(ROW, response=TEXTS[text])
        answer = right(row).encode(errors="replace").decode()
        found = check([row] * 1000, Teacher(answer))
        one = check([row], Teacher(answer))
        assert len(found.rejections) == 1000 * len(one.rejections)
        assert len(found.scores) == 1000 * len(one.scores)


@pytest.mark.parametrize("name", FILTERS)
def test_no_row_costs_more_questions_than_it_says(name: str) -> None:
    check, _, calls = FILTERS[name]
    for text, answer in ((text, answer) for text in TEXTS.values() for answer in ("", "x" * 99)):
        asked = Teacher(answer)
        check([replace(ROW, instruction=text, response=text)], asked)
        about = [each for each in asked.asked if each]
        assert len(about) <= 2 * calls * 3  # a shown row takes two messages, the question one


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("place", ["instruction", "response"])
def test_twice_the_text_takes_about_twice_the_work(name: str, place: str) -> None:
    """In calls of functions, and in characters that a model has to read."""
    check, right, _ = FILTERS[name]

    def measured(count: int) -> tuple[int, int]:
        changed: dict[str, Any] = {place: long_text(count)}
        row = replace(ROW, **changed)
        teacher = Teacher(right(row))
        return work_of(lambda: check([row], teacher)), sum(map(len, teacher.asked))

    (work, read), (more, further) = measured(4000), measured(8000)
    assert more <= 2.5 * work
    assert further <= 2.5 * read
