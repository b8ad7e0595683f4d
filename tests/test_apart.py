import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from selfinstruct.apart import (
    carried,
    date_set,
    set_apart,
    stress_rows,
    to_show,
    too_near,
    without_stress,
)
from selfinstruct.config import ContaminationConfig
from selfinstruct.fork import Settings, fork
from selfinstruct.refilter import read_record, replay
from selfinstruct.rows import from_example
from selfinstruct.stages import making
from selfinstruct.store import Store
from selfinstruct.tuning.arms import frozen
from selfinstruct.types import Example, Message, Prompt, Screened
from tests.exported import DATA, config, made, write_exported
from tests.frozen_run import rows
from tests.golden_ledger import write_ledger
from tests.recorded import fill_round, recorded_config, write_recorded
from tests.workplace import setting

CFG = ContaminationConfig()
LOOSE = ContaminationConfig(ngram=None, rouge_l=None)
LONG = Example(
    "Name it.",
    "my card was charged twice for the yearly plan and nobody answers my mails",
    "Sorry.",
    label="fee",
    origin="synthetic",
)
NEAR = replace(LONG, input=LONG.input.replace("mails", "calls"))
FAR = replace(LONG, input="where can I download the receipt of last month")


def test_rows_set_apart_and_what_is_near_to_them_are_not_trained_on(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(DATA)
        assert too_near(store, [LONG, NEAR, FAR], DATA.train) == []
        set_apart(store, [LONG], CFG)
        assert too_near(store, [LONG, NEAR, FAR], DATA.train) == sorted([LONG.id, NEAR.id])
        assert without_stress(store, [LONG, NEAR, FAR], DATA.train) == (FAR,)


def test_what_is_near_goes_by_the_settings_that_the_run_had(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(DATA)
        set_apart(store, [LONG], LOOSE)
        assert without_stress(store, [LONG, NEAR, FAR], DATA.train) == (NEAR, FAR)


def test_the_set_only_grows(tmp_path: Path) -> None:
    with Store(tmp_path, write=True) as store:
        store.freeze(DATA)
        set_apart(store, [LONG, FAR], CFG)
        set_apart(store, [FAR, NEAR], CFG)
        assert stress_rows(store) == (LONG, FAR, NEAR)


@pytest.mark.usefixtures("one_thread")
def test_a_mixture_made_before_stays_and_a_new_one_is_without_the_set(
    tiny_base: Path, tmp_path: Path
) -> None:
    pool = rows("made", 12, origin="synthetic")
    with Store(tmp_path / "t", write=True) as store:
        here = setting(tiny_base, store, mixture={"synthetic_share": 0.5})
        before = making.mix(here, 1, pool)
        apart = [row for row in before.rows if row.origin == "synthetic"][:4]
        gone = {row.id for row in apart}
        set_apart(store, apart, LOOSE)
        assert making.mix(here, 1, pool) == before
        after = making.mix(here, 2, pool)
        assert not gone & {row.id for row in after.rows}
        assert set(store.stage(2, "mix")["stress"]) == gone
        set_apart(store, pool[:1], CFG)
        assert making.mix(here, 2, pool) == after  # as it was, though more is apart by now


def shown(folder: Path, index: int) -> set[str]:
    """The ids of all rows that prompts of a round were made of."""
    with Store(folder) as store:
        found = store.screened(index)
    rows = (*found.accepted, *(item.what for item in found.rejected))
    return {parent for row in rows for parent in row.parents}


def test_a_later_round_shows_the_teacher_no_row_of_the_set_nor_one_near_to_it(
    tmp_path: Path,
) -> None:
    """What it would show without one is the oracle; a replay draws each round as it was."""
    cfg = recorded_config(tmp_path, "label_first")
    folder = write_recorded(cfg, ("accept", "accept"))
    shutil.copytree(folder, tmp_path / "beside")
    with Store(folder, write=True) as store:
        data = store.real_data()
        assert data is not None
        pool = tuple(row for index in (1, 2) for row in store.screened(index).accepted)
        set_apart(store, pool[::2], cfg.filters.contamination)
        gone = set(too_near(store, pool, data.train))
        fill_round(store, cfg, data, 3, pool)
        store.commit_stage(3, "generate", {}, 1.0)
        waves = replay(read_record(store), cfg.filters)
    with Store(tmp_path / "beside", write=True) as store:
        fill_round(store, cfg, data, 3, pool)
    assert {row.id for row in pool[::2]} <= gone
    assert shown(tmp_path / "beside", 3) & gone
    assert not shown(folder, 3) & gone
    assert shown(folder, 2) & gone  # before it was a stress set
    assert {wave.round for wave in waves} == {1, 2, 3}
    for wave in waves:
        assert (wave.found.accepted, wave.found.rejected) == (
            wave.stored.accepted,
            wave.stored.rejected,
        )
        assert wave.unasked == 0


def test_a_sweep_has_no_row_of_the_set_in_its_pool(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    with Store(run, write=True) as store:
        set_apart(store, made(1)[:2], LOOSE)
        assert not {row.id for row in made(1)[:2]} & {row.id for row in frozen(store)[1]}
        assert len(frozen(store)[1]) == 10


def test_a_fork_keeps_the_set(tmp_path: Path) -> None:
    run = write_exported(tmp_path / "t")
    with Store(run, write=True) as store:
        set_apart(store, made(2), CFG)
    asked = config(tmp_path, mixture={"synthetic_share": 0.2}, name="u")
    fork(run, "u", Settings(asked, {}))
    with Store(tmp_path / "u") as store:
        assert stress_rows(store) == made(2)


@pytest.mark.parametrize(("last", "first"), [(0, 1), (1, 2), (2, 3), (5, 3)])
def test_a_fork_that_asks_for_rounds_anew_shows_the_set_in_none_of_them(
    tmp_path: Path, last: int, first: int
) -> None:
    with Store(write_exported(tmp_path / "t"), write=True) as store:  # two rounds have begun
        set_apart(store, [LONG], LOOSE)
        for key, value in carried(store, last).items():
            store.set_meta(key, value)
        found = [to_show(store, index, DATA.train)([LONG, FAR]) for index in range(7)]
    assert found == [(LONG, FAR)] * first + [(FAR,)] * (7 - first)


# -- sets of earlier versions ------------------------------------------------------------------

OLDER = {
    "rows": [from_example(LONG)],
    "contamination": {"ngram": None, "rouge_l": None, "passage_words": 8},
}
"""A set as they wrote it: from which round on it is shown to nobody was not kept."""


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A ledger of version 4 that has such a set and two rounds, brought up to date."""
    write_ledger(tmp_path / "run.db", 4)
    with Store(tmp_path, write=True) as store:
        store.set_meta("stress", OLDER)
    return tmp_path


def shown_in(store: Store, rounds: int = 5) -> list[int]:
    """The rounds that may show the row of the set."""
    return [index for index in range(rounds) if to_show(store, index, DATA.train)([LONG])]


def test_a_set_of_an_earlier_version_is_read_and_no_round_to_come_shows_it(older: Path) -> None:
    with Store(older) as store:
        assert stress_rows(store) == (LONG,)
        assert without_stress(store, [LONG, FAR], DATA.train) == (FAR,)
        assert shown_in(store) == [0, 1, 2]
        assert carried(store, 1)["stress"]["since"] == [2]
        assert store.meta("stress") == OLDER


@pytest.mark.parametrize("begun", [False, True])
def test_which_rounds_show_it_is_noted_before_the_next_begins(older: Path, begun: bool) -> None:
    """One that an earlier version had begun goes on with what its prompts were made of."""
    with Store(older, write=True) as store:
        if begun:
            store.commit_wave(3, 0, Screened())
        date_set(store)
        store.commit_wave(3 + begun, 0, Screened())
        date_set(store)
        assert shown_in(store, 7) == ([0, 1, 2, 3] if begun else [0, 1, 2])


def test_a_set_of_an_earlier_version_grows(older: Path) -> None:
    """Calls that a fork has of a round it did not keep are no round."""
    prompt = Prompt((Message("user", "ask"),), "few_shot/task", "v1")
    with Store(older, write=True) as store:
        store.begin_attempts(4, 0, "m", [("call-4", prompt, 0)])
        set_apart(store, [FAR], LOOSE)
        assert stress_rows(store) == (LONG, FAR)
        assert store.meta("stress")["since"] == [3, 3]
