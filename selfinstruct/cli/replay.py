"""`replay`: stored calls asked again with changes, as one JSON-able object."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from selfinstruct.config import ModelConfig, parse_config
from selfinstruct.errors import UserError
from selfinstruct.model import Model
from selfinstruct.models import open_model
from selfinstruct.registry import Chosen, Registry, read_ref
from selfinstruct.replay.replaying import Again, Plan, ask_again, plan_replay, require_affordable
from selfinstruct.replay.rereading import reread
from selfinstruct.rows import Row, from_messages
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.types import Completion
from selfinstruct.wording import registry_of

Open = Callable[[ModelConfig], Model]


@dataclass(frozen=True)
class Changes:
    """What is asked otherwise: `settings` and `model` as in `plan_replay`, `prompt` a reference
    such as `label_first/question@7`, found in the project's `prompts` or that of the run's config.
    """

    settings: Sequence[str] = ()
    model: str | None = None
    prompt: str | None = None
    prompts: Path | None = None


def replay_command(
    folder: Path,
    call: str | None,
    index: int | None,
    changes: Changes,
    limit: int | None,
    *,
    dry_run: bool,
    open_: Open = open_model,
) -> dict[str, Any]:
    """The call, or those of a round that were answered, asked again; with `dry_run` nothing is.

    Of a prompt, a round's calls are those that were asked by one of its versions. The budget is
    looked at first, and nothing is written into the run.
    """
    with Store(folder) as store:
        chosen = None if changes.prompt is None else _choose(store, changes.prompt, changes.prompts)
        calls = _calls(store, call, index, limit, chosen)
        plan = plan_replay(store, calls, changes.settings, changes.model, chosen)
    require_affordable(plan)
    told = {"schema_version": SCHEMA_VERSION, "run": str(folder), "dry_run": dry_run}
    told |= {"model": plan.model, "estimate": _estimate(plan), "round": index}
    told["prompt"] = chosen and {
        "name": chosen.name,
        "version": chosen.template.version,
        "origin": chosen.origin,
    }
    if dry_run:
        return {**told, "calls": [_pair(each, None) for each in plan.again], "summary": None}
    with closing(open_(plan.cfg.teacher)) as opened:
        answers = ask_again(plan, opened)
        told["model"] = opened.name
    pairs = [_pair(*each) for each in zip(plan.again, answers, strict=True)]
    same = sum(pair["old"]["text"] == pair["new"]["text"] for pair in pairs)
    return {**told, "calls": pairs, "same": same, "summary": _summary(folder, index, plan, answers)}


def _choose(store: Store, prompt: str, folder: Path | None) -> Chosen:
    """The version that is meant: of the project that is here, or where the run's config says."""
    stored = store.meta("config") or {}
    registry = Registry(folder) if folder is not None else None
    if registry is None:
        cfg = parse_config(stored, where=f"the config of {store.folder}")
        registry = registry_of(cfg.prompts, Path())
    return registry.choose(read_ref(prompt))


def _calls(
    store: Store, call: str | None, index: int | None, limit: int | None, chosen: Chosen | None
) -> list[Row]:
    """The calls that are meant, whole."""
    if (call is None) == (index is None):
        raise UserError("give the id of a call, or --round N", next_step="selfinstruct log RUN")
    if index is not None:
        name = None if chosen is None else chosen.template.name
        keys = store.answered(index, limit, name)
        if not keys:
            of = "" if chosen is None else f" that {chosen.ref.short} asked"
            raise UserError(
                f"round {index} of {store.folder} has no answered calls{of}",
                next_step=f"selfinstruct log {store.folder} --where round={index}",
            )
    else:
        keys = [id_ for kind, id_ in store.named(call or "") if kind == "call"]
        if len(keys) != 1:
            many = f"fits {len(keys)} calls: {', '.join(keys[:5])}" if keys else "is no call's id"
            raise UserError(
                f"{call!r} {many}", next_step=f"selfinstruct log {store.folder} lists calls"
            )
    found = [store.attempt(key) for key in keys]
    return [row for row in found if row is not None]


def _estimate(plan: Plan) -> dict[str, Any]:
    worst_tokens = sum(each.tokens for each in plan.worst)
    priced = plan.price is not None
    return {
        "calls": len(plan.again),
        "likely_tokens": plan.likely.tokens,
        "worst_tokens": worst_tokens,
        "likely_cost": float(plan.likely.cost) if priced else None,
        "worst_cost": float(sum(each.cost for each in plan.worst)) if priced else None,
        "currency": plan.budget.currency,
    }


def _summary(
    folder: Path, index: int | None, plan: Plan, answers: Sequence[Completion]
) -> dict[str, Any] | None:
    """What a round came to and comes to now: tokens, answers read, candidates and what is kept of
    them; None for a single call. What no recipe reads brings no candidates.
    """
    if index is None:
        return None
    with Store(folder) as store:
        found = reread(store, index, answers)
    before = [each.before for each in plan.again]
    sides = {}
    for at, (name, said) in enumerate((("old", before), ("new", answers))):
        tokens = {
            "prompt_tokens": sum(each.prompt_tokens for each in said),
            "completion_tokens": sum(each.completion_tokens for each in said),
        }
        sides[name] = {**tokens, "round": None if found is None else asdict(found[at])}
    return sides


def _pair(again: Again, answer: Completion | None) -> dict[str, Any]:
    request = again.request
    asked = {**asdict(request.sampling), "seed": request.seed}
    return {
        "id": again.key,
        "prompt": again.prompt,
        "asked_by": again.wording or again.prompt,
        "asked_of": again.model,
        "asked_with": asked,
        "sent": from_messages(again.sent),
        "messages": from_messages(request.messages),
        "old": _answer(again.before),
        "new": None if answer is None else _answer(answer),
    }


def _answer(completion: Completion) -> dict[str, Any]:
    names = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "error")
    return {name: getattr(completion, name) for name in names}
