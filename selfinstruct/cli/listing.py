"""`examples list`, `log` and the story of one call: what was found, as JSON and for people."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from selfinstruct.account import charge, price_of
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape, one_line
from selfinstruct.config import BudgetConfig
from selfinstruct.errors import UserError
from selfinstruct.purposes import purpose
from selfinstruct.store import Store
from selfinstruct.store.search import JUDGED
from selfinstruct.summary import SCHEMA_VERSION

LONG = 4000
"""Characters of one field that a person is shown; all of it is in the JSON."""


def list_examples(
    folder: Path,
    where: str,
    text: str,
    narrow: dict[str, str | int | None],
    sort: str,
    limit: int,
    *,
    held_out: bool,
) -> dict[str, Any]:
    """Rows that fulfil an expression, hold these words, and have the fields of `narrow`."""
    extra = [f"{name}={quoted(value)}" for name, value in narrow.items() if value is not None]
    with Store(folder) as store:
        store.check_where(where)  # so that an error points into what was typed
        whole = " and ".join([f"({where})"] * bool(where.strip()) + extra)
        found = store.examples(whole, text, sort, limit, held_out=held_out)
    return {"schema_version": SCHEMA_VERSION, "total": found.total, "rows": list(found.rows)}


def quoted(value: str | int) -> str:
    """A value as an expression over rows writes it."""
    return str(value) if isinstance(value, int) else '"{}"'.format(value.replace('"', '""'))


def print_examples(found: dict[str, Any]) -> None:
    """Two or three lines a row."""
    console = stdout()
    for row in found["rows"]:
        console.print(Text(_heading(row), style="bold"))
        words = row["row"]
        if words is None:
            console.print(Text("  (held out: --held-out shows its words)", style="dim"))
            continue
        said = [turn["content"] for turn in words.get("turns", ())]
        said.append(words.get("input") or words.get("instruction", ""))
        console.print(Text(f"  {one_line(' / '.join(said), 130)}"))
        if words.get("response"):
            console.print(Text(f"  → {one_line(words['response'], 128)}"))
    shown, total = len(found["rows"]), found["total"]
    more = "" if shown == total else f", {shown} shown (--limit)"
    console.print(Text(f"{total:,} {'row' if total == 1 else 'rows'}{more}", style="dim"))


def _heading(row: dict[str, Any]) -> str:
    place = row["split"] or f"round {row['round']}"
    fate = "real" if row["split"] else row["reason"] or row["fate"]
    value = f" {_short(row['value'])}" if row["value"] is not None else ""
    scores = "".join(f" {name} {value:.3g}" for name, value in row["scores"].items())
    label = f" [{row['label']}]" if row["label"] is not None else ""
    return escape(f"{row['id']}  {place}, {fate}{value}{label}{scores}")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def list_calls(folder: Path, where: str, limit: int, *, held_out: bool) -> dict[str, Any]:
    """The last calls that fulfil an expression, each with its cost where a price is known."""
    with Store(folder) as store:
        budget = BudgetConfig.model_validate(store.meta("budget") or {})
        found = store.log(where, limit, held_out=held_out)
        lost = store.books().lost
    calls = [{**row, "cost": _cost(budget, row)} for row in found.rows]
    return {
        "schema_version": SCHEMA_VERSION,
        "total": found.total,
        "currency": budget.currency,
        "lost_calls": sum(counts["calls"] for counts in lost.values()),
        "calls": calls,
    }


def _cost(budget: BudgetConfig, row: dict[str, Any]) -> float | None:
    price = price_of(budget, row["model"])
    if price is None:
        return None
    cost: Decimal = charge(row["prompt_tokens"], row["completion_tokens"], price).cost
    return float(cost)


def print_calls(found: dict[str, Any]) -> None:
    """A line a call, newest last."""
    console = stdout()
    priced = any(call["cost"] is not None for call in found["calls"])
    table = Table(box=None, pad_edge=False)
    for name in ("id", "round", "wave", "prompt", "model", "state", "tokens", "seconds"):
        right = name in ("round", "wave", "tokens", "seconds")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    if priced:
        table.add_column(f"cost, {escape(found['currency'])}", justify="right")
    table.add_column("error")
    for call in found["calls"]:
        state = call["finish"] if call["finish"] not in (None, "stop", "error") else call["state"]
        cells = [
            call["id"],
            str(call["round"]),
            purpose(call["round"], call["wave"]) or str(call["wave"]),
            call["prompt"],
            call["model"],
            state,
            f"{call['prompt_tokens']}+{call['completion_tokens']}",
            "" if call["seconds"] is None else f"{call['seconds']:.1f}",
            *([f"{call['cost']:.6f}" if call["cost"] is not None else "?"] if priced else []),
            one_line(call["error"], 60),
        ]
        table.add_row(*(Text(escape(cell)) for cell in cells))
    if found["calls"]:
        console.print(table)
    shown, total = len(found["calls"]), found["total"]
    more = "" if shown == total else f", the last {shown} shown (--limit)"
    again = f"; {found['lost_calls']} earlier tries are counted, not listed"
    told = f"{total:,} calls{more}{again if found['lost_calls'] else ''}"
    console.print(Text(told, style="dim"))


def call_story(folder: Path, prefix: str, *, held_out: bool = False) -> dict[str, Any]:
    """One call: what was asked and how, what came back, and what became of each row read from it.

    A judge's call shows a gate row, and keeps it to itself unless `held_out`.
    """
    with Store(folder) as store:
        keys = [id_ for kind, id_ in store.named(prefix) if kind == "call"]
        if len(keys) != 1:
            many = f"fits {len(keys)} calls: {', '.join(keys[:5])}" if keys else "is no call's id"
            raise UserError(
                f"{prefix!r} {many}", next_step=f"selfinstruct log {folder} lists calls"
            )
        call = store.attempt(keys[0])
        assert call is not None
        made = [
            {
                **{name: fact[name] for name in ("id", "round", "wave", "reason", "value")},
                "row": store.words_of(fact),
            }
            for fact in store.facts_from(keys[0])
        ]
        budget = BudgetConfig.model_validate(store.meta("budget") or {})
    hidden = call["template"].startswith(JUDGED) and not held_out
    return {
        "schema_version": SCHEMA_VERSION,
        **call,
        "messages": None if hidden else json.loads(call["messages"]),
        "parents": None if hidden else json.loads(call["parents"]),
        "text": None if hidden else call["text"],
        "request": json.loads(call["request"]) if call["request"] else None,
        "cost": _cost(budget, call),
        "candidates": made,
    }


def print_call(story: dict[str, Any]) -> None:
    """A call's story, top to bottom."""
    console = stdout()

    def line(name: str, value: object) -> None:
        said = escape(str(value))
        cut = f"{said[:LONG]}… ({len(said):,} characters; --json has all)"
        console.print(Text.assemble((f"{name:<12} ", "cyan"), said if len(said) <= LONG else cut))

    seconds = "" if story["ended"] is None else f", {story['ended'] - story['started']:.1f} s"
    tokens = f"{story['prompt_tokens']} + {story['completion_tokens']} tokens{seconds}"
    number, wave = story["round"], story["wave"]
    place = f"round {number}, {purpose(number, wave) or f'wave {wave}'}"
    console.print(Text(escape(f"{story['key']}  {place}, {story['state']}"), style="bold"))
    line("model", story["model"] + (f" as {story['served']}" if story["served"] else ""))
    line("prompt", f"{story['template']}@{story['version']}, sample {story['sample']}")
    line("took", tokens + ("" if story["cost"] is None else f", cost {story['cost']:.6f}"))
    if story["request"]:
        line("asked with", ", ".join(f"{k} {v}" for k, v in story["request"].items()))
    if story["messages"] is None:
        line("words", "held out, since a judge's call shows a gate row: --held-out")
    else:
        line("shows rows", ", ".join(story["parents"]) or "none")
        for message in story["messages"]:
            line(f"  [{message['role']}]", message["content"])
        line("answer", story["text"] if story["text"] is not None else "none yet")
    if story["error"]:
        line("error", story["error"])
    for made in story["candidates"]:
        value = "" if made["value"] is None else f" {_short(made['value'])}"
        fate = "accepted" if made["reason"] is None else f"dropped as {made['reason']}{value}"
        words = made["row"].get("input") or made["row"].get("instruction", "")
        line("became", f"{made['id']} {fate}: {one_line(words, 90)}")
