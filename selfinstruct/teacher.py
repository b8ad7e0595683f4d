"""Asking the teacher: one ledger row per call, nothing paid twice, a budget kept.

A call's key is the digest of what was asked, of whom, and which draw it is. The row is written
before the call goes out and completed when it returns, so a run killed in the middle asks only for
what is missing. Calls are handed over only as far as their worst case fits into what `account` says
is left. Retries of a failing endpoint belong to the backend; what a completion means
belongs to the recipe.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selfinstruct.account import (
    Spending,
    account,
    affordable,
    asks_for_counts,
    charge,
    is_limited,
    price_of,
    require_price,
    spent_error,
    used,
    worst_prompt_tokens,
)
from selfinstruct.config import BudgetConfig
from selfinstruct.model import Model
from selfinstruct.privacy import Finder, hide_in_messages
from selfinstruct.progress import OnProgress, Progress, silent
from selfinstruct.redaction import redact, secrets_in
from selfinstruct.rows import from_messages
from selfinstruct.store import Store
from selfinstruct.text import without_surrogates
from selfinstruct.types import Completion, Prompt, Request, Sampling, digest

SEEDS = 2**30  # a prompt's samples count on from one of these, and stay below 2**31

BATCHES = 4
"""Where hours are limited, so many times what is under way at once is handed over at a time: the
limit is passed by no more than these take, and a busy endpoint idles for little of the time."""

STOPPING = "stopping: waits for paid calls; Ctrl-C again stops at once"


@dataclass(frozen=True)
class Teacher:
    """A model in the role of teacher, writing its calls to one run's ledger.

    `at_once` is how many calls it has under way at a time. `hidden` is the personal data that it is
    shown placeholders for, None where it may read everything. It is hidden here, where every prompt
    of every recipe and of the judge goes out. The ledger holds the prompt as it was sent, and
    beside it what its template was told, as it holds the real rows.
    """

    model: Model
    store: Store
    budget: BudgetConfig
    seed: int = 0
    on_progress: OnProgress = silent
    at_once: int = 8
    hidden: Finder | None = None


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
    `SpentError` when the budget lets no further call through; everything answered is kept.
    """
    prompts = [as_sent(prompt, teacher.hidden) for prompt in prompts]
    place = [teacher.seed, round_index, wave]
    calls = [
        _call(teacher.model, prompt, sampling, [*place, position], sample)
        for position, prompt in enumerate(prompts)
        for sample in range(samples)
    ]
    answers = teacher.store.answers(call.key for call in calls)
    missing = list({call.key: call for call in calls if call.key not in answers}.values())
    if missing:
        answers |= _pay(teacher, round_index, wave, missing, len(calls))
    # One call may be about several rows, and one that was paid for before about this one too.
    teacher.store.link([(call.prompt.about, call.key) for call in calls if call.prompt.about])
    by_call = [answers[call.key] for call in calls]
    return [by_call[start : start + samples] for start in range(0, len(by_call), samples)]


def as_sent(prompt: Prompt, hidden: Finder | None) -> Prompt:
    """The prompt with placeholders for the personal data that is hidden, and the same parents."""
    if hidden is None:
        return prompt
    return replace(prompt, messages=hide_in_messages(prompt.messages, hidden))


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
    request = Request(prompt.messages, sampling, sample if drawn else 0, seed, prompt.schema)
    how = [sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.stop]
    asked = [messages, how, request.sample, seed, model.digest]
    if prompt.schema:  # left out where there is none, so that older ledgers' keys stand
        asked.append(prompt.schema)
    return _Call(digest(asked), prompt, request)


def _pay(
    teacher: Teacher, round_index: int, wave: int, calls: Sequence[_Call], total: int
) -> dict[str, Completion]:
    """Ask for these calls as far as their worst case fits into the budget, then look at what they
    really cost, and go on until all are answered or none fits.
    """
    require_price(teacher.budget, teacher.model.name)
    _write_off(teacher, calls)
    answers: dict[str, Completion] = {}
    left = calls
    while left:
        spent = _spent(teacher)
        worst = _worst(teacher, left) if is_limited(teacher.budget) else []
        batch = left[: affordable(teacher.budget, spent, worst)] if worst else left
        if teacher.budget.max_hours is not None:  # the clock is looked at between batches
            batch = batch[: BATCHES * teacher.at_once]
        if not batch:
            raise spent_error(teacher.budget, spent, worst[0])
        before = Progress(
            round_index,
            "generate",
            done=total - len(left),
            total=total,
            unit="calls",
            tokens=sum(answer.completion_tokens for answer in answers.values()),
        )
        answers |= _hand_over(teacher, wave, batch, spent, before)
        left = left[len(batch) :]
    return answers


def _hand_over(
    teacher: Teacher, wave: int, batch: Sequence[_Call], spent: Spending, before: Progress
) -> dict[str, Completion]:
    asked = [(call.key, call.prompt, call.request.sample) for call in batch]
    how = {call.key: call.request for call in batch}
    teacher.store.begin_attempts(before.round, wave, teacher.model.name, asked, how)
    price = price_of(teacher.budget, teacher.model.name)
    answers: dict[str, Completion] = {}
    secrets = secrets_in(os.environ)  # any backend's library may put its key into an error
    tokens = before.tokens
    names = dict.fromkeys(teacher.store.served_lately(teacher.model.name))
    for arrived in teacher.model.generate([call.request for call in batch]):
        if not arrived:
            teacher.on_progress(Progress(before.round, before.stage, note=STOPPING))
            continue
        new: dict[str, Completion] = {}
        for answered in arrived:
            key = batch[answered.index].key
            said = without_surrogates(answered.completion.text)
            told = without_surrogates(redact(answered.completion.error, secrets))
            new[key] = answer = replace(answered.completion, text=said, attempt=key, error=told)
            tokens += answer.completion_tokens
            names = _noticed(teacher, before, names, answer)
            spent += charge(answer.prompt_tokens, answer.completion_tokens, price)
        teacher.store.end_attempts(new)
        answers |= new
        spent = replace(spent, hours=teacher.store.worked() / 3600)
        done = before.done + len(answers)
        shown = used(teacher.budget, spent)
        teacher.on_progress(replace(before, done=done, tokens=tokens, used=shown))
    return answers


def _noticed(
    teacher: Teacher, before: Progress, names: dict[str, None], answer: Completion
) -> dict[str, None]:
    """The names that a model answered under, this answer's among them; another one is told."""
    if answer.finish_reason == "error" or not answer.model or answer.model in names:
        return names
    if names:
        told = f"the teacher answers as {answer.model} now, not as {', '.join(names)}"
        teacher.on_progress(Progress(before.round, before.stage, note=told))
    return {**names, answer.model: None}


def _write_off(teacher: Teacher, calls: Sequence[_Call]) -> None:
    """Calls that were out when an earlier process ended have failed, at their worst case."""
    opened = teacher.store.left_open(call.key for call in calls)
    densest = teacher.store.densest_prompt(teacher.model.name)
    lost: dict[str, Completion] = {}
    for call in (call for call in calls if call.key in opened):
        read, written = _most(call, densest)
        why = "its process ended before the answer"
        lost[call.key] = Completion("", "error", read, written, error=why)
    if lost:
        teacher.store.end_attempts(lost)


def _worst(teacher: Teacher, calls: Sequence[_Call]) -> list[Spending]:
    price = price_of(teacher.budget, teacher.model.name)
    densest = teacher.store.densest_prompt(teacher.model.name)
    return [charge(*_most(call, densest), price) for call in calls]


def _most(call: _Call, densest: float | None) -> tuple[int, int]:
    """The most tokens that a call may read and write."""
    written = len(json.dumps(from_messages(call.prompt.messages)))
    return worst_prompt_tokens(written, densest), call.request.sampling.max_tokens


def _spent(teacher: Teacher) -> Spending:
    """What the run has spent; a look at all of its calls, which is spared where nobody asks."""
    store, budget = teacher.store, teacher.budget
    return account(budget, store.spending() if asks_for_counts(budget) else {}, store.worked())
