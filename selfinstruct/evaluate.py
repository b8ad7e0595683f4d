"""How good a student is on real rows: a model and examples in, a score for each row and metric out.

It knows nothing of other students; comparing them is the gate's work. The student is asked as it
was trained: the same prompt, and its answer read by the same rule.

Of a conversation the last answer alone is scored, whatever `student.train_on` taught: a row is one
observation with one reference, so that its likelihood and its answer's metrics speak of the same
words, a long conversation weighs no more than a short one, and students trained in either way, and
the base, are compared on the same tokens. Earlier turns are what the reference is read after.
"""

import math
from collections.abc import Sequence
from itertools import chain

from selfinstruct import chat
from selfinstruct.config import EvaluateConfig
from selfinstruct.errors import DivergedError, IncompleteError, UserError
from selfinstruct.metrics import metrics_of
from selfinstruct.metrics.answers import accuracy
from selfinstruct.model import StudentModel, TokenNll
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.types import (
    SPLITS,
    Checkpoint,
    Exam,
    Example,
    Message,
    Report,
    Request,
    Sampling,
    Split,
)


def evaluate(
    model: StudentModel,
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    split: Split,
    cfg: EvaluateConfig,
    target: chat.Target,
    system: str,
    on_progress: OnProgress = silent,
) -> Report:
    """Greedy answers and reference likelihoods of every example, in the examples' order.

    Scores are those of `metrics_of` and nll. Progress is reported as round 0: rows answered, then
    rows scored. Raises `UserError` for an empty split, a row without the label it should be scored
    on and a score that is not finite, `IncompleteError` where the model fails on a row, and
    `DivergedError` where it finds no finite likelihood.
    """
    metrics = metrics_of(target, cfg.metrics, cfg.json_schema)
    references = _references(examples, split, target, system)
    requests = [question(example, system, cfg) for example in examples]
    answers = _answers(model, requests, examples, on_progress)
    replies = [chat.read_answer(answer, target) for answer in answers]
    scores = {
        name: _finite(name, metric(examples, replies), examples) for name, metric in metrics.items()
    }
    scored = _score(model, references, examples, on_progress)
    return Report(
        checkpoint=checkpoint.digest,
        split=split,
        ids=tuple(example.id for example in examples),
        scores={**scores, "nll": tuple(found.mean for found in scored)},
        answers=answers,
    )


def question(example: Example, system: str, cfg: EvaluateConfig) -> Request:
    """A row in, what a student is asked of it out: greedily, and without the reference."""
    greedy = Sampling(temperature=0.0, top_p=1.0, max_tokens=cfg.max_new_tokens)
    return Request(chat.prompt_messages(example, system), greedy)


def likelihoods(
    model: StudentModel,
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    split: Exam,
    target: chat.Target,
    system: str,
    on_progress: OnProgress = silent,
) -> Report:
    """The reference likelihood of every example: no text is generated, so the answers are empty.

    Scores are nll, the mean over a reference's tokens, and nats, their sum. What guards and the
    watch need of many rows, at the price of one forward pass. Raises as `evaluate` does.
    """
    references = _references(examples, split, target, system)
    scored = _score(model, references, examples, on_progress)
    return Report(
        checkpoint=checkpoint.digest,
        split=split,
        ids=tuple(example.id for example in examples),
        scores={
            "nll": tuple(found.mean for found in scored),
            "nats": tuple(found.mean * found.tokens for found in scored),
        },
        answers=("",) * len(examples),
    )


def labels_found(
    model: StudentModel,
    examples: Sequence[Example],
    cfg: EvaluateConfig,
    target: chat.Target,
    system: str,
    on_progress: OnProgress = silent,
) -> tuple[bool, ...]:
    """Whether the student's greedy answer to each example names the example's label.

    Raises `IncompleteError` where the model fails on a row.
    """
    requests = [question(example, system, cfg) for example in examples]
    replies = [
        chat.read_answer(answer, target)
        for answer in _answers(model, requests, examples, on_progress)
    ]
    return tuple(
        accuracy(example, reply) == 1.0 for example, reply in zip(examples, replies, strict=True)
    )


def _references(
    examples: Sequence[Example], split: Exam, target: chat.Target, system: str
) -> list[tuple[Message, ...]]:
    if not examples:
        raise UserError(
            f"the split {split} has no rows to evaluate on", next_step=_how_to_fill(split)
        )
    return [chat.conversation(example, target, system) for example in examples]


def _how_to_fill(split: Exam) -> str:
    if split in SPLITS:
        return f"add real examples or raise seeds.split.{split}"
    return "name a seed file with more rows"


def _finite(name: str, values: Sequence[float], examples: Sequence[Example]) -> tuple[float, ...]:
    for example, value in zip(examples, values, strict=True):
        if not math.isfinite(value):
            raise UserError(
                f"{name} is {value} on row {example.id}",
                why="what is no number cannot be compared",
                next_step="mend the metric: it must give a finite number for any answer",
            )
    return tuple(values)


def _answers(
    model: StudentModel,
    requests: Sequence[Request],
    examples: Sequence[Example],
    on_progress: OnProgress,
) -> tuple[str, ...]:
    answers: dict[int, str] = {}
    for answered in chain.from_iterable(model.generate(requests)):
        completion = answered.completion
        if completion.finish_reason == "error":
            raise IncompleteError(
                f"{model.name} failed on row {examples[answered.index].id}: {completion.error}",
                next_step="mend that or leave the row out, and start the same command again",
            )
        answers[answered.index] = completion.text
        on_progress(Progress(0, "evaluate", len(answers), len(requests), "rows answered"))
    return tuple(answers[index] for index in range(len(requests)))


def _score(
    model: StudentModel,
    references: Sequence[Sequence[Message]],
    examples: Sequence[Example],
    on_progress: OnProgress,
) -> list[TokenNll]:
    def on_scored(done: int) -> None:
        on_progress(Progress(0, "evaluate", done, len(references), "rows scored"))

    scored = model.nll(references, on_scored)
    for example, found in zip(examples, scored, strict=True):
        if not math.isfinite(found.mean):
            raise DivergedError(
                f"{model.name} gives the reference of row {example.id} "
                f"a likelihood of {found.mean}",
                why="its weights are broken, so no score of it means anything",
                next_step="train again with a lower student.learning_rate",
            )
    return scored
