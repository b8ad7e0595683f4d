"""Tasks of lm-evaluation-harness by name: a student in, one score a document out.

The harness asks, answers and scores as it does for everyone (its own prompts, no chat template);
what is ours is the loading of the model, and which of a task's numbers is its score. It takes
seconds to load and is an extra, so it is imported where it works.
"""

import difflib
import importlib.util
import io
import math
import numbers
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from typing import Any

from selfinstruct.checkpoints import weights
from selfinstruct.errors import UserError
from selfinstruct.types import Checkpoint, Report

LIBRARY = "lm_eval"
PREFERRED = ("acc_norm", "acc", "exact_match", "f1")
SEED = 1234
"""Draws the few-shot documents; the harness's own default, so that scores are those of others."""


def task_scores(
    checkpoint: Checkpoint,
    tasks: Sequence[str],
    *,
    task_path: Path | None,
    limit: int | None,
    device: str,
    batch_size: int,
) -> Report:
    """The score of every document of these tasks, groups and tags: ids are TASK/DOCUMENT, answers
    empty.

    `task_path` is a folder of task files beside the harness's own, `limit` the documents of each
    task, its first ones, or None for all. Raises `UserError` where the harness is missing, for a
    name it does not know, a folder that is none, a task that runs code or shows pictures, data that
    cannot be had, and a task without a score of each document.
    """
    require_harness()
    from lm_eval import evaluator

    loaded = _load(tasks, task_path)
    # Its progress bars cannot be switched off, so what they draw goes nowhere.
    with redirect_stderr(io.StringIO()):
        found: Any = evaluator.evaluate(
            _open(checkpoint, device, batch_size),
            loaded,
            limit=limit,
            bootstrap_iters=0,
            log_samples=True,
        )
    scores = {
        f"{task}/{document}": score
        for task in loaded["tasks"]
        for document, score in document_scores(
            task, found["samples"][task], found["higher_is_better"][task]
        )
    }
    return Report(
        checkpoint=checkpoint.digest,
        split="lm_eval",
        ids=tuple(scores),
        scores={"score": tuple(scores.values())},
        answers=("",) * len(scores),
    )


def require_harness(library: str = LIBRARY) -> None:
    """Raises `UserError` with the command that installs it where the harness is missing."""
    if importlib.util.find_spec(library) is None:
        raise UserError(
            "lm-evaluation-harness is not installed",
            why="guard.lm_eval names tasks of it",
            next_step="pip install 'selfinstruct[lm-eval]'",
        )


def document_scores(
    task: str, samples: Sequence[Mapping[str, Any]], better: Mapping[str, bool | None]
) -> Iterator[tuple[int, float]]:
    """What the harness logged of one task in, the number and the score of each document out.

    The score is the first of acc_norm, acc, exact_match, f1 and then the task's own metrics, in its
    order, that is one number a document and where more is better. So a perplexity is none, and
    neither is one that the harness only computes of all documents. Of several filters of the
    answers, the task's first. Raises `UserError` where nothing is left.
    """
    logged = [sample for sample in samples if sample["filter"] == samples[0]["filter"]]
    named = list(logged[0]["metrics"]) if logged else []
    for metric in (*PREFERRED, *named):
        values: list[Any] = [sample.get(metric) for sample in logged]
        if metric in named and better.get(metric) and all(map(_is_number, values)):
            return zip((sample["doc_id"] for sample in logged), map(float, values), strict=True)
    raise UserError(
        f"the lm-eval task {task} has no score of each document, more being better",
        why=f"it gives {', '.join(named) or 'nothing'}",
        next_step="name another task in guard.lm_eval",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and math.isfinite(value)


@cache
def _manager(task_path: Path | None) -> Any:
    """What is known of all tasks; reading some ten thousand files takes several seconds."""
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=task_path)


def _load(tasks: Sequence[str], task_path: Path | None) -> Any:
    if task_path is not None and not task_path.is_dir():
        raise UserError(f"guard.lm_eval_path {task_path} is no folder")
    manager = _manager(task_path)
    for name in tasks:
        if name not in manager.task_index:
            near = difflib.get_close_matches(name, manager.all_tasks, n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise UserError(
                f"lm-evaluation-harness has no task {name!r}{hint}",
                next_step="see `lm-eval ls tasks`, or name a folder in guard.lm_eval_path",
            )
    try:
        loaded = manager.load(list(tasks))
    except OSError as error:  # of the data's files, or of the network they would come by
        raise UserError(
            f"the data of {', '.join(tasks)} cannot be had: {error}",
            next_step="check the connection, or name the task's files in its dataset_kwargs",
        ) from error
    for name, task in loaded["tasks"].items():
        _refuse_unfit(name, task)
        if task.get_config("num_fewshot") is None:
            task.set_config(key="num_fewshot", value=0)
        task.set_fewshot_seed(seed=SEED)
    return loaded


def _refuse_unfit(name: str, task: Any) -> None:
    unfit = {"UNSAFE_CODE": "runs code that the model writes", "MULTIMODAL": "shows pictures"}
    for mark, what in unfit.items():
        if getattr(task, mark, False):
            raise UserError(
                f"the lm-eval task {name} {what}",
                why="a guard is scored unattended, and a student reads text alone",
                next_step="name another task in guard.lm_eval",
            )


def _open(checkpoint: Checkpoint, device: str, batch_size: int) -> Any:
    from lm_eval.models.huggingface import HFLM
    from peft import PeftModel

    from selfinstruct.checkpoints.base import load_base

    base = load_base(checkpoint.base, device)
    model = base.model
    if checkpoint.adapter:
        with weights.quiet():
            model = PeftModel.from_pretrained(model, checkpoint.adapter)
    return HFLM(
        pretrained=model.to(base.device).eval(), tokenizer=base.tokenizer, batch_size=batch_size
    )
