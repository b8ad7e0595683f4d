"""Choices between answers as lines of the file of `exchange`, and back."""

from collections.abc import Set
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from selfinstruct.review.pair_desk import PairDesk
from selfinstruct.review.pair_tables import from_choice
from selfinstruct.review.pairs import SETTLING, Choice, Pick
from selfinstruct.rows import Row, from_example


def exported(desk: PairDesk, choice: Choice) -> Row:
    """A choice with the row, both answers and whose they are."""
    pair = desk.pair(choice.pair)
    contest = desk.contest(pair.contest)
    names = (contest.first, contest.second)
    left, right = names if pair.first_left else names[::-1]
    return {
        **from_choice(choice),
        "row": from_example(pair.example),
        "left": {"student": left, "answer": pair.left},
        "right": {"student": right, "answer": pair.right},
    }


def fault(desk: PairDesk, each: Choice, ids: Set[str], undone: Set[str | None]) -> str | None:
    """What keeps a new choice out, None where it fits; `ids` and `undone` are those of the file."""
    if not desk.has(each.pair):
        return f"no pair {each.pair} is in this review"
    if desk.pair(each.pair).hash != each.pair_hash:
        return f"pair {each.pair} is not what was shown there"
    if each.action == "undo":
        known = each.undoes in ids or desk.choice(each.undoes or "") is not None
        return None if known else f"the choice {each.undoes} that it takes back is not there"
    here = desk.standing(each.pair)
    if here is None or here.action == each.action or here.id in ids or each.id in undone:
        return None
    if here.action in SETTLING and each.action in SETTLING:
        return f"pair {each.pair} was judged otherwise here ({here.action} by {here.reviewer})"
    return None


class PairLine(BaseModel):
    """A line of the file; the row and the answers that it shows are for people."""

    model_config = ConfigDict(strict=True)
    id: Annotated[str, Field(min_length=1)]
    pair: str
    pair_hash: str
    action: Pick
    reviewer: str = ""
    ms: int = 0
    at: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    undoes: str | None = None

    @property
    def choice(self) -> Choice:
        """The choice it is."""
        return Choice(**self.model_dump())
