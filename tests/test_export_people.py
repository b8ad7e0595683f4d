from collections.abc import Mapping
from pathlib import Path

import pytest

from selfinstruct.export.facts import read_facts
from selfinstruct.export.people import Said, read_said
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import Action, Edited
from selfinstruct.rows import from_example
from selfinstruct.settled import STAGE
from selfinstruct.store import Store
from tests.reviewed import decide, made, review_stage, text, write_reviewable

ANEW = made(300)


def commit_review(folder: Path) -> None:
    """Round 1 as its review left it: one kept, one left out, one written anew, a near-miss in."""
    with Store(folder, write=True) as store:
        changes = review_stage(
            kept=[made(100).id],
            dropped=[{"id": made(101).id, "reason": "unclear"}],
            joined=[made(150).id],
            edited=[{"id": made(102).id, "row": from_example(ANEW)}],
        )
        store.commit_stage(1, STAGE, changes, 1.0)


def say(folder: Path, said: Mapping[str, Action]) -> None:
    with Desk.open(folder) as desk:
        for number, (item, action) in enumerate(said.items()):
            shown = desk.item(item)
            row = shown.example
            anew = Edited(row.instruction, text(4000 + number), row.response, row.label)
            edited = anew if action == "edit" else None
            done = decide(desk, shown, action, f"d{number}", edited=edited)
            assert done.stored is not None


def test_of_a_run_that_nobody_reviewed_nobody_said_anything(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "t")
    with Store(tmp_path / "t") as store:
        said = read_said(store)
    assert not said
    assert said == Said()


def test_what_a_review_let_through_is_told_without_its_database(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "t")
    commit_review(tmp_path / "t")
    with Store(tmp_path / "t") as store:
        said = read_said(store)
        facts = read_facts(store)
    assert said.accepted == {made(100).id, made(150).id, ANEW.id}
    assert [said.of(made(at).id) for at in (100, 105)] == ["accepted", None]
    kept = {row.id for row in facts.kept}
    assert {made(100).id, made(150).id, ANEW.id} < kept
    assert not {made(101).id, made(102).id} & kept


@pytest.mark.parametrize(
    ("action", "found"), [("accept", "accepted"), ("reject", "refused"), ("edit", "refused")]
)
def test_what_is_said_after_a_round_went_on_counts(
    tmp_path: Path, action: Action, found: str
) -> None:
    write_reviewable(tmp_path / "t", {"fraction": 1.0})
    commit_review(tmp_path / "t")
    say(tmp_path / "t", {made(100).id: action, made(106).id: action, made(107).id: "skip"})
    with Store(tmp_path / "t") as store:
        said = read_said(store)
    assert [said.of(made(at).id) for at in (100, 106, 107)] == [found, found, None]
