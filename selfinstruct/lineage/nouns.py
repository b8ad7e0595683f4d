"""The tree that a trace is, and how rows and calls of a ledger are told in it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from selfinstruct.rows import Row
from selfinstruct.store import Store
from selfinstruct.store.search import HELD_OUT, JUDGED


@dataclass(frozen=True, slots=True)
class Node:
    """One thing of a run: what it is, its id, what is to say of it, and what hangs on it."""

    kind: str
    id: str
    told: Row = field(default_factory=dict)
    nodes: tuple["Node", ...] = ()
    more: int = 0
    """How many are not listed."""


@dataclass(frozen=True)
class Trace:
    """A tree in two directions."""

    start: Node
    came_from: tuple[Node, ...]
    led_to: tuple[Node, ...]


@dataclass(frozen=True)
class View:
    """An open ledger, how many nodes of a kind are listed, and whether words held out are shown."""

    store: Store
    limit: int = 10
    held_out: bool = False

    def told(self, fact: Row) -> Row:
        """What is said of a row; of one that is held out, no words."""
        hidden = fact["split"] in HELD_OUT and not self.held_out
        words = None if hidden else self.store.words_of(fact)
        names = ("split", "round", "wave", "reason", "value", "label", "depth", "license", "origin")
        told = {name: fact[name] for name in names if fact[name] is not None}
        return {**told, "fate": fact["fate"], "row": words}

    def listed(self, kind: str, ids: Sequence[str]) -> Iterator[Node]:
        """Rows by id, those that this ledger has not among them."""
        for id_ in ids:
            found = self.store.facts_of(id_)
            told = self.told(found[0]) if found else {"fate": "not in this ledger"}
            yield Node(kind, id_, told)

    def shown(self, call: Row) -> Iterator[Node]:
        """The rows that a call showed; none of a judge's, which shows gate rows, unless asked."""
        if not call["template"].startswith(JUDGED) or self.held_out:
            yield from self.listed("shown", json.loads(call["parents"]))


def call_node(call: Row, kind: str = "call", nodes: tuple[Node, ...] = ()) -> Node:
    """A call without its words."""
    names = ("round", "wave", "model", "state", "sample", "prompt_tokens", "completion_tokens")
    told = {"prompt": f"{call['template']}@{call['version']}", **{n: call[n] for n in names}}
    return Node(kind, call["key"], told, nodes)


def place(fact: Row) -> Row:
    """Where a row stands."""
    names = ("split", "round", "wave", "reason")
    return {name: fact[name] for name in names if fact[name] is not None}


def flat(trace: Trace) -> Row:
    """The tree as JSON objects."""
    return {
        "start": _flat(trace.start),
        "came_from": [_flat(node) for node in trace.came_from],
        "led_to": [_flat(node) for node in trace.led_to],
    }


def _flat(node: Node) -> Row:
    row: dict[str, Any] = {"kind": node.kind, "id": node.id, **node.told}
    if node.nodes:
        row["nodes"] = [_flat(each) for each in node.nodes]
    return {**row, "more": node.more} if node.more else row
