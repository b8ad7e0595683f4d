"""Every key at the pairs, and what is not told before the end."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from selfinstruct.cli.pairs_terminal import PairSeat
from selfinstruct.review.desk import Desk
from selfinstruct.review.pair_desk import PairDesk
from tests.paired import CONTEST, ROWS, write_paired


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PairDesk]:
    write_paired(tmp_path / "run", ROWS[:5])  # of which four differ
    with Desk.open(tmp_path / "run") as desk:
        yield desk.pairs


def sit(desk: PairDesk, keys: str) -> str:
    out, pressed = io.StringIO(), iter(keys)
    console = Console(file=out, width=100)
    PairSeat(desk, CONTEST.id, "ann", lambda: next(pressed, ""), console).sit()
    return out.getvalue()


@pytest.mark.parametrize(
    ("keys", "stored"),
    [
        ("1a", ["left", "left"]),
        ("2b", ["right", "right"]),
        ("0=", ["equal", "equal"]),
        ("xs", ["bad", "skip"]),
        ("1uu", ["left", "undo"]),
        ("zr?q1", []),
        ("\x041", []),
        ("1" * 9, ["left"] * 4),
        ("s2222", ["skip"] + ["right"] * 4),
    ],
)
def test_keys_are_choices(desk: PairDesk, keys: str, stored: list[str]) -> None:
    sit(desk, keys)
    assert [each.action for each in desk.choices()] == stored
    assert all(each.reviewer == "ann" and 0 <= each.ms < 60_000 for each in desk.choices())


def test_the_students_are_named_at_the_end_alone(desk: PairDesk) -> None:
    before = sit(desk, "12q")
    assert "2 of 4 judged; review --status" in before
    assert "pair 3 of 4 · 2 judged" in before
    assert "round-1" not in before and "base" not in before
    assert "4 of 4 judged: round-1 better" in sit(desk, "12")


def test_the_real_answer_is_shown_when_asked_for(desk: PairDesk) -> None:
    pair = desk.next(CONTEST.id)
    assert pair is not None
    assert pair.example.response not in sit(desk, "")
    assert pair.example.response in sit(desk, "r")


def test_a_choice_is_stored_before_the_next_pair_is_shown(desk: PairDesk) -> None:
    seen: list[int] = []
    pressed = iter("12x")

    def key() -> str:
        seen.append(len(desk.choices()))
        return next(pressed, "")

    PairSeat(desk, CONTEST.id, "ann", key, Console(file=io.StringIO())).sit()
    assert seen == [0, 1, 2, 3]
