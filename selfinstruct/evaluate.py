"""How good a student is on real rows: a model and examples in, a score for each row and metric out.

It knows nothing of other students; comparing them is the gate's work. The student is asked as it
was trained: the same prompt, and its answer read by the same rule.
"""

import math
from collections.abc import Sequence

from selfinstruct import chat
from selfinstruct.config import EvaluateConfig
from selfinstruct.errors import IncompleteError, UserError
from selfinstruct.metrics import Metric, metrics_of
from selfinstruct.types import (
    Checkpoint,
    Example,
    Message,
    OnProgress,
    Progress,
    Report,
    Request,
    Sampling,
    Split,
    StudentModel,
    silent,
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
    on and a score that is not finite, and `IncompleteError` where the model fails on a row or finds
    no finite likelihood.
    """
    if not examples:
        raise UserError(
            f"the split {split} has no rows to evaluate on",
            next_step=f"add real examples or raise seeds.split.{split}",
        )
    references = [chat.conversation(example, target, system) for example in examples]
    answers = _answers(model, references, examples, cfg, on_progress)
    replies = [chat.read_answer(answer, target) for answer in answers]
    scores = {
        name: tuple(_score(name, metric, *each) for each in zip(examples, replies, strict=True))
        for name, metric in metrics_of(target, cfg.metrics).items()
    }
    return Report(
        checkpoint=checkpoint.digest,
        split=split,
        ids=tuple(example.id for example in examples),
        scores={**scores, "nll": _nll(model, references, examples, on_progress)},
        answers=answers,
    )


def _score(name: str, metric: Metric, example: Example, reply: chat.Reply) -> float:
    value = float(metric(example, reply))
    if not math.isfinite(value):
        raise UserError(
            f"{name} is {value} on row {example.id}",
            why="what is no number cannot be compared",
            next_step="mend the metric: it must give a finite number for any answer",
        )
    return value


def _answers(
    model: StudentModel,
    references: Sequence[Sequence[Message]],
    examples: Sequence[Example],
    cfg: EvaluateConfig,
    on_progress: OnProgress,
) -> tuple[str, ...]:
    greedy = Sampling(temperature=0.0, top_p=1.0, max_tokens=cfg.max_new_tokens)
    requests = [Request(tuple(messages[:-1]), greedy) for messages in references]
    answers: dict[int, str] = {}
    for answered in model.generate(requests):
        completion = answered.completion
        if completion.finish_reason == "error":
            raise IncompleteError(
                f"{model.name} failed on row {examples[answered.index].id}: {completion.error}",
                next_step="mend that or leave the row out, and start the same command again",
            )
        answers[answered.index] = completion.text
        on_progress(Progress(0, "evaluate", len(answers), len(requests), "rows answered"))
    return tuple(answers[index] for index in range(len(requests)))


def _nll(
    model: StudentModel,
    references: Sequence[Sequence[Message]],
    examples: Sequence[Example],
    on_progress: OnProgress,
) -> tuple[float, ...]:
    def on_scored(done: int) -> None:
        on_progress(Progress(0, "evaluate", done, len(references), "rows scored"))

    values = tuple(found.mean for found in model.nll(references, on_scored))
    for example, value in zip(examples, values, strict=True):
        if not math.isfinite(value):
            raise IncompleteError(
                f"{model.name} gives the reference of row {example.id} a likelihood of {value}",
                why="its weights are broken, so no score of it means anything",
                next_step="train again with a lower student.learning_rate",
            )
    return values
