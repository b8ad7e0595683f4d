"""What `replay` found, for people: old and new side by side, prompts and answers."""

from collections.abc import Sequence
from itertools import groupby, zip_longest
from typing import Any

from rich.table import Table
from rich.text import Text

from selfinstruct.cli.listing import LONG
from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape
from selfinstruct.registry.words import diff
from selfinstruct.report.comparison import mark_words
from selfinstruct.telling import money

SIGNS = {"removed": ("-", "red"), "added": ("+", "green")}


def print_replay(found: dict[str, Any]) -> None:
    """What is to be asked and what it may cost; or each old answer beside the new one, and of a
    round what all of it comes to.

    Prompts are shown of a single call, and where nothing is asked.
    """
    console = stdout()
    shown = len(found["calls"]) == 1 or (found["dry_run"] and found["prompt"] is not None)
    for pair in found["calls"]:
        how = ", ".join(f"{name} {value}" for name, value in pair["asked_with"].items())
        new = "" if found["prompt"] is None else f", now by {pair['asked_by']}"
        console.print(Text(escape(f"{pair['id']}  {pair['prompt']}{new}"), style="bold"))
        console.print(Text(escape(f"  asked of {pair['asked_of']}; now with {how}")))
        if shown:
            console.print(_prompts(pair))
        if pair["new"] is not None:
            console.print(_beside(pair, found["model"]))
    if found["summary"] is not None:
        console.print(_summary(found["summary"], len(found["calls"])))
    console.print(Text(_ending(found), style="dim"))


def _ending(found: dict[str, Any]) -> str:
    calls, guess = len(found["calls"]), found["estimate"]
    told = f"{calls} {'call' if calls == 1 else 'calls'} of {escape(found['model'])}"
    if not found["dry_run"]:
        return f"{told}; {found['same']} answered as before. Nothing was written into the run."
    told += f", not asked; about {guess['likely_tokens']:,} tokens, {guess['worst_tokens']:,}"
    told += " at most"
    if guess["likely_cost"] is not None:
        likely = money(guess["likely_cost"], guess["currency"])
        told += f"; about {likely}, {money(guess['worst_cost'], guess['currency'])} at most"
    return told


def _summary(summary: dict[str, Any], calls: int) -> Table:
    """Old and new in figures; `?` where nothing of these calls is read by a recipe."""
    table = Table(box=None, pad_edge=False)
    table.add_column(f"{calls} {'call' if calls == 1 else 'calls'}")
    for name in ("old", "new"):
        table.add_column(name, justify="right")
    sides = [summary[name] for name in ("old", "new")]
    rounds = [side["round"] for side in sides]
    table.add_row("tokens read", *(f"{side['prompt_tokens']:,}" for side in sides))
    table.add_row("tokens written", *(f"{side['completion_tokens']:,}" for side in sides))
    if None in rounds:
        table.add_row("no recipe reads these answers", "", "")
        return table
    table.add_row("answers read whole", *(f"{one['read']} of {one['asked']}" for one in rounds))
    table.add_row("candidates of the round", *(str(one["candidates"]) for one in rounds))
    table.add_row("kept by the filters", *(str(one["kept"]) for one in rounds))
    for reason in dict.fromkeys(reason for one in rounds for reason in one["reasons"]):
        counts = (str(one["reasons"].get(reason, 0)) for one in rounds)
        table.add_row(Text(f"  dropped as {escape(reason)}"), *counts)
    if any(one["unknown"] for one in rounds):
        table.add_row("would need another answer", *(str(one["unknown"]) for one in rounds))
    return table


def _prompts(pair: dict[str, Any]) -> Table:
    """The prompt that was sent and the one that is, turn by turn; one column where they agree."""
    if pair["sent"] == pair["messages"]:
        table = Table(expand=True)
        table.add_column("prompt, as it was sent")
        for message in pair["messages"]:
            table.add_row(Text(_cut(escape(f"[{message['role']}] {message['content']}"))))
        return table
    table = Table(expand=True)
    table.add_column("prompt then", ratio=1)
    table.add_column("prompt now", ratio=1)
    turns = zip_longest(map(_turn, pair["sent"]), map(_turn, pair["messages"]), fillvalue="")
    for same, group in groupby(turns, key=lambda turn: turn[0] == turn[1]):
        rows = [*group]
        if same:
            told = "… 1 turn that stays" if len(rows) == 1 else f"… {len(rows)} turns that stay"
            table.add_row(Text(told, style="dim"))
        else:
            for old, new in rows:
                table.add_row(*_marked_sides(old, new))
    return table


def _turn(message: dict[str, str]) -> str:
    return f"[{message['role']}] {message['content']}"


def _marked_sides(old: str, new: str) -> tuple[Text, Text]:
    """Both texts with what the other lacks marked, line breaks kept and long stretches that stay
    left out.
    """
    sides = {"removed": Text(), "added": Text()}
    for piece in diff(old, new):
        if piece.op in SIGNS:
            sign, colour = SIGNS[piece.op]
            sides[piece.op].append(f"[{sign}{_cut(escape(piece.text))}{sign}]", colour)
            continue
        for text in sides.values():
            if piece.op == "skipped":
                text.append(f"… {piece.text} {'line' if piece.text == '1' else 'lines'}\n", "dim")
            else:
                text.append(_cut(escape(piece.text)))
    return sides["removed"], sides["added"]


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[:LONG]}… ({len(text):,} characters)"


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
