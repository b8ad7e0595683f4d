from collections.abc import Sequence

from selfinstruct.filters.screen import Verified, Verify
from selfinstruct.quality.chain import by_kind, in_turn
from selfinstruct.types import Example, Rejection, Score

ROWS = [Example(f"{n}") for n in range(6)]


def divides(n: int, seen: list[list[str]]) -> Verify:
    """Drops the rows whose number n divides."""

    def verify(examples: Sequence[Example]) -> Verified:
        seen.append([row.instruction for row in examples])
        rejections = {
            at: Rejection(row, f"by {n}")
            for at, row in enumerate(examples)
            if int(row.instruction) % n == 0
        }
        return Verified(rejections, tuple(Score(row.id, str(n), 1, "model") for row in examples))

    return verify


def test_each_sees_what_those_before_it_let_through_and_all_scores_are_kept() -> None:
    seen: list[list[str]] = []
    found = in_turn([divides(2, seen), divides(3, seen)])(ROWS)
    assert seen == [["0", "1", "2", "3", "4", "5"], ["1", "3", "5"]]
    assert {at: each.reason for at, each in found.rejections.items()} == {
        0: "by 2",
        2: "by 2",
        4: "by 2",
        3: "by 3",
    }
    assert all(each.what == ROWS[at] for at, each in found.rejections.items())
    assert [score.name for score in found.scores] == ["2"] * 6 + ["3"] * 3


def test_nobody_is_asked_about_nothing() -> None:
    seen: list[list[str]] = []
    assert in_turn([divides(1, seen), divides(3, seen)])(ROWS).rejections.keys() == set(range(6))
    assert len(seen) == 1
    assert in_turn([divides(1, seen)])([]) == Verified()
    assert in_turn([])(ROWS) == Verified()


def test_rows_with_and_without_a_label_go_their_own_way() -> None:
    seen: list[list[str]] = []
    mixed = [Example(f"{n}", label="a" if n % 2 else None) for n in range(6)]
    found = by_kind(divides(3, seen), divides(4, seen))(mixed)
    assert seen == [["1", "3", "5"], ["0", "2", "4"]]
    assert {at: each.reason for at, each in found.rejections.items()} == {
        3: "by 3",
        0: "by 4",
        4: "by 4",
    }
    assert len(found.scores) == 6
    seen.clear()
    by_kind(divides(3, seen), divides(4, seen))(mixed[1:2])
    assert seen == [["1"]]
