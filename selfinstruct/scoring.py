"""Scores of somebody else: measured outside of a run, taken into its ledger, found like its own.

A file is JSON lines of `id`, `name`, `value` and, if wished, `source` (code, judge or human) and
`detail`. Nothing is overwritten: a name scored again has both, and the later one counts.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from selfinstruct.errors import UserError
from selfinstruct.files import numbered_lines
from selfinstruct.store import Store
from selfinstruct.store.search import ROW_FIELDS
from selfinstruct.types import Score

PEOPLE = "review"
"""How the names of what people said on the review page begin."""
SHOWN = 20
"""Faults that are named one by one."""


@dataclass(frozen=True)
class Taken:
    """What a file came to: scores appended, and those that were the last of their name already."""

    taken: int
    known: int


class Line(BaseModel):
    """A line of the file."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1)
    name: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.:@/-]{0,63}$")]
    value: Annotated[float, Field(allow_inf_nan=False)]
    source: Literal["code", "judge", "human"] = "code"
    detail: str = ""

    @property
    def score(self) -> Score:
        """As the ledger keeps it."""
        return Score(self.id, self.name, self.value, self.source, self.detail)


def take_scores(store: Store, path: Path) -> Taken:
    """Append the scores of a file to a run's ledger, all or none.

    Raises `UserError` that names by their lines those of no row of this run, under a name that the
    run measures itself, and those that are none.
    """
    read = list(_read(path))
    own = {*ROW_FIELDS, *store.measured()}
    new: list[tuple[int, Score]] = []
    faults: list[str] = []
    last: dict[tuple[str, str], Score] = {}
    for number, one in read:
        found = store.facts_of(one.id)
        fault = _fault(one, bool(found), own)
        if fault is not None:
            faults.append(f"  {path}:{number}: {fault}")
            continue
        stored = {(each.id, each.name): each for each in store.scores_of(one.id)}
        if {**stored, **last}.get((one.id, one.name)) != one:
            new.append((found[0]["round"] or 0, one))
        last[one.id, one.name] = one
    if faults:
        more = len(faults) - SHOWN
        told = faults[:SHOWN] + ([f"  and {more} more"] if more > 0 else [])
        raise UserError(
            "\n".join([f"{len(faults)} of {len(read)} scores do not fit {store.folder}:", *told]),
            why="nothing was taken",
            next_step=f"selfinstruct examples list {store.folder} --json lists ids",
        )
    store.commit_scores(new)
    return Taken(len(new), len(read) - len(new))


def _fault(one: Score, known: bool, own: Collection[str]) -> str | None:
    if one.name in own or one.name.startswith(PEOPLE):
        return f"{one.name!r} is what the run itself says of a row; call it otherwise"
    return None if known else f"no row {one.id!r}"


def _read(path: Path) -> Iterator[tuple[int, Score]]:
    """Each line's number and score. Raises `UserError` for a file or a line that is none."""
    for number, line in numbered_lines(path):
        try:
            yield number, Line.model_validate_json(line).score
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"])) or "the line"
            raise UserError(
                f"{path}:{number}: {where}: {fault['msg']}",
                why="nothing was taken",
                next_step='a line is {"id": ROW, "name": "toxicity", "value": 0.1}',
            ) from None
