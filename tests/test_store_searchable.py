"""What lists and searches go by is held against the rows, each fault named, and made anew."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfinstruct.errors import StoreError
from selfinstruct.store import Store
from selfinstruct.store.searchable import rebuild_search, search_faults
from selfinstruct.types import Example, RealData, Rejection, Screened
from tests.finished import KEPT, write_run
from tests.golden_ledger import write_ledger
from tests.lost_module import lose_the_module

HIDDEN = "rows that no list shows"
STRANGE = "lists show rows that are not there"
TWICE = "lists show rows twice"
CHANGED = "lists show rows as they are not"
WORDS = "rows that are not found by their words, or by others"
DAMAGED = "the index of words is damaged"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_run(tmp_path / "t")
    return tmp_path / "t"


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as db:
        assert db.execute(statement).rowcount > 0


def faults(folder: Path) -> dict[str, tuple[str, ...]]:
    return {fault.what: fault.ids for fault in search_faults(folder)}


def test_a_run_that_this_program_wrote_has_no_faults_and_is_left_as_it_is(run: Path) -> None:
    before = (run / "run.db").read_bytes()
    assert faults(run) == {}
    assert (run / "run.db").read_bytes() == before


AT = f"id = '{KEPT.id}'"
COPIED = "INSERT INTO facts (round, wave, position, id, words)"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"DELETE FROM facts WHERE {AT}", {HIDDEN}),
        ("DELETE FROM facts WHERE split = 'gate' AND position = 3", {HIDDEN}),
        (f"{COPIED} VALUES (9, 0, 0, 'none', 1)", {STRANGE}),
        (
            f"{COPIED} SELECT round, wave, position, id, words FROM facts WHERE {AT}",
            {TWICE, CHANGED},
        ),
        *(
            (f"UPDATE facts SET {column} = {value} WHERE {AT}", {CHANGED})
            for column, value in {
                "id": "'x'",
                "reason": "'echo'",
                "value": "0.5",
                "attempt": "NULL",
                "prompt": "'p@1'",
                "label": "'fee'",
                "depth": "7",
                "words": "0",
            }.items()
        ),
        (f"UPDATE facts SET position = 77 WHERE {AT}", {HIDDEN, STRANGE}),
        ("INSERT INTO texts (texts) VALUES ('delete-all')", {WORDS}),
        (f"INSERT INTO texts (rowid, text) SELECT doc, 'more' FROM facts WHERE {AT}", {WORDS}),
        ("INSERT INTO texts (rowid, text) VALUES (777, 'ghost')", {WORDS}),
        ("UPDATE texts_data SET block = x'ff00ff00' WHERE id > 10", {DAMAGED}),
    ],
)
def test_each_fault_is_named_and_made_anew(run: Path, statement: str, found: set[str]) -> None:
    change(run, statement)
    told = faults(run)
    assert {*told} == found
    assert all(told.values())
    with Store(run) as store:
        rows = [*store.wave(1, 0).accepted]  # type: ignore[union-attr]
    assert rebuild_search(run) == 47
    assert faults(run) == {}
    with Store(run) as store:
        assert [*store.wave(1, 0).accepted] == rows  # type: ignore[union-attr]
        assert KEPT.id in {row["id"] for row in store.examples("fate=accepted", "charged").rows}


def test_the_rows_are_named(run: Path) -> None:
    change(run, f"UPDATE facts SET label = 'fee' WHERE {AT}")
    assert faults(run) == {CHANGED: (KEPT.id,)}
    rebuild_search(run)
    change(run, "INSERT INTO texts (rowid, text) VALUES (777, 'ghost')")
    assert faults(run) == {WORDS: ("row 777 of none",)}


def test_a_ledger_of_an_older_version_is_brought_up_to_date_on_the_way(tmp_path: Path) -> None:
    write_ledger(tmp_path / "run.db", 1)
    with pytest.raises(StoreError, match="--rebuild-search"):
        list(search_faults(tmp_path))
    assert rebuild_search(tmp_path) > 0
    assert faults(tmp_path) == {}
    assert (tmp_path / "run.db.v1.bak").exists()


def test_a_run_that_is_written_to_is_not_made_anew(run: Path) -> None:
    with Store(run, write=True), pytest.raises(StoreError, match="in use"):
        rebuild_search(run)


def test_without_full_text_search_short_rows_are_looked_at_and_the_lack_is_told(run: Path) -> None:
    change(run, f"DELETE FROM facts WHERE {AT}")
    lose_the_module(run)
    assert {*faults(run)} == {HIDDEN}
    with pytest.raises(StoreError, match="has no FTS0"):
        rebuild_search(run)


TEXTS = st.text(st.sampled_from("ab \n\t\0\ud83d\u202eé返\U0001f389"), max_size=8)
ROWS = st.lists(
    st.tuples(TEXTS, TEXTS, st.sampled_from([None, "fee", "\ud83d"]), st.booleans()), max_size=5
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(real=ROWS, waves=st.lists(ROWS, max_size=3), dropped=st.integers(0, 4))
def test_what_triggers_keep_is_what_a_new_index_has(
    tmp_path_factory: pytest.TempPathFactory,
    real: list[tuple[str, str, str | None, bool]],
    waves: list[list[tuple[str, str, str | None, bool]]],
    dropped: int,
) -> None:
    folder = tmp_path_factory.mktemp("t")

    def row(words: str, reply: str, label: str | None, at: int) -> Example:
        return Example(words, f"{at}", reply, label=label, parents=("p", words))

    with Store(folder, write=True) as store:
        rows = tuple(row(*each[:3], at) for at, each in enumerate(real))
        store.freeze(RealData(rows, (), rows[:1], ()))
        for number, wave in enumerate(waves):
            made = [(row(*each[:3], at), each[3]) for at, each in enumerate(wave)]
            store.commit_wave(
                1,
                number,
                Screened(
                    tuple(each for each, kept in made if kept),
                    tuple(Rejection(each, "echo", 0.5) for each, kept in made if not kept),
                ),
            )
        with store.transaction("meta") as db:
            db.execute("DELETE FROM candidates WHERE wave = 0 AND position < ?", (dropped,))
    assert faults(folder) == {}
    rebuild_search(folder)
    assert faults(folder) == {}
