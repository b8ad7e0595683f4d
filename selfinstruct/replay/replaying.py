"""Stored calls asked again with changes: other sampling, another model, another version of the
prompt. Nothing is written to the run's ledger, neither the answers nor what they cost.

A call is asked as it was asked, seed included, but for what is changed, so that what differs in the
answer comes from the change, or from chance where the model draws anew for each request. The run's
limits hold: a replay must fit into what they leave as if it were the run's next calls. A judge's
calls show gate rows and are not asked again.

Another version of a prompt is told what the call's own was told. All of them are written before
the first is sent, so that one that wants something else costs nothing.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from selfinstruct.account import (
    Spending,
    account,
    affordable,
    charge,
    price_of,
    require_price,
    spent_error,
    worst_prompt_tokens,
)
from selfinstruct.config import (
    BudgetConfig,
    Config,
    PriceConfig,
    check_sampling,
    override,
    parse_config,
)
from selfinstruct.errors import StoreError, UserError
from selfinstruct.model import Model
from selfinstruct.privacy import Finder, hide_in_messages
from selfinstruct.prompting import SUFFIX, Form, check
from selfinstruct.recipes import NOUNS
from selfinstruct.redaction import redact, secrets_in
from selfinstruct.registry import Chosen
from selfinstruct.rows import Row, from_messages, to_request
from selfinstruct.store import Store
from selfinstruct.store.search import JUDGED
from selfinstruct.text import without_surrogates
from selfinstruct.types import Completion, Message, Request, Sampling

HOW = (*(each.name for each in fields(Sampling)), "seed")
"""What `--set` changes of a request; any other name is one of the model's settings."""
BACKENDS = ("llamacpp", "transformers", "openai", "anthropic", "program", "scripted")


@dataclass(frozen=True)
class Again:
    """One stored call and the request that asks it again.

    `sent` is what was sent then, `wording` the version of the prompt that it is asked by now, empty
    where it is sent again as it was.
    """

    key: str
    prompt: str
    wording: str
    model: str
    sent: tuple[Message, ...]
    before: Completion
    request: Request


@dataclass(frozen=True)
class Plan:
    """What would be asked, of whom, and what it may come to. `likely` is what the calls took when
    they were made, `worst` the most they may take, both at the price of the new model.
    """

    again: Sequence[Again]
    cfg: Config
    budget: BudgetConfig
    model: str
    price: PriceConfig | None
    spent: Spending
    likely: Spending
    worst: Sequence[Spending]


@dataclass(frozen=True)
class _Change:
    """What is asked otherwise; `hidden` is what is shown as placeholders, to the model that was
    asked or to the one to be asked.
    """

    how: Mapping[str, Any]
    cfg: Config
    hidden: Finder | None
    chosen: Chosen | None


def plan_replay(
    store: Store,
    calls: Sequence[Row],
    settings: Sequence[str] = (),
    model: str | None = None,
    chosen: Chosen | None = None,
) -> Plan:
    """These calls (rows of `attempt`) with changes, ready to be asked.

    `settings` are `temperature=.2`, or a setting of the teacher such as `base_url=...`; `model` is
    a name that the teacher's backend knows, or BACKEND:NAME; `chosen` another version of the prompt
    that all of them were asked by. Raises `UserError` for a change that means nothing, for a
    judge's call, and for one that was stored without its sampling; of a prompt, for one that wants
    what the call's was not told, naming file and line, and for a call that was asked before that
    was kept.
    """
    change = _read_change(store, settings, model, chosen)
    reword = None if chosen is None else _Reword(store, chosen)
    again = [_again(call, change, reword) for call in calls]
    cfg = change.cfg.teacher
    budget = BudgetConfig.model_validate(store.meta("budget") or {})
    name = f"{cfg.backend}:{cfg.name}"
    price = price_of(budget, name)
    densest = store.densest_prompt(calls[0]["model"]) if model is None and calls else None
    spent = account(budget, store.books().spent, store.worked())
    likely = Spending()
    for each in again:
        likely += charge(each.before.prompt_tokens, each.before.completion_tokens, price)
    worst = [
        charge(
            worst_prompt_tokens(len(json.dumps(from_messages(each.request.messages))), densest),
            each.request.sampling.max_tokens,
            price,
        )
        for each in again
    ]
    return Plan(again, change.cfg, budget, name, price, spent, likely, worst)


def require_affordable(plan: Plan) -> None:
    """Raises `UserError` without a price that a limit needs, `SpentError` where the calls do not
    fit into what the run's budget leaves.
    """
    require_price(plan.budget, plan.model)
    fit = affordable(plan.budget, plan.spent, plan.worst)
    if fit < len(plan.worst):
        before = plan.spent
        for call in plan.worst[:fit]:
            before += call
        raise spent_error(plan.budget, before, plan.worst[fit])


def ask_again(plan: Plan, model: Model) -> list[Completion]:
    """The new answer of each call, in order; a failed one says why in `error`."""
    secrets = secrets_in(os.environ)
    found: dict[int, Completion] = {}
    for arrived in model.generate([each.request for each in plan.again]):
        for answered in arrived:
            said = without_surrogates(answered.completion.text)
            told = without_surrogates(redact(answered.completion.error, secrets))
            key = plan.again[answered.index].key
            found[answered.index] = replace(answered.completion, text=said, error=told, attempt=key)
    return [found[index] for index in range(len(plan.again))]


def _read_change(
    store: Store, settings: Sequence[str], model: str | None, chosen: Chosen | None
) -> _Change:
    stored = store.meta("config")
    if stored is None:
        raise StoreError(
            f"{store.folder} has not begun", next_step="selfinstruct run CONFIG starts it"
        )
    cfg = parse_config(stored, where=f"the config of {store.folder}")
    how: dict[str, Any] = {}
    of_model = []
    if model is not None:
        backend, colon, name = model.partition(":")
        named = colon and backend in BACKENDS
        of_model += [f"teacher.backend={backend}"] if named else []
        of_model.append(f"teacher.name={json.dumps(name if named else model)}")
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not sign:
            raise UserError(f"--set {setting!r} is not key=value", next_step=f"keys: {_keys()}")
        if key in HOW:
            how[key] = yaml.safe_load(text)
        else:
            of_model.append(f"teacher.{key}={text}")
    new = override(cfg, of_model) if of_model else cfg
    hides = any(cfg.privacy.hides_from(each.teacher) for each in (cfg, new))
    return _Change(how, new, Finder.of(new.privacy) if hides else None, chosen)


def _keys() -> str:
    return f"{', '.join(HOW)}, or a setting of the teacher such as base_url"


class _Reword:
    """A call's question in the words of another version of its prompt."""

    def __init__(self, store: Store, chosen: Chosen) -> None:
        self._store = store
        self._chosen = chosen
        self._checked: set[frozenset[str]] = set()

    def __call__(self, call: Row) -> tuple[Message, ...]:
        template, key = self._chosen.template, call["key"]
        if call["template"] != template.name:
            asked = call["template"].removesuffix(SUFFIX)
            raise UserError(
                f"call {key} was asked by {asked}, and {self._chosen.name} is another prompt",
                next_step=f"name a version of {asked}: selfinstruct prompts history {asked}",
            )
        values = self._store.told(key, NOUNS)
        if values is None:
            raise UserError(
                f"call {key} was asked before values were kept",
                why="its ledger, then of version 4 or older, kept the words that were sent and not "
                "what the template was told, so no other version can be told the same",
                next_step="replay it without --prompt, or a call that was asked since",
            )
        names = frozenset(values)
        try:
            if names not in self._checked:
                check(template, Form(template.name, values))
                self._checked.add(names)
            return template.render(values)
        except UserError as error:
            told = ", ".join(sorted(names))
            why = f"call {key} was told {told}; nothing was asked"
            raise UserError(error.what, why=why, next_step=error.next_step) from error


def _again(call: Row, change: _Change, reword: _Reword | None) -> Again:
    if call["template"].startswith(JUDGED):
        raise UserError(
            f"call {call['key']} is a judge's, and shows a gate row",
            why="gate rows enter no prompt but the judge's own",
        )
    sent = tuple(Message(**each) for each in json.loads(call["messages"]))
    messages = sent if reword is None else reword(call)
    if change.hidden is not None:  # the model that was asked then may have been a local one
        messages = hide_in_messages(messages, change.hidden)
    before = Completion(
        call["text"] or "",
        call["finish_reason"] or "error",
        call["prompt_tokens"],
        call["completion_tokens"],
        call["served"] or call["model"],
        call["error"],
        call["key"],
    )
    request = to_request(_how(call, change), messages)
    return Again(
        call["key"],
        f"{call['template']}@{call['version']}",
        "" if change.chosen is None else change.chosen.name,
        call["model"],
        sent,
        before,
        request,
    )


def _how(call: Row, change: _Change) -> Row:
    """How it was asked, with the changes."""
    stored = json.loads(call["request"]) if call["request"] else None
    if stored is None:
        stored = {"stop": [], "sample": call["sample"], "seed": 0}
        missing = [
            name for name in ("temperature", "top_p", "max_tokens") if name not in change.how
        ]
        if missing:
            raise UserError(
                f"call {call['key']} was stored by an older version, without {', '.join(missing)}",
                next_step=f"give {' '.join(f'--set {name}=...' for name in missing)}: see "
                "generate.question and generate.answer of the run's config",
            )
    asked = {**stored, **change.how}
    try:
        sampling = {name: asked[name] for name in HOW if name != "seed"}
        checked = check_sampling(TypeAdapter(Sampling).validate_python(sampling))
        seed = TypeAdapter(int).validate_python(asked["seed"])
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise UserError(f"--set {'; '.join(faults)}") from None
    except ValueError as error:  # of the sampling as a whole
        raise UserError(f"--set: {error}") from None
    return {**asked, **{name: getattr(checked, name) for name in sampling}, "seed": seed}
