"""The row an edit makes, and what is no edit."""

from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.config import FiltersConfig
from selfinstruct.errors import UserError
from selfinstruct.review.desk import Desk
from selfinstruct.review.edits import check_edit, edited_row, refusal, without_models, words_of
from selfinstruct.review.nouns import EVERYTHING, Edited
from tests.reviewed import LABELS, made, write_reviewable

GOOD = Edited("Name the intent.", "where is my wholly new parcel", "On its way.", "fee")


def test_a_row_keeps_all_of_its_parent_but_the_words() -> None:
    row = edited_row(made(1), GOOD)
    assert words_of(row) == GOOD
    assert (row.parents, row.depth) == ((made(1).id,), 1)
    assert (row.source, row.round, row.origin) == ("recipe:label_first", 1, "synthetic")


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        (words_of(made(1)), "changes nothing"),
        (Edited("x", response="y", label=None), "cannot take a label away"),
        (Edited("x", response=" \n\t", label="fee"), "leaves the answer empty"),
        (Edited("x", response="", label="fee"), "leaves the answer empty"),
        (Edited("x", response="y", label="nonsense"), "no training row has the label 'nonsense'"),
    ],
)
def test_what_is_no_edit_is_told(edited: Edited, words: str) -> None:
    with pytest.raises(UserError, match=words):
        check_edit(made(1), edited, LABELS)


def test_a_row_that_never_had_an_answer_needs_none() -> None:
    bare = replace(made(1), response="")
    assert (
        check_edit(bare, Edited("Name it.", "a wholly new parcel", "", "fee"), LABELS).label
        == "fee"
    )


@pytest.mark.parametrize(
    ("input_", "response", "reason"),
    [
        ("where is my wholly new parcel", "On its way.", None),
        ("where is my wholly new parcel", "where is my wholly new parcel", "input_equals_response"),
        ("write to ann.smith@gmail.com about my parcel", "On its way.", "personal_data"),
    ],
)
def test_the_filters_that_ask_no_model_speak_at_once(
    tmp_path: Path, input_: str, response: str, reason: str | None
) -> None:
    write_reviewable(tmp_path / "run")
    with Desk.open(tmp_path / "run") as desk:
        item = desk.item(desk.listed(EVERYTHING, 0, 1)[0].id)
    edited = Edited("Name the intent.", input_, response, "fee")
    found = refusal(tmp_path / "run", item, edited)
    assert (None if found is None else found.reason) == reason


def test_a_text_may_be_like_the_one_it_stands_for_but_like_no_other(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", {"fraction": 1.0})
    with Desk.open(tmp_path / "run") as desk:
        lines = [line for line in desk.listed(EVERYTHING, 0, 99) if line.fate == "accepted"]
        one, other = (desk.item(line.id) for line in lines[:2])
    words = words_of(one.example)
    near = Edited(words.instruction, f"{words.input} please", f"{words.response} now", words.label)
    assert refusal(tmp_path / "run", one, near) is None
    found = refusal(tmp_path / "run", other, near)
    assert found is not None
    assert found.reason == "too_similar"


def test_no_model_is_left_among_the_filters() -> None:
    cfg = FiltersConfig.model_validate(
        {"novelty": {"embedding": {"model": "m"}}, "quality": {"rubric": {}}}
    )
    left = without_models(cfg)
    assert (left.novelty.embedding, left.quality.rubric) == (None, None)
    assert left.novelty.threshold == cfg.novelty.threshold
