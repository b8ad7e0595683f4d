from dataclasses import replace
from pathlib import Path

import pytest
from rouge_score.rouge_scorer import RougeScorer

from selfinstruct.report.gather import Facts, RoundFacts, gather
from selfinstruct.report.likeness import nearest
from selfinstruct.types import Example, Message, RealData, Rejection, Screened
from tests.reported import Plan, write_reported_run


def facts_of(train: list[str], *waves: Screened) -> Facts:
    data = RealData(tuple(Example(text) for text in train), (), (), ())
    rounds = (RoundFacts(0), RoundFacts(1, waves=waves))
    return Facts("r", {}, data, rounds, (), ())


def test_the_nearest_real_row_is_that_of_rouge_score(tmp_path: Path) -> None:
    write_reported_run(tmp_path, Plan(rounds=1, kept=6, dropped=6))
    facts = gather(tmp_path)
    scorer = RougeScorer(["rougeL"])
    texts = {row.id: row.input for row in facts.rounds[1].accepted}
    texts |= {item.what.id: item.what.input for item in facts.rounds[1].rejected}
    found = nearest(facts)
    assert len(found) == 12
    for one in found:
        best = max(
            scorer.score(row.input, texts[one.id])["rougeL"].fmeasure for row in facts.data.train
        )
        assert one.real == pytest.approx(best)


def test_an_accepted_row_is_held_to_those_before_it_and_never_to_itself() -> None:
    wave = Screened((Example("Write one poem"), Example("Write one story")))
    first, second = nearest(facts_of(["Sing"], wave))
    assert first.synthetic is None
    assert second.synthetic == pytest.approx(2 / 3)
    assert second.real == 0


def test_a_dropped_row_has_the_likeness_that_was_recorded_with_it() -> None:
    kept = Example("Write one poem")
    dropped = Rejection(Example("Write a poem"), "too_similar", 0.75, 0.7, kept.id)
    by_id = {one.id: one for one in nearest(facts_of(["Sing"], Screened((kept,), (dropped,))))}
    assert by_id[dropped.what.id].synthetic == 0.75
    near_real = replace(dropped, neighbour="real")
    found = nearest(facts_of(["Sing"], Screened((kept,), (near_real,))))
    assert [one.synthetic for one in found] == [None, None]


def test_several_instances_of_one_instruction_count_once_and_empty_texts_not_at_all() -> None:
    instances = (Example("Add numbers", "1 2", "3"), Example("Add numbers", "2 3", "5"))
    wave = Screened(instances, (Rejection(Example(""), "unreadable"),))
    assert len(nearest(facts_of(["Sing"], wave))) == 1


@pytest.mark.parametrize(("most", "kept"), [(1, 1), (10, 10), (59, 59), (60, 60), (1000, 60)])
def test_of_many_candidates_evenly_spaced_ones_are_measured(most: int, kept: int) -> None:
    wave = Screened(tuple(Example(f"Ask number {i}") for i in range(60)))
    found = nearest(facts_of(["Sing"], wave), most)
    assert len(found) == kept
    assert len({one.id for one in found}) == kept


def test_conversations_with_the_same_last_turn_are_told_apart() -> None:
    talks = tuple(
        Example("Yes please", turns=(Message("user", asked), Message("assistant", "Shall I?")))
        for asked in ("My card has not come", "I was charged twice")
    )
    first, second = nearest(facts_of(["Yes please"], Screened(talks)))
    assert first.real == pytest.approx(2 * 2 / (2 + 9))
    assert second.synthetic == pytest.approx(2 * 4 / (9 + 8))
