"""Choices out to a file and in again, and what does not fit."""

import json
from pathlib import Path
from typing import Any

import pytest

from selfinstruct.errors import UserError
from selfinstruct.review.desk import Desk
from selfinstruct.review.exchange import Imported, export_decisions, import_decisions
from selfinstruct.review.nouns import EVERYTHING
from tests.paired import ALIKE, CONTEST, ROWS, answers, choose, write_paired
from tests.reviewed import decide


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A decision on a candidate, four choices and an undo, in a file."""
    write_paired(tmp_path / "one")
    path = tmp_path / "choices.jsonl"
    with Desk.open(tmp_path / "one") as desk:
        decide(desk, desk.item(desk.listed(EVERYTHING, 0, 1)[0].id), "accept", "d1")
        for number, action in enumerate(("left", "skip", "bad", "equal")):
            pair = desk.pairs.next(CONTEST.id)
            assert pair is not None
            choose(desk.pairs, pair, action, f"c{number}")  # type: ignore[arg-type]
        desk.pairs.undo(CONTEST.id, "ann", "u1")
        assert export_decisions(desk, path) == 6
    return path


def test_choices_come_back_as_they_were_and_only_once(exported: Path, tmp_path: Path) -> None:
    write_paired(tmp_path / "two")
    with Desk.open(tmp_path / "one", write=False) as one, Desk.open(tmp_path / "two") as two:
        assert import_decisions(two, exported) == Imported(6, 0)
        assert import_decisions(two, exported) == Imported(0, 6)
        assert two.pairs.choices() == one.pairs.choices()
        assert two.pairs.outcome(CONTEST.id) == one.pairs.outcome(CONTEST.id)
        assert two.pairs.next(CONTEST.id) == one.pairs.next(CONTEST.id)
        export_decisions(two, tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_text() == exported.read_text()


def test_a_line_says_whose_answer_was_on_which_side(exported: Path) -> None:
    line = rows(exported)[1]
    who = {side: line[side]["student"] for side in ("left", "right")}
    assert {*who.values()} == {"round-1", "base"}
    for side, name in who.items():
        spoken = {"round-1": "one", "base": "two"}[name]
        assert line[side]["answer"].startswith(f"{spoken} says")
    assert (line["row"]["input"], line["action"]) == (ROWS[1].input, "left")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("line", "change", "words"),
    [
        (1, {"pair": "0" * 16}, ":2: no pair 0000000000000000 is in this review"),
        (1, {"pair_hash": "0" * 16}, ":2: pair .* is not what was shown there"),
        (5, {"undoes": "nobody's"}, ":6: the choice nobody's that it takes back is not"),
        (2, {"action": "accept"}, ":3: action: Input should be"),
        (2, {"pair": 7}, ":3: pair: Input should be a valid string"),
        (0, {"item": "0" * 16}, ":1: no row 0000000000000000 is in the queue"),
    ],
)
def test_what_does_not_fit_is_named_by_its_line_and_nothing_is_taken(
    exported: Path, tmp_path: Path, line: int, change: dict[str, Any], words: str
) -> None:
    write_paired(tmp_path / "two")
    found = rows(exported)
    found[line] |= change
    exported.write_text("".join(f"{json.dumps(row)}\n" for row in found))
    with Desk.open(tmp_path / "two") as desk:
        with pytest.raises(UserError, match=words):
            import_decisions(desk, exported)
        assert (desk.decisions(), desk.pairs.choices()) == ([], [])


def test_a_pair_of_other_answers_is_another_pair(exported: Path, tmp_path: Path) -> None:
    other = {**answers(ROWS, "two"), ROWS[1].id: "something else"}
    write_paired(tmp_path / "two", second=other)
    with (
        Desk.open(tmp_path / "two") as desk,
        pytest.raises(UserError, match=r":2: pair .* is not what was shown there"),
    ):
        import_decisions(desk, exported)
    assert ALIKE > 1  # the first pair is that of the second row


def test_what_was_judged_otherwise_here_is_a_conflict(exported: Path, tmp_path: Path) -> None:
    write_paired(tmp_path / "two")
    with Desk.open(tmp_path / "two") as desk:
        pair = desk.pairs.next(CONTEST.id)
        assert pair is not None
        choose(desk.pairs, pair, "right", "mine", reviewer="bob")
        with pytest.raises(UserError, match=r":2: .* judged otherwise here \(right by bob\)"):
            import_decisions(desk, exported)
        desk.pairs.undo(CONTEST.id, "bob", "u-mine")
        assert import_decisions(desk, exported).taken == 6
