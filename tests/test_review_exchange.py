"""Out to a file and back in: the same review, or the line that does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import UserError
from selfinstruct.review.desk import Desk
from selfinstruct.review.exchange import Imported, export_decisions, import_decisions
from selfinstruct.review.nouns import EVERYTHING, Edited
from tests.reviewed import decide, write_reviewable

GOOD = Edited("Name the intent.", "where is my wholly new parcel", "On its way.", "fee")


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    write_reviewable(tmp_path / "one")
    path = tmp_path / "decisions.jsonl"
    with Desk.open(tmp_path / "one") as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 4)]
        decide(desk, items[0], "accept", "d1")
        decide(desk, items[1], "edit", "d2", edited=GOOD, note="shorter")
        decide(desk, items[2], "reject", "d3", reason="unclear")
        desk.undo("ann", "u")
        decide(desk, items[3], "skip", "d4")
        assert export_decisions(desk, path) == 5
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rewrite(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def test_a_review_comes_back_line_by_line(exported: Path, tmp_path: Path) -> None:
    write_reviewable(tmp_path / "two")
    with Desk.open(tmp_path / "one", write=False) as one, Desk.open(tmp_path / "two") as two:
        assert import_decisions(two, exported) == Imported(5, 0)
        assert import_decisions(two, exported) == Imported(0, 5)
        assert two.decisions() == one.decisions()
        assert two.listed(EVERYTHING, 0, 99) == one.listed(EVERYTHING, 0, 99)
        assert two.progress(EVERYTHING) == one.progress(EVERYTHING)


@pytest.mark.parametrize(
    ("line", "change", "words"),
    [
        (0, {"item": "0" * 16}, ":1: no row 0000000000000000 is in the queue"),
        (0, {"item_hash": "0" * 16}, ":1: row .* is not what was shown there"),
        (3, {"undoes": "nobody's"}, ":4: the decision nobody's that it takes back is not"),
        (
            1,
            {"edited": {"instruction": "", "response": "y"}},
            ":2: an edit cannot take a label",
        ),
        (1, {"edited": {"instruction": "x", "label": "fee"}}, ":2: the edit leaves the answer"),
        (1, {"edited": None}, ":2: the edited text does not go with 'edit'"),
        (0, {"action": "love"}, ":1: action: Input should be"),
        (2, {"id": 7}, ":3: id: Input should be a valid string"),
    ],
)
def test_what_does_not_fit_is_named_by_its_line_and_nothing_is_taken(
    exported: Path, tmp_path: Path, line: int, change: dict[str, Any], words: str
) -> None:
    write_reviewable(tmp_path / "two")
    rows = lines(exported)
    rows[line] |= change
    rewrite(exported, rows)
    with Desk.open(tmp_path / "two") as desk:
        with pytest.raises(UserError, match=words):
            import_decisions(desk, exported)
        assert desk.decisions() == []


def test_what_was_decided_otherwise_here_is_a_conflict(exported: Path, tmp_path: Path) -> None:
    write_reviewable(tmp_path / "two")
    with Desk.open(tmp_path / "two") as desk:
        first = desk.item(desk.listed(EVERYTHING, 0, 1)[0].id)
        decide(desk, first, "reject", "mine", reviewer="bob")
        with pytest.raises(UserError, match=r":1: .* decided otherwise here \(reject by bob\)"):
            import_decisions(desk, exported)
        desk.undo("bob", "u-mine")
        assert import_decisions(desk, exported).taken == 5


@pytest.mark.parametrize("text", ["no json\n", "[]\n", '{"id": ""}\n'])
def test_a_file_of_something_else_is_told(tmp_path: Path, text: str) -> None:
    write_reviewable(tmp_path / "two")
    (tmp_path / "x.jsonl").write_text(text)
    with Desk.open(tmp_path / "two") as desk:
        with pytest.raises(UserError, match=r"x\.jsonl:1: "):
            import_decisions(desk, tmp_path / "x.jsonl")
        with pytest.raises(UserError, match="cannot be read"):
            import_decisions(desk, tmp_path / "nowhere.jsonl")
