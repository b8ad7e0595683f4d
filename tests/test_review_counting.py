"""Counts, the interval of the random slice, agreement and pace."""

from pathlib import Path

import pytest

from selfinstruct import stats
from selfinstruct.review.desk import Desk
from selfinstruct.review.nouns import EVERYTHING, Action, Filters
from tests.reviewed import decide, write_reviewable


def test_progress_counts_what_holds_and_estimates_by_the_slice_alone(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run", {"fraction": 1.0, "random": 0.3})
    with Desk.open(tmp_path / "run") as desk:
        items = [desk.item(line.id) for line in desk.listed(EVERYTHING, 0, 99)]
        by_chance = [item for item in items if item.is_random]
        others = [item for item in items if not item.is_random]
        actions: list[Action] = ["accept", "reject", "accept", "skip"]
        for number, (item, action) in enumerate(zip(by_chance, actions, strict=False)):
            decide(desk, item, action, f"r{number}")
        for number, item in enumerate(others[:6]):
            decide(desk, item, "reject", f"o{number}")
        decide(desk, others[6], "flag", "f")
        decide(desk, others[7], "accept", "a")
        desk.undo("ann", "u")
        found = desk.progress(EVERYTHING)
        decided = [(item, desk.standing(item.id)) for item in items]
    assert (found.done, found.total) == (9, 27)
    assert (found.accepted, found.rejected, found.skipped, found.flagged) == (2, 7, 1, 1)
    assert (found.random_done, found.accept_rate) == (3, stats.wilson(2, 3))
    pairs = [
        (item.judge, said.action == "accept")
        for item, said in decided
        if said is not None and said.action in ("accept", "reject") and item.judge is not None
    ]
    assert found.judge.n == len(pairs)
    assert found.judge.share == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert found.judge.kappa == pytest.approx(stats.cohen_kappa(pairs))
    assert sum(label.total for label in found.by_label) == 27
    assert sum(label.done for label in found.by_label) == 9


def test_an_untouched_review_estimates_nothing(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run")
    with Desk.open(tmp_path / "run") as desk:
        found = desk.progress(Filters())
        assert (found.done, found.accept_rate, found.per_minute, found.seconds_left) == (0,) + (
            None,
        ) * 3
        assert desk.progress(Filters(label="fee")).total < found.total


def test_the_pace_leaves_out_the_time_somebody_was_away(tmp_path: Path) -> None:
    write_reviewable(tmp_path / "run")
    clock = iter([100.0, 110.0, 5000.0, 5010.0])
    with Desk(tmp_path / "run", now=lambda: next(clock)) as desk:
        for number, line in enumerate(desk.listed(EVERYTHING, 0, 4)):
            decide(desk, desk.item(line.id), "accept", f"d{number}")
        found = desk.progress(EVERYTHING)
    assert found.per_minute == pytest.approx(6)
    assert found.seconds_left == pytest.approx(100)
