"""A text that a person wrote anew: the row it makes, and whether the filters let it through.

Here it passes the filters that ask no model, so that whoever wrote it hears at once; the run holds
it against all of them.
"""

from dataclasses import replace
from pathlib import Path

from selfinstruct.config import FiltersConfig, NoveltyConfig, QualityConfig
from selfinstruct.errors import UserError
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.personal import scan
from selfinstruct.filters.screen import screen
from selfinstruct.review.filling import begun
from selfinstruct.review.nouns import Edited, Item
from selfinstruct.settled import pool_before
from selfinstruct.store import Store
from selfinstruct.task import located
from selfinstruct.types import Drafts, Example, Rejection


def edited_row(parent: Example, edited: Edited) -> Example:
    """The row that an edit makes: the person's words, everything else of its parent's, and that as
    its only parent.
    """
    return replace(
        parent,
        instruction=edited.instruction,
        input=edited.input,
        response=edited.response,
        label=edited.label,
        turns=edited.turns,
        parents=(parent.id,),
        depth=parent.depth + 1,
    )


def words_of(example: Example) -> Edited:
    """A row's words, to be edited."""
    return Edited(
        example.instruction, example.input, example.response, example.label, example.turns
    )


def check_edit(parent: Example, edited: Edited, labels: tuple[str, ...]) -> Example:
    """The row that an edit makes. Raises `UserError` where it changes nothing, takes the answer
    away, or has a label that no real row has.
    """
    row = edited_row(parent, edited)
    if row.id == parent.id:
        raise UserError("the edit changes nothing", next_step="accept the row as it is")
    if not edited.response.strip() and parent.response.strip():
        raise UserError(
            "the edit leaves the answer empty",
            why="a student would learn to say nothing, whatever label the row has",
            next_step="write the answer, or reject the row",
        )
    if (edited.label is None) != (parent.label is None):
        raise UserError("an edit cannot take a label away, nor give one to a row without")
    if edited.label is not None and edited.label not in labels:
        raise UserError(
            f"no training row has the label {edited.label!r}",
            next_step=f"labels: {', '.join(labels)}",
        )
    return row


def refusal(folder: Path, item: Item, edited: Edited) -> Rejection | None:
    """Why the filters that ask no model would drop the edit, None where they let it through.

    It is held against the round's accepted rows but its parent. Raises as `check_edit`.
    """
    with Store(folder) as store:
        run, data = begun(store)
        row = check_edit(item.example, edited, data.labels)
        cfg = located(run, Path())
        pool = pool_before(store, item.round)
        others = [each for each in store.screened(item.round).accepted if each.id != item.id]
    held_out = (*data.dev, *data.gate, *data.final)
    filters = without_models(cfg.filters)
    drafts = scan(Drafts((row,)), cfg.privacy)
    indexes = Indexes.build(data.train, (*pool, *others), held_out, filters)
    return next(iter(screen(drafts, indexes, filters).rejected), None)


def without_models(filters: FiltersConfig) -> FiltersConfig:
    """The filters less those that ask a model."""
    novelty: NoveltyConfig = filters.novelty.model_copy(update={"embedding": None})
    return filters.model_copy(update={"novelty": novelty, "quality": QualityConfig()})
