"""`trace`: where something of a run came from and what came of it, as a tree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from selfinstruct.cli.tables import stdout
from selfinstruct.cli.text import escape, one_line
from selfinstruct.lineage import Node, Trace, Tracer, flat
from selfinstruct.store import Store
from selfinstruct.summary import SCHEMA_VERSION

WIDTH = 100
"""Characters of a row's words."""
QUIET = ("row", "fate", "label")
"""What is told of a row in its own way."""
PLAIN = ("decision", "note", "outcome", "why", "reason")
"""What needs no name before it."""


def trace_command(folder: Path, id_: str, limit: int, *, held_out: bool) -> Trace:
    """The trace of what in this run has that id. Raises `UserError` for none and for several."""
    with Store(folder) as store:
        return Tracer(store, limit, held_out).trace(id_)


def as_json(found: Trace) -> dict[str, Any]:
    """The tree as one JSON object."""
    return {"schema_version": SCHEMA_VERSION, **flat(found)}


def print_trace(found: Trace, console: Console | None = None) -> None:
    """A tree with lines on a terminal, an indented one where it is piped."""
    console = console or stdout()
    branches = (("came from", found.came_from), ("led to", found.led_to))
    if console.is_terminal:
        tree = Tree(Text(_line(found.start), style="bold"))
        for name, nodes in branches:
            _grow(tree.add(Text(name, style="cyan")), nodes)
        console.print(tree)
        return
    console.print(Text(_line(found.start)), soft_wrap=True)
    for name, nodes in branches:
        console.print(Text(f"  {name}{'' if nodes else ': nothing'}"))
        for line in _indented(nodes, 2):
            console.print(Text(line), soft_wrap=True)


def _grow(tree: Tree, nodes: tuple[Node, ...]) -> None:
    for node in nodes:
        branch = tree.add(Text(_line(node)))
        _grow(branch, node.nodes)
        if node.more:
            branch.add(Text(_more(node), style="dim"))


def _indented(nodes: tuple[Node, ...], level: int) -> Iterator[str]:
    for node in nodes:
        yield f"{'  ' * level}{_line(node)}"
        yield from _indented(node.nodes, level + 1)
        if node.more:
            yield f"{'  ' * (level + 1)}{_more(node)}"


def _more(node: Node) -> str:
    return f"and {node.more:,} more (--limit)"


def _line(node: Node) -> str:
    """A node in one line, safe to print."""
    told = node.told
    head = " ".join(part for part in (node.kind, node.id) if part)
    if "fate" in told and "row" in told:
        label = f" [{told['label']}]" if "label" in told else ""
        value = f" {_value(told['value'])}" if "value" in told else ""
        place = told.get("split") or f"round {told.get('round')}"
        fate = told.get("reason", told["fate"]) if told["fate"] != "real" else "real"
        said = _words(told["row"])
        return one_line(f"{head}  {place}, {fate}{value}{label}: {said}", 140)
    facts = ", ".join(
        _value(value) if name in PLAIN else f"{name} {_value(value)}"
        for name, value in told.items()
        if value not in (None, "", []) and name not in QUIET
    )
    return one_line(f"{head}: {facts}" if facts else head, 300)


def _words(row: dict[str, Any] | None) -> str:
    if row is None:
        return "(held out: --held-out shows its words)"
    said = row.get("input") or row.get("instruction", "")
    return one_line(f"{said} → {row['response']}" if row.get("response") else said, WIDTH)


def _value(value: object) -> str:
    match value:
        case float():
            return f"{value:.3g}"
        case dict():
            return ", ".join(f"{name} {_value(each)}" for name, each in value.items())
        case list():
            return f"{len(value)} places"
        case _:
            return escape(str(value))
