"""Which row a rewriting was made from, and which rows are none."""

from dataclasses import replace

import pytest

from selfinstruct.filters.rewritten import rewritten_from
from selfinstruct.types import Example, Message

TASK = Example("Suggest three names for a bakery", response="Crumb, Loaf and Rye")
SUM = Example("Sum it up", "It rained all day", response="Rain")
FEE = Example("Name the intent", "Why was I charged?", label="fee")
KNOWN = {row.id: row for row in (TASK, SUM, FEE)}


def evolved(parent: Example, instruction: str, **changes: object) -> Example:
    row = Example(instruction, response="x", source="recipe:evolve", parents=(parent.id, "shown"))
    return replace(row, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "parent"),
    [
        (evolved(TASK, f"{TASK.instruction}, in French"), TASK),
        (evolved(SUM, "Sum it up: it rained all day, in one word"), SUM),
        (evolved(FEE, FEE.instruction, input="why charged, pls", label="fee"), FEE),
        (evolved(TASK, TASK.instruction, turns=(Message("user", "We sell tea."),)), TASK),
        (evolved(TASK, TASK.instruction), None),
        (evolved(TASK, "suggest, for a bakery: THREE names!!"), None),  # its words in another order
        (evolved(SUM, "Sum it up. It rained all day."), None),  # what was beside it is not new
        (evolved(FEE, FEE.instruction, input="Name why I was charged", label="fee"), None),
        (evolved(TASK, f"{TASK.instruction} now", source="recipe:few_shot"), None),
        (evolved(TASK, f"{TASK.instruction} now", parents=("shown", TASK.id)), None),
        (evolved(TASK, f"{TASK.instruction} now", parents=()), None),
    ],
)
def test_a_rewriting_has_a_word_that_its_first_parent_lacks(
    row: Example, parent: Example | None
) -> None:
    assert rewritten_from(row, KNOWN) == (parent and parent.id)
