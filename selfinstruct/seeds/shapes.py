"""One raw row in, its examples out: ours, Alpaca, messages, ShareGPT, Self-Instruct's seed tasks.

Judges the form of a single row; what rows say about each other is the business of `read`.

Text is kept as it stands but for its ends, which are stripped, and CRLF, which is read as LF so
that a file keeps its ids on the way through Windows. NUL, other control characters and lone
surrogates are faults: nobody sees them, and stores, terminals and tokenisers trip over them.
"""

import difflib
from collections.abc import Mapping, Sequence
from reprlib import repr as brief
from typing import Any

from selfinstruct.config import SeedsConfig
from selfinstruct.text import CONTROL
from selfinstruct.types import Example, Message, Role, digest

FIELDS = frozenset(
    (
        *("instruction", "input", "response", "output", "label", "turns", "source", "license"),
        *("group", "kind", "messages", "conversations", "instances"),
    )
)
SPEAKERS: Mapping[Any, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
}
KINDS = {dict: "an object", list: "a list", bool: "true or false", str: "text", type(None): "null"}

Row = dict[str, Any]
"""The keys and values of one row, as its format gave them."""


class RowError(ValueError):
    """Why one row cannot be used."""


def examples_of(row: Row, cfg: SeedsConfig, where: str) -> list[Example]:
    """The examples of one row: one, or one for each of Self-Instruct's instances.

    `where` is the source of an example that names none. Raises `RowError`.
    """
    row = _rename(row, cfg.columns)
    instances = row.get("instances")
    if instances is None:
        return [_example(row, cfg, where)]
    if not isinstance(instances, list) or not instances:
        raise RowError("instances is no list, or an empty one")
    task = digest(_text(row, "instruction")) if len(instances) > 1 else None
    rows = [{"group": task, **row, **as_object(instance)} for instance in instances]
    return [_example(row, cfg, where) for row in rows]


def _rename(row: Row, columns: Mapping[Any, str]) -> Row:
    """The row under our names; a column that `seeds.columns` names has no other meaning."""
    taken = {*columns.values(), *(["output"] if "response" in columns else [])}
    rest = {key: value for key, value in row.items() if key not in taken}
    return rest | {ours: row[theirs] for ours, theirs in columns.items() if theirs in row}


def _example(row: Row, cfg: SeedsConfig, where: str) -> Example:
    talk = row.get("messages") or row.get("conversations")
    words = _words_of_fields(row, cfg) if talk is None else _words_of_talk(_messages(talk))
    label = _name(row, "label")
    if not words["response"] and label is None:
        raise RowError(f"no response and no label{_hint(row, 'response', 'output', 'label')}")
    return Example(
        **words,
        label=label,
        kind=_name(row, "kind"),
        group=_name(row, "group"),
        source=_text(row, "source") or where,
        license=_text(row, "license") or cfg.license,
    )


def _words_of_fields(row: Row, cfg: SeedsConfig) -> Row:
    asked = _text(row, "input")
    instruction = _text(row, "instruction") or ((cfg.instruction or "").strip() if asked else "")
    if not instruction:
        raise RowError(f"no instruction{_hint(row, 'instruction', 'input')}")
    response, output = _text(row, "response"), _text(row, "output")
    if response and output and response != output:
        raise RowError("both a response and an output, and they differ")
    turns = _messages(row.get("turns") or [])
    if turns and turns[-1].role == "user":
        raise RowError("turns end with the user, who speaks again in instruction")
    return {
        "instruction": instruction,
        "input": asked,
        "response": response or output,
        "turns": turns,
    }


def _words_of_talk(talk: Sequence[Message]) -> Row:
    """The last answer of a dialogue is the response; what the user says after it is left out."""
    last = max((at for at, turn in enumerate(talk) if turn.role == "assistant"), default=None)
    if last is None:
        raise RowError("no turn of the assistant")
    return {
        "instruction": talk[last - 1].content,
        "response": talk[last].content,
        "turns": tuple(talk[: last - 1]),
    }


def _messages(turns: object) -> tuple[Message, ...]:
    """Turns as `role` and `content` or as ShareGPT's `from` and `value`.

    After an optional system turn, user and assistant must alternate: most chat templates refuse
    anything else, and would do so hours later.
    """
    if not isinstance(turns, list):
        raise RowError(f"{_kind(turns)} where a list of turns belongs")
    messages: list[Message] = []
    for number, turn in enumerate(turns, start=1):
        said = as_object(turn)
        speaker = said.get("role", said.get("from"))
        role = SPEAKERS.get(speaker) if isinstance(speaker, str) else None
        content = _text(said, "content" if "content" in said else "value")
        if role is None or not content:
            fault = f"speaker {brief(speaker)} is unknown" if role is None else "it is empty"
            raise RowError(f"turn {number}: {fault}")
        before = messages[-1].role if messages else "system"
        expected = {"system": "user", "user": "assistant", "assistant": "user"}[before]
        if role != expected and not (role == "system" and not messages):
            raise RowError(f"turn {number} is of the {role}, where the {expected} is due")
        messages.append(Message(role, content))
    return tuple(messages)


def _text(row: Row, key: str) -> str:
    """The clean text under a key; empty where there is none."""
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowError(f"{key} is {_kind(value)}, not text")
    text = value.replace("\r\n", "\n")
    bad = CONTROL.search(text)
    if bad:
        code = ord(bad[0])
        name = "a NUL" if code == 0 else "a lone surrogate" if code > 255 else "a control character"
        raise RowError(f"{key} holds {name} (U+{code:04X})")
    return text.strip()


def _name(row: Row, key: str) -> str | None:
    """A label, kind or group: one line of text, or a whole number; None where there is none."""
    value = row.get(key)
    text = str(value) if type(value) is int else _text(row, key)
    if "\n" in text:
        raise RowError(f"{key} has more than one line")
    return text or None


def _hint(row: Row, *wanted: str) -> str:
    """What the row has instead: a misspelt key if there is one, or all of its keys."""
    unknown = {key.lower(): key for key in row if key not in FIELDS}
    for name in wanted:
        near = difflib.get_close_matches(name, unknown, n=1, cutoff=0.75)
        if near:
            return f"; {unknown[near[0]]!r}: did you mean {name}?"
    return (
        f"; its keys are {brief(list(row))}, and seeds.columns can rename them" if unknown else ""
    )


def as_object(value: object) -> Row:
    """The value itself, if it is an object of JSON's; raises `RowError` if not."""
    if not isinstance(value, dict):
        raise RowError(not_an_object(value))
    return value


def not_an_object(value: object) -> str:
    """What is wrong with a value that had to be an object."""
    return f"{_kind(value)} where an object belongs"


def _kind(value: object) -> str:
    return KINDS.get(
        type(value), "a number" if isinstance(value, int | float) else "of another kind"
    )
