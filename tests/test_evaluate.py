import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from selfinstruct import chat
from selfinstruct.chat import Target
from selfinstruct.config import EvaluateConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.evaluate import evaluate, labels_found, likelihoods
from selfinstruct.model import Answered, OnCount, TokenNll, uncounted
from selfinstruct.progress import Progress
from selfinstruct.types import (
    Checkpoint,
    Completion,
    Exam,
    Example,
    Message,
    Report,
    Request,
    Sampling,
)

CHECKPOINT = Checkpoint("round-1", "base", None, "d1gest")
CFG = EvaluateConfig(max_new_tokens=7)
SYSTEM = "Be brief."
ROWS = (
    Example("Name the capital of France", response="It is Paris.", label="Capital City"),
    Example("Name a colour", response="Red is one.", label="colour"),
    Example("And a fruit?", response="Apples are fruit.", label="fruit"),
)

Answer = Callable[[Example], Completion]


class Pupil:
    """A student that answers by a rule, last row first, and finds long references unlikely."""

    name = "pupil"
    digest = "pupil"

    def __init__(self, answer: Answer, nll: Callable[[str], float] = len, tokens: int = 1) -> None:
        self._answer = answer
        self._nll = nll
        self._tokens = tokens
        self.asked: list[Request] = []

    def generate(self, requests: Sequence[Request]) -> Iterator[Sequence[Answered]]:
        self.asked.extend(requests)
        for index in reversed(range(len(requests))):
            yield [Answered(index, self._answer(ROWS[index]))]

    def nll(
        self, conversations: Sequence[Sequence[Message]], on_scored: OnCount = uncounted
    ) -> list[TokenNll]:
        on_scored(len(conversations))
        return [TokenNll(self._nll(turns[-1].content), self._tokens) for turns in conversations]

    def close(self) -> None:
        pass


def says(text: str) -> Completion:
    return Completion(text, "stop")


def parrot(example: Example) -> Completion:
    return says(f"{example.label}\n{example.response}")


def run(pupil: Pupil, target: Target = "label_and_response", n: int = 3) -> Report:
    return evaluate(pupil, CHECKPOINT, ROWS[:n], "gate", CFG, target, SYSTEM)


def test_scores_and_answers_belong_to_the_rows_whatever_order_they_come_in() -> None:
    report = run(Pupil(parrot))
    assert (report.checkpoint, report.split) == ("d1gest", "gate")
    assert report.ids == tuple(row.id for row in ROWS)
    assert report.answers == tuple(f"{row.label}\n{row.response}" for row in ROWS)
    assert report.scores == {
        "accuracy": (1, 1, 1),
        "rouge_l": (1, 1, 1),
        "nll": tuple(len(answer) for answer in report.answers),
    }


def test_one_wrong_row_loses_its_own_score() -> None:
    report = run(Pupil(lambda row: says("colour\nRed is one.") if row != ROWS[2] else says("?")))
    assert report.scores["accuracy"] == (0, 1, 0)
    assert report.scores["rouge_l"][1:] == (1, 0)


@pytest.mark.parametrize(
    ("target", "metrics"),
    [
        ("response", {"rouge_l", "nll"}),
        ("label", {"accuracy", "nll"}),
        ("label_and_response", {"accuracy", "rouge_l", "nll"}),
    ],
)
def test_a_student_is_scored_on_what_it_writes(target: Target, metrics: set[str]) -> None:
    report = run(Pupil(parrot), target)
    assert report.scores.keys() == metrics


def test_the_student_is_asked_greedily_with_the_prompt_of_training() -> None:
    pupil = Pupil(parrot)
    run(pupil)
    assert [request.messages for request in pupil.asked] == [
        chat.prompt_messages(row, SYSTEM) for row in ROWS
    ]
    assert {request.sampling for request in pupil.asked} == {
        Sampling(temperature=0.0, top_p=1.0, max_tokens=7)
    }


def test_every_answer_and_every_scored_batch_is_progress() -> None:
    seen: list[Progress] = []
    evaluate(Pupil(parrot), CHECKPOINT, ROWS, "dev", CFG, "response", SYSTEM, seen.append)
    assert {(p.stage, p.total) for p in seen} == {("evaluate", 3)}
    assert [(p.done, p.unit) for p in seen] == [
        (1, "rows answered"),
        (2, "rows answered"),
        (3, "rows answered"),
        (3, "rows scored"),
    ]


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(UserError, match="split gate has no rows"):
        run(Pupil(parrot), n=0)


def test_a_row_without_its_label_is_refused() -> None:
    unlabelled = Example("Say hi", response="hi")
    with pytest.raises(UserError, match="has no label"):
        evaluate(Pupil(parrot), CHECKPOINT, [unlabelled], "gate", CFG, "label", SYSTEM)


def test_a_model_that_fails_is_no_wrong_answer() -> None:
    broken = Pupil(lambda _: Completion("", "error", error="out of memory"))
    with pytest.raises(IncompleteError, match="out of memory"):
        run(broken)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_likelihood_that_is_no_number_is_no_score(value: float) -> None:
    with pytest.raises(IncompleteError, match=f"likelihood of {value}"):
        run(Pupil(parrot, nll=lambda _: value))


def test_a_score_of_the_users_own_is_taken_beside_ours() -> None:
    cfg = EvaluateConfig(max_new_tokens=7, metrics=("chrf", f"{__name__}:says_label"))
    report = evaluate(Pupil(parrot), CHECKPOINT, ROWS, "gate", cfg, "label_and_response", SYSTEM)
    assert report.scores["chrf"] == (1, 1, 1)
    assert report.scores[f"{__name__}:says_label"] == (0, 0, 1)


def says_label(example: Example, reply: chat.Reply) -> bool:
    return (example.label or "") in reply.response


def broken_score(_example: Example, reply: chat.Reply) -> float:
    return math.nan if "Red" in reply.response else 1.0


def test_a_score_that_is_no_number_names_its_row() -> None:
    cfg = EvaluateConfig(metrics=(f"{__name__}:broken_score",))
    with pytest.raises(UserError, match=f"broken_score is nan on row {ROWS[1].id}"):
        evaluate(Pupil(parrot), CHECKPOINT, ROWS, "gate", cfg, "response", SYSTEM)


def test_a_score_of_the_whole_set_is_taken_of_the_whole_set() -> None:
    cfg = EvaluateConfig(metrics=("macro_f1",))
    pupil = Pupil(lambda row: says("fruit" if row == ROWS[1] else str(row.label)))
    report = evaluate(pupil, CHECKPOINT, ROWS, "gate", cfg, "label", SYSTEM)
    assert report.mean("macro_f1") == pytest.approx((1 + 0 + 2 / 3) / 3)


def test_a_schema_that_cannot_be_used_costs_no_answer() -> None:
    pupil = Pupil(parrot)
    cfg = EvaluateConfig(metrics=("json_schema",), json_schema="nowhere.json")
    with pytest.raises(UserError, match=r"nowhere\.json cannot be read"):
        evaluate(pupil, CHECKPOINT, ROWS, "gate", cfg, "response", SYSTEM)
    assert not pupil.asked


def test_a_response_is_held_to_the_schema(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"type": "integer"}')
    cfg = EvaluateConfig(metrics=("json_schema",), json_schema=str(schema))
    pupil = Pupil(lambda row: says("7" if row == ROWS[2] else "seven"))
    report = evaluate(pupil, CHECKPOINT, ROWS, "gate", cfg, "response", SYSTEM)
    assert report.scores["json_schema"] == (0, 0, 1)


def test_a_likelihood_alone_takes_no_answer() -> None:
    seen: list[Progress] = []
    pupil = Pupil(parrot, tokens=4)
    report = likelihoods(pupil, CHECKPOINT, ROWS, "general", "response", SYSTEM, seen.append)
    assert not pupil.asked
    assert (report.checkpoint, report.split) == ("d1gest", "general")
    assert report.ids == tuple(row.id for row in ROWS)
    assert report.answers == ("", "", "")
    lengths = tuple(len(row.response) for row in ROWS)
    assert report.scores == {"nll": lengths, "nats": tuple(4 * length for length in lengths)}
    assert [(p.done, p.unit) for p in seen] == [(3, "rows scored")]


def test_the_likelihood_alone_is_the_one_beside_the_answers() -> None:
    alone = likelihoods(Pupil(parrot), CHECKPOINT, ROWS, "dev", "label_and_response", SYSTEM)
    assert alone.scores["nll"] == run(Pupil(parrot)).scores["nll"]


@pytest.mark.parametrize(
    ("split", "words"),
    [("dev", "raise seeds.split.dev"), ("general", "a seed file with more rows")],
)
def test_no_rows_have_no_likelihood(split: Exam, words: str) -> None:
    with pytest.raises(UserError, match=words):
        likelihoods(Pupil(parrot), CHECKPOINT, [], split, "response", SYSTEM)


def test_a_likelihood_alone_must_be_a_number_too() -> None:
    broken = Pupil(parrot, nll=lambda _: math.nan)
    with pytest.raises(IncompleteError, match="likelihood of nan"):
        likelihoods(broken, CHECKPOINT, ROWS, "general", "response", SYSTEM)


def test_a_label_is_found_where_the_answer_names_it_as_on_gate() -> None:
    pupil = Pupil(
        lambda row: says("**colour**" if row != ROWS[0] else " Intent: capital city.\nHm")
    )
    found = labels_found(pupil, ROWS, CFG, "label_and_response", SYSTEM)
    assert found == (True, True, False)
    report = evaluate(pupil, CHECKPOINT, ROWS, "gate", CFG, "label_and_response", SYSTEM)
    assert report.scores["accuracy"] == (1.0, 1.0, 0.0)
    first, second = pupil.asked[:3], pupil.asked[3:]
    assert first == second
