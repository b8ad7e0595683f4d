"""What a run hears: the decisions that hold, and every one as a score, undone ones too."""

from pathlib import Path

from selfinstruct.review.desk import Desk
from selfinstruct.review.hearing import hear, said_since
from selfinstruct.review.nouns import EVERYTHING
from tests.reviewed import decide, write_reviewable


def test_nothing_is_heard_before_anybody_began(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run")
    assert hear(tmp_path / "run", 1) is None
    assert said_since(tmp_path / "run", 3).last == 3
    assert not (tmp_path / "run" / "reviews.db").exists()


def test_what_holds_is_heard_in_the_order_of_the_queue_while_a_desk_is_open(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run")
    with Desk.open(tmp_path / "run") as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 4)]
        decide(desk, items[2], "accept", "d1")
        decide(desk, items[0], "reject", "d2", reason="unclear", note="odd")
        decide(desk, items[1], "flag", "d3")
        decide(desk, items[3], "accept", "d4")
        desk.undo("ann", "u")
        heard, said = hear(tmp_path / "run", 1), said_since(tmp_path / "run", 0)
    assert heard is not None
    assert [each.id for each in heard.standing] == ["d2", "d1"]
    assert (heard.left, heard.progress.total, heard.candidates is None) == (12, 14, False)
    assert [(index, one.name, one.value) for index, one in said.scores] == [
        (1, "review", 1.0),
        (1, "review", 0.0),
        (1, "review_flag", 1.0),
        (1, "review", 1.0),
        (1, "review_undone", 1.0),
    ]
    assert said.scores[1][1].detail == "ann: reject: unclear: odd"
    assert {one.source for _, one in said.scores} == {"human"}
    assert said_since(tmp_path / "run", said.last).scores == ()
    other = hear(tmp_path / "run", 2)
    assert other is not None
    assert other.candidates is None
