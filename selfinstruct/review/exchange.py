"""Decisions as a file, and back: to a colleague, to a fork, to another machine.

A line is a decision with the words it is about, so that the file can be read by itself; choices
between answers are lines of it too. Importing takes the decisions alone: nobody's words come in by
that door.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from selfinstruct.disk.files import write_jsonl
from selfinstruct.disk.linewise import bad_lines, read_lines
from selfinstruct.errors import UserError
from selfinstruct.review import pair_exchange
from selfinstruct.review.desk import Desk
from selfinstruct.review.edits import refusal
from selfinstruct.review.nouns import SETTLING, Action, Decision, Item
from selfinstruct.review.pair_exchange import PairLine
from selfinstruct.review.pairs import Choice
from selfinstruct.review.tables import from_decision, to_edited
from selfinstruct.rows import Row, from_example
from selfinstruct.types import Role


@dataclass(frozen=True)
class Imported:
    """What an import came to: decisions taken, and those that were there already."""

    taken: int
    known: int


def export_decisions(desk: Desk, path: Path) -> int:
    """Write every line of a review, the oldest first, each with its item's row; how many out.

    Raises `DiskError` where the disk refuses it.
    """
    found, choices = desk.decisions(), desk.pairs.choices()
    decided = [_exported(desk, each) for each in found]
    chosen = [pair_exchange.exported(desk.pairs, each) for each in choices]
    write_jsonl(path, [*decided, *chosen])
    return len(found) + len(choices)


def _exported(desk: Desk, decision: Decision) -> Row:
    return {**from_decision(decision), "row": from_example(desk.item(decision.item).example)}


def import_decisions(desk: Desk, path: Path) -> Imported:
    """Take in the decisions of such a file, all or none; one that is known by its id is left.

    Raises `UserError` that names by their lines those of another item than is shown here, those of
    no item, and those that are none.
    """
    like = f"selfinstruct review export {desk.folder} FILE writes lines as they must be"
    read = read_lines(path, _line, like)
    faults = list(_faults(desk, read))
    if faults:
        raise bad_lines(path, faults, len(read), "take those lines away to import the others")
    decisions = [each for _, each in read if isinstance(each, Decision)]
    choices = [each for _, each in read if isinstance(each, Choice)]
    taken = desk.take(decisions, choices)
    return Imported(taken, len(read) - taken)


def _faults(desk: Desk, read: Sequence[tuple[int, Decision | Choice]]) -> Iterator[tuple[int, str]]:
    """Each line that does not fit, and why; what is known by its id fits."""
    ids = {each.id for _, each in read}
    undone = {each.undoes for _, each in read}
    for line, each in read:
        fault = None
        if isinstance(each, Choice):
            if desk.pairs.choice(each.id) is None:
                fault = pair_exchange.fault(desk.pairs, each, ids, undone)
        elif desk.decision(each.id) is None:
            fault = _fault(desk, each, ids, undone)
        if fault is not None:
            yield line, fault


def _fault(desk: Desk, each: Decision, ids: Set[str], undone: Set[str | None]) -> str | None:
    """What keeps a new decision out, None where it fits."""
    if not desk.has(each.item):
        return f"no row {each.item} is in the queue"
    item = desk.item(each.item)
    if item.hash != each.item_hash:
        return f"row {item.id} is not what was shown there"
    if each.action == "undo":
        before = desk.decision(each.undoes or "")
        known = each.undoes in ids or before is not None
        return None if known else f"the decision {each.undoes} that it takes back is not there"
    if (each.edited is not None) != (each.action == "edit"):
        return f"the edited text does not go with {each.action!r}"
    if each.again is not None:
        known = each.again in ids or desk.decision(each.again) is not None
        return None if known else f"the decision {each.again} before it is not there"
    if each.action not in SETTLING or each.id in undone:
        return None
    return _clash(desk, item, each, ids)


def _clash(desk: Desk, item: Item, each: Decision, ids: Set[str]) -> str | None:
    """What keeps a decision that settles an item out, None where it fits what is here."""
    here = desk.standing(item.id)
    differs = here is not None and (here.action, here.edited) != (each.action, each.edited)
    if here is not None and differs and here.action in SETTLING and here.id not in ids:
        return f"row {item.id} was decided otherwise here ({here.action} by {here.reviewer})"
    if each.edited is not None:
        try:
            refused = refusal(desk.folder, item, each.edited)
        except UserError as error:
            return error.what
        return None if refused is None else f"the edited text is dropped as {refused.reason}"
    return None


def _line(text: str) -> Decision | Choice:
    if About.model_validate_json(text).pair is not None:
        return PairLine.model_validate_json(text).choice
    return Line.model_validate_json(text).decision


class About(BaseModel):
    """What a line is about: a pair of answers, or else a candidate."""

    pair: object = None


class Turn(BaseModel):
    """A turn of a conversation, as in a row."""

    role: Role
    content: str


class Text(BaseModel):
    """An edited text."""

    model_config = ConfigDict(extra="forbid")
    instruction: str
    input: str = ""
    response: str = ""
    label: str | None = None
    turns: tuple[Turn, ...] = ()


class Line(BaseModel):
    """A line of the file; the row that it shows is for people."""

    model_config = ConfigDict(strict=True)
    id: Annotated[str, Field(min_length=1)]
    item: str
    item_hash: str
    action: Action
    reason: str = ""
    note: str = ""
    edited: Text | None = None
    reviewer: str = ""
    ms: int = 0
    at: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    undoes: str | None = None
    again: str | None = None

    @property
    def decision(self) -> Decision:
        """The decision it is."""
        plain = self.model_dump(exclude={"edited"})
        edited = None if self.edited is None else to_edited(self.edited.model_dump())
        return Decision(**plain, edited=edited)
