from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.cli.listing import list_examples, print_examples
from selfinstruct.cli.show import print_rejected, print_row, rejected_rows, row_story
from selfinstruct.errors import UserError
from selfinstruct.rows import from_example
from selfinstruct.store import Store
from selfinstruct.types import SPLITS, Example, Message, RealData, Rejection, Screened, Split
from tests.finished import KEPT, real_data, write_run


def test_a_row_tells_its_fate_and_the_call_it_came_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    print_row(row_story(tmp_path, KEPT.id[:8]))
    text = capsys.readouterr().out
    for words in (
        "round 1, accepted",
        "charged two times",
        "label_first/question v1",
        "sample 3",
        "label_agreement 0.75 by a model (the champion)",
    ):
        assert words in text
    assert "\x1b[2J" not in text
    assert "\\x1b[2J" in text


def test_a_real_row_tells_its_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path)
    print_row(row_story(tmp_path, real_data().train[0].id))
    assert "real, train" in capsys.readouterr().out


@pytest.mark.parametrize("split", ["train", "dev", "gate", "final"])
@pytest.mark.parametrize("held_out", [False, True])
def test_words_of_gate_and_final_rows_are_shown_to_who_asks_for_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], split: Split, *, held_out: bool
) -> None:
    row = Example("Which of these", "the words of the row", "That one.", label="fee")
    near = Example("Which of those", "the words of a row", "This one.", origin="synthetic", round=1)
    rejected = Rejection(near, "contaminated", 0.9, 0.6, row.id)
    real = {each: (row,) if each == split else () for each in SPLITS}
    with Store(tmp_path, write=True) as store:
        store.freeze(RealData(real["train"], real["dev"], real["gate"], real["final"]))
        store.commit_wave(1, 0, Screened((), (rejected,)))
    shown = held_out or split in {"train", "dev"}
    for asked in (row.id, near.id):
        story = row_story(tmp_path, asked, held_out=held_out)
        print_row(story)
        told = capsys.readouterr().out
        assert ("--held-out" in told) is not shown
    assert (row_story(tmp_path, row.id, held_out=held_out)["body"] is not None) is shown
    assert (story["neighbour"] is not None) is shown


@pytest.mark.parametrize(("prefix", "message"), [("zzzz", "no row"), ("", "fits")])
def test_an_id_must_name_one_row(tmp_path: Path, prefix: str, message: str) -> None:
    write_run(tmp_path)
    with pytest.raises(UserError, match=message):
        row_story(tmp_path, prefix)


def test_the_dropped_are_listed_with_value_limit_and_neighbour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    print_rejected(rejected_rows(tmp_path, "too_similar", 20))
    text = capsys.readouterr().out
    assert "0.9 (limit 0.7)" in text
    assert f"near {real_data().train[0].id}" in text
    assert "train ticket!" in text


def test_without_a_reason_the_reasons_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    print_rejected(rejected_rows(tmp_path, None, 20))
    assert capsys.readouterr().out.split() == ["1", "too_similar"]


def test_an_unknown_reason_names_the_known_ones(tmp_path: Path) -> None:
    write_run(tmp_path)
    with pytest.raises(UserError, match="reasons: too_similar"):
        rejected_rows(tmp_path, "too_simlar", 20)


def test_a_conversation_is_shown_with_its_earlier_turns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = (Message("user", "My card\x1b[2J is lost"), Message("assistant", "Shall I send one?"))
    talk = Example("Yes please", response="Done.", turns=turns, origin="synthetic", round=1)
    write_run(tmp_path)
    with Store(tmp_path, write=True) as store:
        store.commit_wave(1, 1, Screened((), (Rejection(talk, "repeated_turn", "turn 3"),)))
    print_rejected(rejected_rows(tmp_path, "repeated_turn", 20))
    listed = capsys.readouterr().out
    assert "round 1 turn 3\n" in listed
    assert "is lost / Shall I send one? / Yes please" in listed
    print_row(row_story(tmp_path, talk.id))
    told = capsys.readouterr().out
    assert "dropped as repeated_turn: turn 3\n" in told
    order = ["[user]", "is lost", "[assistant]", "Shall I send one?", "Yes please", "Done."]
    assert [told.index(words) for words in order] == sorted(map(told.index, order))
    assert "\x1b[2J" not in listed + told


def test_a_row_that_a_person_edited_is_shown_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    edited = replace(KEPT, input="charged twice, they say", parents=(KEPT.id,))
    with Store(tmp_path, write=True) as store:
        rows = [{"id": KEPT.id, "row": from_example(edited)}]
        store.commit_stage(1, "review", {"edited": rows}, 1.0)
    print_row(row_story(tmp_path, edited.id[:9]))
    text = capsys.readouterr().out
    assert "round 1, edited by a person" in text
    assert "charged twice, they say" in text
    found = list_examples(tmp_path, "fate=edited", "", {}, "", 9, held_out=False)
    print_examples(found)
    assert f"{edited.id}  round 1, edited [charged twice]" in capsys.readouterr().out
