"""Scores of somebody else: measured outside of a run, taken into its ledger, found like its own.

A file is JSON lines of `id`, `name`, `value` and, if wished, `source` (code, judge or human) and
`detail`. Nothing is overwritten: a name scored again has both, and the later one counts.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from selfinstruct.disk.linewise import bad_lines, read_lines
from selfinstruct.store import Store
from selfinstruct.store.search import ROW_FIELDS
from selfinstruct.types import Score

PEOPLE = "review"
"""How the names of what people said on the review page begin."""


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
    like = 'a line is {"id": ROW, "name": "toxicity", "value": 0.1}'
    read = read_lines(path, lambda line: Line.model_validate_json(line).score, like)
    own = {*ROW_FIELDS, *store.measured()}
    new: list[tuple[int, Score]] = []
    faults: list[tuple[int, str]] = []
    last: dict[tuple[str, str], Score] = {}
    for number, one in read:
        found = store.facts_of(one.id)
        fault = _fault(one, bool(found), own)
        if fault is not None:
            faults.append((number, fault))
            continue
        stored = {(each.id, each.name): each for each in store.scores_of(one.id)}
        if {**stored, **last}.get((one.id, one.name)) != one:
            new.append((found[0]["round"] or 0, one))
        last[one.id, one.name] = one
    if faults:
        ids = f"selfinstruct examples list {store.folder} --json lists ids"
        raise bad_lines(path, faults, len(read), ids)
    store.commit_scores(new)
    return Taken(len(new), len(read) - len(new))


def _fault(one: Score, known: bool, own: Collection[str]) -> str | None:
    if one.name in own or one.name.startswith(PEOPLE):
        return f"{one.name!r} is what the run itself says of a row; call it otherwise"
    return None if known else f"no row {one.id!r} is in this run"
