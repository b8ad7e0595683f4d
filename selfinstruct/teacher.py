"""Asking the teacher: one ledger row per call, nothing paid twice, a budget kept.

A call's key is the digest of what was asked, of whom, and which draw it is. The row is written
before the call goes out and completed when it returns, so a run killed in the middle asks only for
what is missing. Retries of a failing endpoint belong to the backend; what a completion means
belongs to the recipe.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfinstruct.config import BudgetConfig
from selfinstruct.errors import IncompleteError
from selfinstruct.redaction import redact, secrets_in
from selfinstruct.rows import from_messages
from selfinstruct.store import Store
from selfinstruct.types import (
    Completion,
    Model,
    OnProgress,
    Progress,
    Prompt,
    Request,
    Sampling,
    digest,
    silent,
)

SEEDS = 2**30  # a prompt's samples count on from one of these, and stay below 2**31


@dataclass(frozen=True)
class Teacher:
    """A model in the role of teacher, writing its calls to one run's ledger."""

    model: Model
    store: Store
    budget: BudgetConfig
    seed: int = 0
    on_progress: OnProgress = silent


@dataclass(frozen=True)
class _Call:
    key: str
    prompt: Prompt
    request: Request


def ask(
    teacher: Teacher,
    round_index: int,
    wave: int,
    prompts: Sequence[Prompt],
    sampling: Sampling,
    samples: int,
) -> list[list[Completion]]:
    """`samples` completions of each prompt, in order; only those not in the ledger are paid for.

    Failed calls come back with finish_reason "error" and are asked again on the next start. Raises
    `IncompleteError` when the budget is spent; everything answered until then is kept.
    """
    place = [teacher.seed, round_index, wave]
    calls = [
        _call(teacher.model, prompt, sampling, [*place, position], sample)
        for position, prompt in enumerate(prompts)
        for sample in range(samples)
    ]
    answers = _known(teacher.store, calls)
    missing = list({call.key: call for call in calls if call.key not in answers}.values())
    if missing:
        answers |= _pay(teacher, round_index, wave, missing, len(calls))
    by_call = [answers[call.key] for call in calls]
    return [by_call[start : start + samples] for start in range(0, len(by_call), samples)]


def _call(
    model: Model, prompt: Prompt, sampling: Sampling, place: Sequence[int], sample: int
) -> _Call:
    """Greedy answers are the same wherever they are asked for; drawn ones belong to their place.

    The samples of one prompt have consecutive seeds: llama.cpp then draws them in one call that
    reads the prompt once, three times faster for eight samples.
    """
    messages = from_messages(prompt.messages)
    drawn = sampling.temperature > 0
    seed = int(digest([*place, messages]), 16) % SEEDS + sample if drawn else 0
    request = Request(prompt.messages, sampling, sample if drawn else 0, seed)
    how = [sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.stop]
    return _Call(digest([messages, how, request.sample, seed, model.digest]), prompt, request)


def _known(store: Store, calls: Sequence[_Call]) -> dict[str, Completion]:
    found = {call.key: store.answer(call.key) for call in calls}
    return {key: completion for key, completion in found.items() if completion is not None}


def _pay(
    teacher: Teacher, round_index: int, wave: int, calls: Sequence[_Call], total: int
) -> dict[str, Completion]:
    allowed = calls[: _calls_left(teacher)]
    teacher.store.begin_attempts(
        round_index,
        wave,
        teacher.model.name,
        [(call.key, call.prompt, call.request.sample) for call in allowed],
    )
    answers: dict[str, Completion] = {}
    secrets = secrets_in(os.environ)  # any backend's library may put its key into an error
    tokens = 0
    for arrived in teacher.model.generate([call.request for call in allowed]):
        new: dict[str, Completion] = {}
        for answered in arrived:
            key = allowed[answered.index].key
            told = redact(answered.completion.error, secrets)
            new[key] = replace(answered.completion, attempt=key, error=told)
            tokens += new[key].completion_tokens
        teacher.store.end_attempts(new)
        answers |= new
        teacher.on_progress(
            Progress(
                round_index,
                "generate",
                done=total - len(calls) + len(answers),
                total=total,
                unit="calls",
                tokens=tokens,
            )
        )
        _check_tokens(teacher)
    if len(allowed) < len(calls):
        raise _spent(f"budget.max_calls = {teacher.budget.max_calls} is spent")
    return answers


def _calls_left(teacher: Teacher) -> int | None:
    limit = teacher.budget.max_calls
    if limit is None:
        return None
    left = max(0, limit - int(teacher.store.spent()["calls"]))
    if left == 0:
        raise _spent(f"budget.max_calls = {limit} is spent")
    return left


def _check_tokens(teacher: Teacher) -> None:
    limit = teacher.budget.max_tokens
    if limit is None:
        return
    spent = teacher.store.spent()
    used = spent["prompt_tokens"] + spent["completion_tokens"]
    if used >= limit:
        raise _spent(f"budget.max_tokens = {limit} is spent ({used} tokens used)")


def _spent(what: str) -> IncompleteError:
    return IncompleteError(
        what,
        why="everything answered so far is kept",
        next_step="raise the budget and start the same command again; it resumes",
    )
