from pathlib import Path

import pytest

from selfinstruct.report.gather import Facts, RoundFacts, gather
from selfinstruct.report.samples import dropped_samples, kept_samples, spaced
from selfinstruct.types import SPLITS, Example, Message, RealData, Rejection, Screened, Split
from tests.reported import REASONS, Plan, write_reported_run


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [(0, 3, []), (2, 3, [0, 1]), (9, 3, [0, 4, 8]), (9, 1, [0]), (5, 5, [0, 1, 2, 3, 4])],
)
def test_samples_are_spaced_over_all_rows(count: int, most: int, chosen: list[int]) -> None:
    assert spaced(range(count), most) == chosen


def test_every_reason_has_its_rows_with_value_limit_and_neighbour(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=2, dropped=60))
    facts = gather(tmp_path)
    found = dropped_samples(facts, 2)
    assert {one.reason for one in found} == set(REASONS)
    assert len(found) == 2 * len(REASONS)
    assert found[0].measured == "0.8 (limit 0.7)"
    known = {f"{row.input} (real)" for row in facts.data.train}
    assert {one.near for one in found} <= known
    assert len(kept_samples(facts, 5)) == 5


@pytest.mark.parametrize("split", ["train", "dev", "gate", "final"])
def test_of_a_neighbour_on_gate_or_final_the_id_is_told_alone(split: Split) -> None:
    row = Example("Which of these", "the words of the row", "That one.")
    dropped = Rejection(Example("Which of those"), "contaminated", 0.9, 0.6, row.id)
    rounds = (RoundFacts(0), RoundFacts(1, waves=(Screened((), (dropped,)),)))
    real = {each: (row,) if each == split else () for each in SPLITS}
    data = RealData(real["train"], real["dev"], real["gate"], real["final"])
    (one,) = dropped_samples(Facts("r", {}, data, rounds, (), ()))
    assert one.near == (row.id if split in {"gate", "final"} else "Which of these (real)")


def test_a_dropped_conversation_is_told_from_its_first_turn() -> None:
    turns = (Message("user", "Tea?"), Message("assistant", "With milk?"))
    dropped = Rejection(Example("Yes please", turns=turns), "too_similar")
    rounds = (RoundFacts(0), RoundFacts(1, waves=(Screened((), (dropped,)),)))
    (one,) = dropped_samples(Facts("r", {}, RealData((), (), (), ()), rounds, (), ()))
    assert one.asked == "Tea?\nWith milk?\nYes please"
