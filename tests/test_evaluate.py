import math
from collections.abc import Callable, Iterator, Sequence

import pytest

from selfinstruct import chat
from selfinstruct.chat import Target
from selfinstruct.config import EvaluateConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.evaluate import evaluate
from selfinstruct.types import (
    Answered,
    Checkpoint,
    Completion,
    Example,
    Message,
    OnCount,
    Progress,
    Report,
    Request,
    Sampling,
    TokenNll,
    uncounted,
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

    def __init__(self, answer: Answer, nll: Callable[[str], float] = len) -> None:
        self._answer = answer
        self._nll = nll
        self.asked: list[Request] = []

    def generate(self, requests: Sequence[Request]) -> Iterator[Answered]:
        self.asked.extend(requests)
        for index in reversed(range(len(requests))):
            yield Answered(index, self._answer(ROWS[index]))

    def nll(
        self, conversations: Sequence[Sequence[Message]], on_scored: OnCount = uncounted
    ) -> list[TokenNll]:
        on_scored(len(conversations))
        return [TokenNll(self._nll(turns[-1].content), 1) for turns in conversations]

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
