"""`replay`: stored calls asked again with changes, old and new answers side by side."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from selfinstruct.cli.listing import LONG
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.config import ModelConfig
from selfinstruct.errors import UserError
from selfinstruct.models import open_model
from selfinstruct.replaying import Again, Plan, ask_again, plan_replay, require_affordable
from selfinstruct.report.comparison import mark_words
from selfinstruct.rows import Row, from_messages
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION
from selfinstruct.telling import money
from selfinstruct.types import Completion, Model

Open = Callable[[ModelConfig], Model]


def replay_command(
    folder: Path,
    call: str | None,
    index: int | None,
    settings: Sequence[str],
    model: str | None,
    limit: int | None,
    *,
    dry_run: bool,
    open_: Open = open_model,
) -> dict[str, Any]:
    """The call, or those of a round that were answered, asked again; with `dry_run` nothing is.

    The budget is looked at first, and nothing is written into the run.
    """
    with Store(folder) as store:
        plan = plan_replay(store, _calls(store, call, index, limit), settings, model)
    require_affordable(plan)
    told = {"schema_version": SCHEMA_VERSION, "run": str(folder), "dry_run": dry_run}
    told |= {"model": plan.model, "estimate": _estimate(plan)}
    if dry_run:
        return {**told, "calls": [_pair(each, None) for each in plan.again]}
    with closing(open_(plan.cfg.teacher)) as opened:
        answers = ask_again(plan, opened)
        told["model"] = opened.name
    pairs = [_pair(*each) for each in zip(plan.again, answers, strict=True)]
    same = sum(pair["old"]["text"] == pair["new"]["text"] for pair in pairs)
    return {**told, "calls": pairs, "same": same}


def _calls(store: Store, call: str | None, index: int | None, limit: int | None) -> list[Row]:
    """The calls that are meant, whole."""
    if (call is None) == (index is None):
        raise UserError("give the id of a call, or --round N", next_step="selfinstruct log RUN")
    if index is not None:
        keys = store.answered(index, limit)
        if not keys:
            raise UserError(f"round {index} of {store.folder} has no answered calls")
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


def _pair(again: Again, answer: Completion | None) -> dict[str, Any]:
    request = again.request
    asked = {**asdict(request.sampling), "seed": request.seed}
    return {
        "id": again.key,
        "prompt": again.prompt,
        "asked_of": again.model,
        "asked_with": asked,
        "messages": from_messages(request.messages),
        "old": _answer(again.before),
        "new": None if answer is None else _answer(answer),
    }


def _answer(completion: Completion) -> dict[str, Any]:
    names = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "error")
    return {name: getattr(completion, name) for name in names}


def print_replay(found: dict[str, Any]) -> None:
    """What is to be asked and what it may cost; or each old answer beside the new one."""
    console = stdout()
    alone = len(found["calls"]) == 1
    for pair in found["calls"]:
        how = ", ".join(f"{name} {value}" for name, value in pair["asked_with"].items())
        console.print(Text(escape(f"{pair['id']}  {pair['prompt']}"), style="bold"))
        console.print(Text(escape(f"  asked of {pair['asked_of']}; now with {how}")))
        if alone:
            for message in pair["messages"]:
                told = escape(f"  [{message['role']}] {message['content']}")
                console.print(Text(told[:LONG]))
        if pair["new"] is not None:
            console.print(_beside(pair, found["model"]))
    calls, guess = len(found["calls"]), found["estimate"]
    told = f"{calls} {'call' if calls == 1 else 'calls'} of {escape(found['model'])}"
    if found["dry_run"]:
        told += f", not asked; about {guess['likely_tokens']:,} tokens, {guess['worst_tokens']:,}"
        told += " at most"
        if guess["likely_cost"] is not None:
            likely = money(guess["likely_cost"], guess["currency"])
            told += f"; about {likely}, {money(guess['worst_cost'], guess['currency'])} at most"
    else:
        told += f"; {found['same']} answered as before. Nothing was written into the run."
    console.print(Text(told, style="dim"))


def _beside(pair: dict[str, Any], model: str) -> Table:
    """Old and new, the words that the other lacks marked: by colour, and by signs without one."""
    old, new = (pair[name]["text"] or pair[name]["error"] for name in ("old", "new"))
    left, right = mark_words(escape(old), escape(new))
    table = Table(expand=True)
    table.add_column(Text(f"old, {pair['old']['finish_reason']}"), ratio=1)
    table.add_column(Text(escape(f"new, {pair['new']['finish_reason']}, {model}")), ratio=1)
    if old == new:
        table.add_row(Text(escape(old)), Text("the same"))
    else:
        table.add_row(_marked(left, "-", "red"), _marked(right, "+", "green"))
    return table


def _marked(parts: Sequence[tuple[str, bool]], sign: str, colour: str) -> Text:
    text = Text()
    for words, lacks in parts:
        shown = f"[{sign}{words}{sign}]" if lacks else words
        text.append(f"{' ' if text else ''}{shown}", colour if lacks else "")
    return text
