"""The nouns of a review as JSON objects of the page, and what the page sends read back.

What comes in is other people's: a field of another type, an unknown one or an action that there is
not raises `UserError`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from selfinstruct import rows
from selfinstruct.errors import UserError
from selfinstruct.review.nouns import (
    Action,
    Asked,
    Decision,
    Edited,
    FieldLine,
    Filters,
    Item,
    ItemLine,
    Neighbour,
    Progress,
    State,
    Why,
)
from selfinstruct.review.pairs import Choice, Outcome, Pair, Pick
from selfinstruct.text import whole_question
from selfinstruct.types import Example, Message, Role
from selfinstruct.web.difference import differ

Row = dict[str, Any]

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WHOLE = re.compile(r"[0-9]{1,9}")
PICKS: tuple[Pick, ...] = tuple(each for each in get_args(Pick) if each != "undo")
ACTIONS: tuple[Action, ...] = tuple(each for each in get_args(Action) if each != "undo")
LONGEST = 86_400_000
"""Milliseconds of a day: more is a page that was left open."""


def from_item(item: Item, standing: Decision | None) -> Row:
    """An item, how its neighbours differ from it, and the decision that holds for it.

    `row` is its number as people read it; `again` is set where it is asked about once more.
    """
    return {
        "id": item.id,
        "position": item.position,
        "row": item.position + 1,
        "again": None,
        "hash": item.hash,
        "round": item.round,
        "example": rows.from_example(item.example),
        "fate": item.fate,
        "measured": item.measured and asdict(item.measured),
        "why": item.why,
        "scores": [asdict(score) for score in item.scores],
        "judge": item.judge,
        "recipe": item.recipe,
        "prompt": item.prompt,
        "nearest_real": _neighbour(item.nearest_real, item.example),
        "nearest_synthetic": _neighbour(item.nearest_synthetic, item.example),
        "standing": standing and from_decision(standing),
    }


def from_again(asked: Asked, after: int, row: int) -> Row:
    """An item that comes again: as one without a decision, in the place of row number `row`, and
    with the position `after` which it is shown, so that what follows is what would have followed.
    """
    shown = from_item(asked.item, None)
    return {**shown, "position": after, "row": row, "again": asked.again}


def from_decision(decision: Decision) -> Row:
    """A stored decision."""
    return asdict(decision)


def from_line(line: ItemLine) -> Row:
    """A line of the list."""
    return asdict(line)


def from_field(line: FieldLine) -> Row:
    """A field of filters."""
    return asdict(line)


def from_progress(progress: Progress) -> Row:
    """How far the review is."""
    return asdict(progress)


def from_pair(pair: Pair, place: int, standing: Choice | None) -> Row:
    """A pair and what was chosen of it; whose answer is on which side stays here."""
    return {
        "id": pair.id,
        "hash": pair.hash,
        "place": place,
        "example": rows.from_example(pair.example),
        "left": pair.left,
        "right": pair.right,
        "standing": standing and {"id": standing.id, "action": standing.action},
    }


def from_outcome(outcome: Outcome) -> Row:
    """How far a contest is; what was said of the students once every pair is judged, since counts
    that move with a key would tell whose answer was on which side.
    """
    told = asdict(outcome)
    known = ("contest", "pairs", "done", "skipped")
    return told if outcome.done == outcome.pairs else {name: told[name] for name in known}


def to_choice(given: Any, reviewer: str) -> Choice:
    """What the page sends, chosen by the person who started the server."""
    body = _object(given)
    _no_more(body, {"id", "pair", "pair_hash", "action", "ms"})
    named = read_text(body, "action")
    action = next((each for each in PICKS if each == named), None)
    if action is None:
        raise UserError(f"there is no action {named[:40]!r}")
    pair, seen = read_text(body, "pair"), read_text(body, "pair_hash")
    return Choice(read_uuid(body), pair, seen, action, reviewer, _milliseconds(body.get("ms", 0)))


def read_contest(body: Mapping[str, Any]) -> str:
    """The id of the contest that a page is of."""
    return read_text(body, "of")


def to_decision(given: Any, reviewer: str) -> Decision:
    """What the page sends, decided by the person who started the server."""
    body = _object(given)
    _no_more(body, {"id", "item", "item_hash", "action", "reason", "note", "edited", "ms", "again"})
    named = read_text(body, "action")
    action = next((each for each in ACTIONS if each == named), None)
    if action is None:
        raise UserError(f"there is no action {named[:40]!r}")
    edited, again = body.get("edited"), body.get("again")
    if (action == "edit") != (edited is not None):
        raise UserError("an edit, and nothing else, carries an edited text")
    return Decision(
        id=read_uuid(body),
        item=read_text(body, "item"),
        item_hash=read_text(body, "item_hash"),
        action=action,
        reason=read_text(body, "reason", ""),
        note=read_text(body, "note", ""),
        edited=None if edited is None else _edited(edited),
        reviewer=reviewer,
        ms=_milliseconds(body.get("ms", 0)),
        again=None if again is None else read_text(body, "again"),
    )


def read_text(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text that the page sends. Raises `UserError` for none, and for half of a character."""
    found = body.get(name, default)
    if not isinstance(found, str):
        raise UserError(f"{name} is a text")
    try:
        found.encode()
    except UnicodeEncodeError:
        raise UserError(f"{name} holds half of a character") from None
    return found


def read_uuid(body: Mapping[str, Any]) -> str:
    """The id of a decision that a page made up."""
    found = read_text(body, "id")
    if UUID.fullmatch(found) is None:
        raise UserError("the id of a decision is a UUID in small letters")
    return found


def to_filters(query: Mapping[str, str]) -> Filters:
    """The filters of an address, such as `label=refund&state=all`."""
    why, state, index = (query.get(name, "") for name in ("why", "state", "round"))
    if why and why not in get_args(Why):
        raise UserError(f"nothing is in the queue for {why[:40]!r}")
    if state and state not in get_args(State):
        raise UserError(f"items are open, decided or all, not {state[:40]!r}")
    return Filters(
        label=query.get("label"),
        why=why or None,  # type: ignore[arg-type]  # looked up above
        state=state or "open",  # type: ignore[arg-type]
        text=query.get("text", ""),
        round=to_number(index) if index else None,
        where=query.get("where", ""),
    )


def to_number(text: str) -> int:
    """A whole number of an address, from -1."""
    if text != "-1" and WHOLE.fullmatch(text) is None:
        raise UserError(f"{text[:40]!r} is not a whole number")
    return int(text)


def to_position(given: Any) -> int:
    """A position that the page sends, from -1. Raises `UserError` for anything else."""
    if not isinstance(given, int) or isinstance(given, bool) or not -1 <= given < 10**9:
        raise UserError("a position is a whole number")
    return given


def _neighbour(found: Neighbour | None, example: Example) -> Row | None:
    if found is None:
        return None
    parts = differ(whole_question(found.example), whole_question(example))
    return {
        "example": rows.from_example(found.example),
        "rouge_l": found.rouge_l,
        "difference": parts,
    }


def _edited(given: Any) -> Edited:
    body = _object(given)
    _no_more(body, {"instruction", "input", "response", "label", "turns"})
    turns = body.get("turns", [])
    if not isinstance(turns, list):
        raise UserError("turns are a list")
    label = body.get("label")
    return Edited(
        instruction=read_text(body, "instruction"),
        input=read_text(body, "input", ""),
        response=read_text(body, "response", ""),
        label=None if label is None else read_text(body, "label"),
        turns=tuple(_turn(turn) for turn in turns),
    )


def _turn(given: Any) -> Message:
    body = _object(given)
    _no_more(body, {"role", "content"})
    role = read_text(body, "role")
    if role not in get_args(Role):
        raise UserError(f"there is no role {role[:40]!r}")
    return Message(role, read_text(body, "content"))  # type: ignore[arg-type]  # looked up above


def _object(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise UserError("an object is what is read here")
    return given


def _no_more(body: Mapping[str, Any], known: set[str]) -> None:
    if unknown := body.keys() - known:
        raise UserError(f"unknown: {', '.join(sorted(unknown))[:80]}")


def _milliseconds(given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise UserError("ms is a whole number of milliseconds")
    return min(given, LONGEST)
