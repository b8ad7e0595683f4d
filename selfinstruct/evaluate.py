"""How good a student is on real rows: a model and examples in, a score for each row and metric out.

It knows nothing of other students; comparing them is the gate's work. The student is asked as it
was trained: the same prompt, and its answer read by the same rule.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from selfinstruct import chat, text
from selfinstruct.config import EvaluateConfig
from selfinstruct.errors import IncompleteError, UserError
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

Metric = Callable[[Example, chat.Reply], float]


class _Words:
    """The package's words in place of rouge_score's, which drop all but ASCII characters."""

    def tokenize(self, content: str) -> list[str]:
        return text.words(content)


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # brings nltk along, which takes a second

    return RougeScorer(["rougeL"], tokenizer=_Words())


def accuracy(example: Example, reply: chat.Reply) -> float:
    """1 where the label is the reference's, up to case and outer punctuation, else 0."""
    if example.label is None or reply.label is None:
        return 0.0
    return float(chat.normalise_label(reply.label) == chat.normalise_label(example.label))


def rouge_l(example: Example, reply: chat.Reply) -> float:
    """ROUGE-L F1 of the response's words against the reference's, in 0..1 (Lin 2004)."""
    return float(_rouge().score(example.response, reply.response)["rougeL"].fmeasure)


# The metrics of an answer, by name. A report holds nll beside them: the mean negative
# log-likelihood of the reference's tokens in nats, which takes no answer.
METRICS: Mapping[str, Metric] = {"accuracy": accuracy, "rouge_l": rouge_l}


def metrics_of(target: chat.Target) -> tuple[str, ...]:
    """The metrics of `METRICS` that an answer of this kind can be scored on."""
    written = {"accuracy": target != "response", "rouge_l": target != "label"}
    return tuple(name for name in METRICS if written[name])


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

    Progress is reported as round 0: rows answered, then rows scored. Raises `UserError` for an
    empty split and a row without the label it should be scored on, and `IncompleteError` where the
    model fails on a row or finds no finite likelihood.
    """
    if not examples:
        raise UserError(
            f"the split {split} has no rows to evaluate on",
            next_step=f"add real examples or raise seeds.split.{split}",
        )
    references = [chat.conversation(example, target, system) for example in examples]
    answers = _answers(model, references, examples, cfg, on_progress)
    replies = [chat.read_answer(answer, target) for answer in answers]
    scores = {name: tuple(map(METRICS[name], examples, replies)) for name in metrics_of(target)}
    return Report(
        checkpoint=checkpoint.digest,
        split=split,
        ids=tuple(example.id for example in examples),
        scores={**scores, "nll": _nll(model, references, examples, on_progress)},
        answers=answers,
    )


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
