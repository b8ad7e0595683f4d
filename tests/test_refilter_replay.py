"""A replay with nothing changed gives every stored fate: the run itself is the oracle."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.config import Config, override
from selfinstruct.filters.indexes import Indexes
from selfinstruct.filters.screen import screen
from selfinstruct.fork import Settings, fork
from selfinstruct.refilter import Replayed, fit, kept, read_record, replay
from selfinstruct.store import Store
from selfinstruct.types import ROUND_FULL, Drafts, Screened
from tests.recorded import (
    fill_round,
    instructions,
    labelled,
    real_rows,
    recorded_config,
    unanswered,
    write_recorded,
)

RECIPES = ("label_first", "self_instruct")
VERDICTS = ("accept", "reject", "accept", "inconclusive")
OTHERS = (
    "filters.novelty.threshold=0.4",
    "filters.novelty.threshold=0.9",
    "filters.novelty.threshold=null",
    "filters.heuristics.min_words=7",
    "filters.heuristics.min_words=0",
    "filters.heuristics.refusals=false",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Finished runs that are only read: of each recipe, and one that never asks for answers."""
    out = tmp_path_factory.mktemp("runs")
    silent = recorded_config(out, "label_first", name="silent")
    return {
        **{
            recipe: write_recorded(recorded_config(out, recipe, name=recipe), VERDICTS)
            for recipe in RECIPES
        },
        "silent": write_recorded(silent, VERDICTS, data=real_rows(unanswered)),
    }


def replayed(folder: Path, *overrides: str) -> list[Replayed]:
    with Store(folder) as store:
        record = read_record(store)
        return replay(record, override(record.cfg, overrides).filters)


def fates(wave: Screened) -> tuple[object, ...]:
    """All but what models measured, which a replay does not measure again."""
    return (wave.accepted, wave.rejected)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("seed", [0, 2])
def test_every_candidate_meets_its_stored_fate_again(
    tmp_path: Path, recipe: str, seed: int
) -> None:
    folder = write_recorded(recorded_config(tmp_path, recipe, seed=seed), VERDICTS)
    waves = replayed(folder)
    assert (waves[0].round, waves[0].wave) == (1, 0)
    assert {wave.round for wave in waves} == {1, 2, 3, 4}
    for wave in waves:
        assert fates(wave.found) == fates(wave.stored)
        assert wave.unasked == 0
    reasons = Counter(item.reason for wave in waves for item in wave.stored.rejected)
    assert reasons.keys() >= {"failed_call", "too_short", "too_similar", "refusal", ROUND_FULL}


@pytest.mark.parametrize("setting", OTHERS)
def test_the_first_wave_is_the_one_that_a_fork_really_makes(
    runs: dict[str, Path], setting: str
) -> None:
    """With no answers to ask for, no call of the first wave can be another one."""
    folder = runs["silent"]
    expected = replayed(folder, setting)[0].found
    with Store(folder) as store:
        cfg = read_record(store).cfg
    name = f"fork-{OTHERS.index(setting)}"
    other = override(cfg, [setting, f"name={name}"])
    fork(folder, name, Settings(other, {}))
    with Store(folder.parent / name, write=True) as store:
        fill_round(store, other, real_rows(unanswered), 1, ())
        assert fates(store.wave(1, 0) or Screened()) == fates(expected)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_fork_replays_its_own_answers_and_not_those_it_came_with(
    tmp_path: Path, recipe: str
) -> None:
    cfg = recorded_config(tmp_path, recipe)
    folder = write_recorded(cfg, ("accept", "reject"))
    other = override(cfg, ["filters.novelty.threshold=0.8", "name=other"])
    fork(folder, "other", Settings(other, {}))
    data = real_rows(labelled if recipe == "label_first" else instructions)
    with Store(tmp_path / "other", write=True) as store:
        fill_round(store, other, data, 1, ())
        assert len({call["started"] for call in store.calls()}) > 1
    for wave in replayed(tmp_path / "other"):
        assert fates(wave.found) == fates(wave.stored)


@pytest.mark.parametrize("setting", OTHERS)
def test_where_no_answers_are_asked_for_nothing_is_unknown_whatever_the_filters(
    runs: dict[str, Path], setting: str
) -> None:
    """So the prompts of all waves are those that were asked: they show what was accepted then."""
    waves = replayed(runs["silent"], setting)
    assert sum(wave.unasked for wave in waves) == 0
    assert any(fates(wave.found) != fates(wave.stored) for wave in waves)


@pytest.mark.parametrize("cap", ["1", "2", "null"])
def test_a_replay_shows_the_rows_that_were_not_full_then_whatever_the_cap_is_now(
    tmp_path: Path, cap: str
) -> None:
    few = recorded_config(tmp_path, "label_first", filters={"max_children": 2})
    cfg = override(few, ["generate.max_candidates=60"])  # rounds that cannot be filled end there
    folder = write_recorded(cfg, VERDICTS, data=real_rows(unanswered))
    waves = replayed(folder, f"filters.max_children={cap}")
    assert sum(wave.unasked for wave in waves) == 0
    same = all(fates(wave.found) == fates(wave.stored) for wave in waves)
    assert same == (cap == "2")
    reasons = Counter(item.reason for wave in waves for item in wave.stored.rejected)
    assert reasons["too_many_children"] > 0


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("setting", OTHERS)
def test_no_candidate_disappears_and_no_round_keeps_more_than_it_may(
    runs: dict[str, Path], recipe: str, setting: str
) -> None:
    waves = replayed(runs[recipe], setting)
    accepted = Counter(wave.round for wave in waves for _ in wave.found.accepted)
    assert max(accepted.values()) <= 24
    unasked = Counter(wave.round for wave in waves for _ in range(wave.unasked))
    named = Counter(
        wave.round for wave in waves for item in wave.found.rejected if item.reason == "not_asked"
    )
    assert named == unasked
    assert fit(wave.found for wave in waves) >= len(kept(waves))


def test_rows_are_new_only_beside_what_the_same_filters_kept_before(tmp_path: Path) -> None:
    """An oracle by brute force: all that a stricter threshold keeps is mutually far apart."""
    cfg = recorded_config(tmp_path, "label_first")
    waves = replayed(write_recorded(cfg, ("accept", "accept")), "filters.novelty.threshold=0.4")
    rows = kept(waves)
    strict = override(cfg, ["filters.novelty.threshold=0.4"]).filters
    none = real_rows(lambda _name, _count: ())
    alone = Indexes.build(none.train, (), (), strict)
    assert screen(Drafts(rows), alone, strict).accepted == rows
    stored = tuple(row for wave in waves for row in wave.stored.accepted)
    assert len(rows) < len(stored)


def test_a_run_that_is_being_written_is_read_as_far_as_it_is(tmp_path: Path) -> None:
    cfg = recorded_config(tmp_path, "label_first")
    folder = write_recorded(cfg, ("accept",))
    with Store(folder, write=True) as store:
        data = store.real_data()
        assert data is not None
        pool = store.screened(1).accepted
        short = replace_accept(cfg, 8)
        fill_round(store, short, data, 2, pool)
        waves = replayed(folder)
    assert {wave.round for wave in waves} == {1, 2}
    assert all(fates(wave.found) == fates(wave.stored) for wave in waves if wave.round == 1)


def replace_accept(cfg: Config, accept: int) -> Config:
    return override(cfg, [f"generate.accept={accept}"])


def test_a_change_of_reading_shows(tmp_path: Path) -> None:
    """As if a reader had cut the texts of the version that made them."""
    folder = write_recorded(recorded_config(tmp_path, "label_first"), ("accept",))
    with Store(folder) as store:
        record = read_record(store)
        first = record.waves[1][0]
        cut = replace(first, accepted=first.accepted[:-1])
        other = replace(record, waves={1: [cut, *record.waves[1][1:]]})
        (wave, *_) = replay(other, record.cfg.filters)
    assert fates(wave.found) == fates(first) != fates(wave.stored)
