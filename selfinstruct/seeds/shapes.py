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
from selfinstruct.seeds.markup import text_of_html
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
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "model": "assistant",
}
TOOLS = ("tool", "function", "function_call", "observation")
KINDS = {dict: "an object", list: "a list", bool: "true or false", str: "text", type(None): "null"}

Row = dict[str, Any]
"""The keys and values of one row, as its format gave them."""


class RowError(ValueError):
    """Why one row cannot be used."""


class IncompleteError(RowError):
    """It has neither a response nor a label."""


class OrderError(RowError):
    """Its turns are not those of two who take turns; `seeds.mend_turns` reads most such."""


def examples_of(row: Row, cfg: SeedsConfig, where: str, mend: bool = False) -> list[Example]:
    """The examples of one row: one, or one for each of Self-Instruct's instances.

    `where` is the source of an example that names none; `mend` puts turns in order that are not.
    Raises `RowError`.
    """
    row = _rename(row, cfg.columns)
    if cfg.html == "text":
        row = {key: _without_markup(value) for key, value in row.items()}
    instances = row.get("instances")
    if instances is None:
        return [_example(row, cfg, where, mend)]
    if not isinstance(instances, list) or not instances:
        raise RowError("instances is no list, or an empty one")
    task = digest(_text(row, "instruction")) if len(instances) > 1 else None
    rows = [{"group": task, **row, **as_object(instance)} for instance in instances]
    return [_example(row, cfg, where, mend) for row in rows]


def value_at(row: Row, column: str) -> object:
    """What a row has under a column, for `a.b` in the object under `a`; None for nothing."""
    if column in row:
        return row[column]
    here: object = row
    for part in column.split("."):
        here = here.get(part) if isinstance(here, dict) else None
    return here


def _rename(row: Row, columns: Mapping[Any, str]) -> Row:
    """The row under our names; a column that `seeds.columns` names has no other meaning."""
    taken = {*columns.values(), *(["output"] if "response" in columns else [])}
    rest = {key: value for key, value in row.items() if key not in taken}
    named = {ours: value_at(row, theirs) for ours, theirs in columns.items()}
    found = {ours: v for ours, v in named.items() if v is not None or columns[ours] in row}
    return rest | found


def _without_markup(value: object) -> object:
    """Every text of a value without its HTML, also those within lists and objects."""
    if isinstance(value, str):
        return text_of_html(value)
    if isinstance(value, list):
        return [_without_markup(each) for each in value]
    if isinstance(value, dict):
        return {key: _without_markup(each) for key, each in value.items()}
    return value


def _example(row: Row, cfg: SeedsConfig, where: str, mend: bool) -> Example:
    talk = row.get("messages") or row.get("conversations")
    if talk is None:
        words = _words_of_fields(row, cfg, mend)
    else:
        words = _words_of_talk(_messages(talk, mend))
    label = _name(row, "label")
    if not words["response"] and label is None:
        missing = f"no response and no label{_hint(row, 'response', 'output', 'label')}"
        raise IncompleteError(missing)
    return Example(
        **words,
        label=label,
        kind=_name(row, "kind"),
        group=_name(row, "group"),
        source=_text(row, "source") or where,
        license=_text(row, "license") or cfg.license,
    )


def _words_of_fields(row: Row, cfg: SeedsConfig, mend: bool) -> Row:
    asked = _text(row, "input")
    instruction = _text(row, "instruction") or ((cfg.instruction or "").strip() if asked else "")
    if not instruction:
        raise RowError(f"no instruction{_hint(row, 'instruction', 'input')}")
    response, output = _text(row, "response"), _text(row, "output")
    if response and output and response != output:
        raise RowError("both a response and an output, and they differ")
    turns = _messages(row.get("turns") or [], mend)
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


def _messages(turns: object, mend: bool) -> tuple[Message, ...]:
    """Turns as `role` and `content` or as ShareGPT's `from` and `value`.

    After an optional system turn, user and assistant must alternate: most chat templates refuse
    anything else, and would do so hours later. Raises `OrderError` where they do not, unless `mend`
    makes one turn of those that one speaker has in a row, and leaves out a greeting.
    """
    if not isinstance(turns, list):
        raise RowError(f"{_kind(turns)} where a list of turns belongs")
    said = [_message(turn, number) for number, turn in enumerate(turns, start=1)]
    messages = _in_order(said) if mend else said
    before: Role = "system"
    for number, message in enumerate(messages, start=1):
        role = message.role
        expected = {"system": "user", "user": "assistant", "assistant": "user"}[before]
        if role != expected and not (role == "system" and number == 1):
            raise OrderError(f"turn {number} is of the {role}, where the {expected} is due")
        before = role
    return tuple(messages)


def _in_order(said: Sequence[Message]) -> list[Message]:
    """Turns with those that one speaker has in a row as one, from the first user on."""
    messages: list[Message] = []
    for message in said:
        before = messages[-1] if messages else None
        if before is not None and before.role == message.role:
            messages[-1] = Message(message.role, f"{before.content}\n{message.content}")
        elif message.role != "assistant" or (before is not None and before.role == "user"):
            messages.append(message)
    return messages


def _message(turn: object, number: int) -> Message:
    said = as_object(turn)
    speaker = said.get("role", said.get("from"))
    if said.get("tool_calls") or said.get("function_call") or speaker in TOOLS:
        raise RowError(f"turn {number} calls a tool, or answers for one; a student learns text")
    role = SPEAKERS.get(speaker) if isinstance(speaker, str) else None
    if role is None:
        known = ", ".join(SPEAKERS)
        raise RowError(f"turn {number}: speaker {brief(speaker)} is unknown; known: {known}")
    key = "content" if "content" in said else "value"
    content = _text({**said, key: _joined(said.get(key))}, key)
    if not content:
        raise RowError(f"turn {number}: it is empty")
    return Message(role, content)


def _joined(content: object) -> object:
    """OpenAI's list of parts as the one text it stands for; anything else as it is."""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        return content
    for part in content:
        if part.get("type") != "text":
            raise RowError(f"content holds {brief(part.get('type'))}; a student here reads text")
    return "".join(part["text"] for part in content if isinstance(part.get("text"), str))


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
    for key in unknown.values():
        value = row[key]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return (
                f"; {key!r} holds a list of objects: turns are read under messages, each with role "
                f"and content, and theirs have {brief(list(value[0]))}"
            )
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
