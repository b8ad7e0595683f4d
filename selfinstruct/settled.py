"""A round's candidates after people had their say: what the filters decided, and what of it a
review changed.

Filters' decisions stay as they are in the ledger; the stage `review` of a round holds the changes.
A round without that stage goes on with what the filters decided.
"""

from typing import Any

from selfinstruct.rows import to_example, to_rejection
from selfinstruct.store import Store
from selfinstruct.types import Example, Rejection, Screened

STAGE = "review"
DROPPED = "dropped_by_person"
"""The reason of an accepted row that a person rejected; the value is the person's reason."""
EDITED = "edited_by_person"
"""... and of one whose text a person wrote anew; the neighbour is the row that stands for it."""


def settled(store: Store, index: int) -> Screened:
    """The candidates of round `index` as the round went on with them."""
    return as_settled(store, index, store.screened(index))


def as_settled(store: Store, index: int, screened: Screened) -> Screened:
    """These candidates, as the review of round `index` would leave them."""
    stage = store.stage(index, STAGE)
    return screened if stage is None else settle(screened, stage)


def settle(screened: Screened, changes: dict[str, Any]) -> Screened:
    """What the filters decided, with the changes of a stage `review` made to it.

    Accepted rows keep their order; what joined, and what was edited, comes after them in the order
    of the queue. Of several dropped candidates with the same words the first one joins. A change to
    a row that is not there is left aside: other filters may have decided otherwise.
    """
    dropped = {each["id"]: str(each["reason"]) for each in changes["dropped"]}
    edited = {each["id"]: to_example(each["row"]) for each in changes["edited"]}
    refused = [to_rejection(each) for each in changes["refused"]]
    out = dropped.keys() | edited.keys() | {each["id"] for each in changes["unedited"]}
    joined: dict[str, Example] = {}
    rejected: list[Rejection] = []
    wanted = set(changes["joined"])
    anew = {item.what.id for item in refused}
    for item in screened.rejected:
        if item.what.id in wanted and item.what.id not in joined:
            joined[item.what.id] = item.what
        elif item.what.id not in anew:
            rejected.append(item)
    for row in screened.accepted:
        if row.id in dropped:
            rejected.append(Rejection(row, DROPPED, dropped[row.id]))
        elif row.id in out:
            stands = edited[row.id].id if row.id in edited else None
            rejected.append(Rejection(row, EDITED, neighbour=stands))
    return Screened(
        (
            *(row for row in screened.accepted if row.id not in out),
            *(joined[id_] for id_ in changes["joined"] if id_ in joined),
            *edited.values(),
        ),
        (*rejected, *refused),
        screened.scores,
    )


def pool_before(store: Store, index: int) -> tuple[Example, ...]:
    """The rows of the rounds before `index` whose student was accepted, each once."""
    rows: dict[str, Example] = {}
    for before in range(1, index):
        gate = store.stage(before, "gate")
        if gate is not None and gate["verdict"]["outcome"] == "accept":
            for row in settled(store, before).accepted:
                rows.setdefault(row.id, row)
    return tuple(rows.values())
